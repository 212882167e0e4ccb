//! `tollgate rules new`: a rule file to start from.

use std::path::PathBuf;

use clap::Args;

use crate::app::failure::Failure;
use crate::app::vocabulary::built_in_checks;
use crate::check::pattern::pack::entries;
use crate::cli::Context;
use crate::config::nearest::nearest;
use crate::syntax::languages::Language;
use crate::tree::file::create;

/// Write a rule file to start from; `tollgate rules test` refuses it until it is filled in.
#[derive(Args)]
pub(super) struct NewArgs {
    /// The id of the rule: small letters, digits and hyphens, named after the fault (`hardcoded-port`).
    #[arg(value_name = "ID")]
    id: String,
    /// The language of the files that it is for.
    #[arg(long, short, value_name = "LANGUAGE")]
    language: String,
    /// The folder to write it to, as `ID.yml`.
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    folder: PathBuf,
}

pub(super) fn run(args: &NewArgs, context: &Context) -> Result<u8, Failure> {
    let id = &args.id;
    let is_fit = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if id.is_empty() || !id.bytes().all(is_fit) || id.starts_with('-') {
        let hint = "an id has small letters, digits and hyphens, like `hardcoded-port`";
        return Err(Failure::usage(anyhow::anyhow!("`{id}` is no id of a rule")).with_hint(hint));
    }
    let is_taken = entries().iter().any(|entry| entry.id == id) || built_in_checks().iter().any(|about| about.id == id);
    if is_taken {
        return Err(Failure::usage(anyhow::anyhow!("there is a built-in rule or check `{id}`")));
    }
    let language = Language::from_name(&args.language).ok_or_else(|| unknown(&args.language))?;
    let file = args.folder.join(format!("{id}.yml"));
    create(&context.environment.folder.join(&file), template(id, language).as_bytes()).map_err(Failure::usage)?;
    let file = file.display();
    context.streams.say(&format!(
        "wrote {file}: fill it in, try it with `tollgate rules test {file}`, and name it in `paths` of [rules]"
    ));
    Ok(0)
}

fn unknown(name: &str) -> Failure {
    let known: Vec<&str> = Language::all().map(Language::name).collect();
    let hint = match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known are {}", known.join(", ")),
    };
    Failure::usage(anyhow::anyhow!("there is no language `{name}`")).with_hint(hint)
}

fn template(id: &str, language: Language) -> String {
    format!(
        "id: {id}\n\
         language: {}\n\
         severity: warning            # error, warning, info\n\
         message: \"\"                  # what is wrong; $NAME stands for what the pattern found\n\
         note: |                      # why it matters\n\
         rule:                        # ast-grep's rule language; name what is imported in full (hashlib.md5)\n  \
           pattern: replace_me($ARGUMENT)\n\
         # fix: with_this($ARGUMENT)\n\
         metadata:\n  \
           summary: \"\"                # what it finds, in one sentence\n  \
           hint: \"\"                   # how to mend it\n  \
           category: correctness      # security, correctness, maintainability, performance, portability, style\n  \
           precision: medium          # very-high, high, medium, low\n  \
           tests:\n    \
             fail: []                 # code that it must find; with a fix: {{code: ..., fixed: ...}}\n    \
             pass: []                 # code that it must not find\n",
        language.name()
    )
}
