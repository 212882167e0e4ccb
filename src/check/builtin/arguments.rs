//! The arguments of `tollgate builtin ID`: the options of the check and the files, as argparse would take them apart.

use std::ffi::{OsStr, OsString};

use crate::check::About;
use crate::check::builtin::Builtin;
use crate::model::option::{OptionKind, OptionSpec, OptionValue, Options};

/// What the arguments say.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Parsed {
    /// To print this text.
    Help(String),
    /// To run the check.
    Run {
        /// Its options.
        options: Options,
        /// The files, as they were given.
        files: Vec<OsString>,
    },
}

/// Why the arguments cannot be used, for people.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct UsageError(String);

/// Other names of options: check, short or long name, option.
const ALIASES: [(&str, &str, &str); 5] = [
    ("check-yaml", "-m", "allow-multiple-documents"),
    ("check-yaml", "--multi", "allow-multiple-documents"),
    ("mixed-line-ending", "-f", "fix"),
    ("no-commit-to-branch", "-b", "branch"),
    ("no-commit-to-branch", "-p", "pattern"),
];

/// Takes the arguments after the id apart. Options and files may be mixed, long names may be abbreviated, values follow
/// after a blank or `=`, and after `--` everything is a file.
pub(crate) fn parse(builtin: &Builtin<'_>, arguments: &[OsString]) -> Result<Parsed, UsageError> {
    let about = builtin.about();
    let mut options = Options::default();
    let mut files = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.to_str() {
            Some("--") => {
                files.extend(rest.by_ref().cloned());
            }
            Some("-h" | "--help") => return Ok(Parsed::Help(help(about))),
            Some(text) if text.len() > 1 && text.starts_with('-') => {
                let (spec, value) = option(about, text)?;
                let value = match (spec.kind, value) {
                    (OptionKind::Flag, None) => String::new(),
                    (OptionKind::Flag, Some(_)) => return Err(wrong(spec, "takes no value")),
                    (_, Some(value)) => value,
                    (_, None) => following(spec, rest.next().map(OsString::as_os_str))?,
                };
                let value = typed(spec, value, &options)?;
                options.set(spec.name, value);
            }
            _ => files.push(argument.clone()),
        }
    }
    if let Builtin::File(check) = builtin {
        check.validate(&options).map_err(UsageError)?;
    }
    Ok(Parsed::Run { options, files })
}

/// The option that `text` names, and the value that stands in the same argument.
fn option(about: &About, text: &str) -> Result<(&'static OptionSpec, Option<String>), UsageError> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None if text.starts_with("--") => (text, None),
        None => {
            let (short, value) = text.split_at(1 + text.chars().nth(1).map_or(0, char::len_utf8));
            (short, (!value.is_empty()).then(|| value.to_owned()))
        }
    };
    let own = about.options.iter().map(|spec| (format!("--{}", spec.name), spec));
    let aliases = ALIASES.iter().filter(|(id, ..)| *id == about.id).filter_map(|(_, alias, name)| {
        about.options.iter().find(|spec| spec.name == *name).map(|spec| ((*alias).to_owned(), spec))
    });
    let known: Vec<(String, &'static OptionSpec)> = own.chain(aliases).collect();
    if let Some((_, spec)) = known.iter().find(|(exact, _)| exact == name) {
        return Ok((spec, value));
    }
    let mut abbreviated = known.iter().filter(|(long, _)| name.len() > 2 && long.starts_with(name));
    match (abbreviated.next(), abbreviated.next()) {
        (Some((_, spec)), None) => Ok((spec, value)),
        (Some((one, _)), Some((other, _))) => Err(UsageError(format!("{name} could be {one} or {other}"))),
        (None, _) => Err(UsageError(format!("{} has no option {name}", about.id))),
    }
}

fn following(spec: &OptionSpec, argument: Option<&OsStr>) -> Result<String, UsageError> {
    let argument = argument.ok_or_else(|| wrong(spec, "needs a value"))?;
    Ok(argument.to_str().ok_or_else(|| wrong(spec, "needs a value in UTF-8"))?.to_owned())
}

fn typed(spec: &OptionSpec, value: String, options: &Options) -> Result<OptionValue, UsageError> {
    Ok(match spec.kind {
        OptionKind::Flag => OptionValue::Flag(true),
        OptionKind::Number => OptionValue::Number(
            value.parse().map_err(|_| wrong(spec, &format!("needs a whole number, not '{value}'")))?,
        ),
        OptionKind::Choice(choices) if !choices.contains(&value.as_str()) => {
            return Err(wrong(spec, &format!("is one of {}, not '{value}'", choices.join(", "))));
        }
        OptionKind::Choice(_) | OptionKind::Text => OptionValue::Text(value),
        OptionKind::List => {
            let before = options.list(spec.name).unwrap_or_default();
            OptionValue::List(before.iter().cloned().chain([value]).collect())
        }
    })
}

fn wrong(spec: &OptionSpec, what: &str) -> UsageError {
    UsageError(format!("--{} {what}", spec.name))
}

/// The text of `--help`.
fn help(about: &About) -> String {
    let mut text =
        format!("usage: tollgate builtin {} [OPTIONS] [FILES]...\n\n{}\n\nOptions:\n", about.id, about.summary);
    for spec in about.options {
        let short = ALIASES.iter().find(|(id, alias, name)| *id == about.id && *name == spec.name && alias.len() == 2);
        let short = short.map_or(String::new(), |(_, alias, _)| format!("{alias}, "));
        let value = match spec.kind {
            OptionKind::Flag => String::new(),
            OptionKind::Number => " N".to_owned(),
            OptionKind::Text => " TEXT".to_owned(),
            OptionKind::List => " TEXT (repeatable)".to_owned(),
            OptionKind::Choice(choices) => format!(" {}", choices.join("|")),
        };
        text.push_str(&format!("  {short}--{}{value}\n      {}\n", spec.name, spec.help));
    }
    text.push_str("  -h, --help\n      Print this text.\n");
    text
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::{Parsed, parse};
    use crate::check::builtin::find;
    use crate::model::option::OptionValue;

    fn parsed(arguments: &str) -> Result<Parsed, String> {
        let mut words = arguments.split(' ');
        let builtin = find(words.next().expect("an id")).expect("a known id");
        let rest: Vec<OsString> = words.map(Into::into).collect();
        parse(&builtin, &rest).map_err(|error| error.to_string())
    }

    #[track_caller]
    fn check(arguments: &str, expected: &[(&str, OptionValue)], files: &[&str]) {
        let Ok(Parsed::Run { options, files: found }) = parsed(arguments) else { panic!("{arguments} do not parse") };
        let options: Vec<(String, OptionValue)> =
            options.iter().map(|(name, value)| (name.into(), value.clone())).collect();
        let expected: Vec<(String, OptionValue)> =
            expected.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        assert_eq!(options, expected, "{arguments}");
        assert_eq!(found, files, "{arguments}");
    }

    #[track_caller]
    fn refuse(arguments: &str, message: &str) {
        assert_eq!(parsed(arguments), Err(message.to_owned()));
    }

    #[test]
    fn options_are_taken_in_every_form() {
        let number = |n| [("maxkb", OptionValue::Number(n))];
        check("check-added-large-files --maxkb 3 a", &number(3), &["a"]);
        check("check-added-large-files a --maxkb=3 b", &number(3), &["a", "b"]);
        check("check-added-large-files --max 3 -- --maxkb", &number(3), &["--maxkb"]);
        check("check-added-large-files --maxkb=1 --maxkb=2", &number(2), &[]);
        let many = [("allow-multiple-documents", OptionValue::Flag(true))];
        check("check-yaml -m a", &many, &["a"]);
        check("check-yaml --multi a", &many, &["a"]);
        check("check-yaml --allow-multiple-documents a -", &many, &["a", "-"]);
        let fix = [("fix", OptionValue::Text("lf".into()))];
        check("mixed-line-ending -flf a", &fix, &["a"]);
        check("mixed-line-ending -f lf a", &fix, &["a"]);
        let list = [("markdown-linebreak-ext", OptionValue::List(vec!["md".into(), "a,b".into()]))];
        check("trailing-whitespace --markdown-linebreak-ext=md --markdown-linebreak-ext a,b", &list, &[]);
    }

    #[test]
    fn wrong_arguments_are_refused() {
        refuse("check-added-large-files --maxkb x", "--maxkb needs a whole number, not 'x'");
        refuse("check-added-large-files --maxkb", "--maxkb needs a value");
        refuse("check-json --strict", "check-json has no option --strict");
        refuse("check-json -x", "check-json has no option -x");
        refuse("check-yaml --unsafe=1", "--unsafe takes no value");
        refuse("mixed-line-ending --fix=x", "--fix is one of auto, no, crlf, lf, cr, not 'x'");
        let message = "--markdown-linebreak-ext requires a non-empty argument";
        refuse("trailing-whitespace --markdown-linebreak-ext=", message);
        assert!(parsed("trailing-whitespace --markdown-linebreak-ext a.md").is_err());
        assert!(parsed("trailing-whitespace --markdown-linebreak-ext=*").is_ok());
    }

    #[test]
    fn help_names_every_option() {
        let Ok(Parsed::Help(text)) = parsed("mixed-line-ending a --help") else { panic!("no help") };
        assert!(text.starts_with("usage: tollgate builtin mixed-line-ending [OPTIONS] [FILES]...\n"));
        assert!(text.contains("  -f, --fix auto|no|crlf|lf|cr\n"), "{text}");
    }
}
