//! `detect-aws-credentials`: the AWS credentials of this machine in a file. It reads nothing of the machine itself: whoever
//! runs it brings the credentials along.

use std::collections::BTreeSet;

use memchr::memmem;

use crate::check::hygiene::{at, limited};
use crate::check::{About, Active, Examined, FileCheck, FileInput, filetype};
use crate::model::change::FileSide;
use crate::model::finding::{Anchor, Finding};
use crate::model::option::{Credentials, OptionKind, OptionSpec, Options};
use crate::model::outcome::Breakage;
use crate::model::place::{Place, Span};
use crate::model::rule::{Family, Level};

/// The check.
pub(crate) struct DetectAwsCredentials;

/// The id of the check.
pub(crate) const ID: &str = "detect-aws-credentials";
/// The option that names further files with the machine's credentials.
pub(crate) const FILES: &str = "credentials-file";
/// The files that are always looked into, as in a shell.
pub(crate) const DEFAULT_FILES: [&str; 4] = ["~/.aws/config", "~/.aws/credentials", "/etc/boto.cfg", "~/.boto"];
/// The variables that name such files, too.
pub(crate) const FILE_VARIABLES: [&str; 4] =
    ["AWS_CONFIG_FILE", "AWS_CREDENTIAL_FILE", "AWS_SHARED_CREDENTIALS_FILE", "BOTO_CONFIG"];
/// The variables that hold a credential.
pub(crate) const VARIABLES: [&str; 3] = ["AWS_SECRET_ACCESS_KEY", "AWS_SECURITY_TOKEN", "AWS_SESSION_TOKEN"];

/// The keys under which files have the same.
const KEYS: [&str; 3] = ["aws_secret_access_key", "aws_security_token", "aws_session_token"];
/// The option that lets a machine without credentials pass.
const ALLOW_MISSING: &str = "allow-missing-credentials";

static ABOUT: About = About {
    id: ID,
    family: Family::Hygiene,
    level: Level::Error,
    active: Active::WhenNamed,
    summary: "An AWS credential of this machine.",
    doc: DOC,
    options: &[
        OptionSpec {
            name: FILES,
            kind: OptionKind::List,
            help: "Further files with credentials, beside ~/.aws/config, ~/.aws/credentials, /etc/boto.cfg and ~/.boto.",
        },
        OptionSpec {
            name: ALLOW_MISSING,
            kind: OptionKind::Flag,
            help: "Pass on a machine that has no AWS credentials.",
        },
    ],
};

const DOC: &str = "\
## What it finds
A secret access key or session token that AWS's own programs would use on this machine, anywhere in a file: those in \
`~/.aws/config`, `~/.aws/credentials`, `/etc/boto.cfg` and `~/.boto`, in the files that `AWS_CONFIG_FILE`, \
`AWS_CREDENTIAL_FILE`, `AWS_SHARED_CREDENTIALS_FILE` and `BOTO_CONFIG` name, and in the variables \
`AWS_SECRET_ACCESS_KEY`, `AWS_SECURITY_TOKEN` and `AWS_SESSION_TOKEN`. They are read only if the check runs, are shown and \
kept nowhere, and what was found with them is not remembered. It is off until it is named, because it finds something else \
on each machine; `secrets` finds keys by their form on every one.

## Why it matters
Whoever can read the repository can act in the name of the key's owner.

## Example
A file with the value that `aws_secret_access_key` has in `~/.aws/credentials`.

## Fix
Take the key out of the change and let the program read it from where it is. If the commit was pushed, replace the key.

## Options
- `credentials-file` (list): further files with credentials, beside those above.
- `allow-missing-credentials`: pass on a machine that has none; without it the check is broken there.
";

impl FileCheck for DetectAwsCredentials {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn is_sensitive(&self) -> bool {
        true
    }

    fn asks_for_credentials(&self) -> bool {
        true
    }

    fn wants(&self, side: &FileSide) -> bool {
        side.mode.is_regular() && filetype::kind(&side.path) != Some(filetype::Kind::Binary)
    }

    fn check(&self, file: &FileInput<'_>, options: &Options) -> Result<Examined, Breakage> {
        let place = |secret: &Vec<u8>| {
            let start = memmem::find(file.bytes, secret)?;
            Some(Span { start, end: start + secret.len() })
        };
        let mut found: Vec<Span> = options.credentials().iter().filter_map(place).collect();
        found.sort_unstable();
        Ok(limited(found, |span| {
            at(&ABOUT, file, span, "an AWS credential of this machine")
                .with_hint("take it out of the change; if it was pushed before, replace it: it is known")
                .with_anchor(Anchor::of_file(b""))
        }))
    }

    fn line(&self, file: &FileInput<'_>, finding: &Finding, _options: &Options) -> String {
        const N_SHOWN: usize = 4;
        let Place::Span(path, span) = &finding.place else { return String::new() };
        let start = file.bytes.get(span.start..span.end.min(span.start + N_SHOWN)).unwrap_or_default();
        format!("AWS secret found in {path}: {:*<28}", String::from_utf8_lossy(start))
    }
}

/// Why the check can't run with these credentials, if it can't.
pub(crate) fn why_missing(credentials: &Credentials, options: &Options) -> Option<Breakage> {
    let is_missing = credentials.0.is_empty() && !options.flag(ALLOW_MISSING);
    is_missing.then(|| Breakage {
        why: "no AWS keys were found in the credential files and variables of this machine".to_owned(),
        hint: format!(
            "name the files with `{FILES}`, or let a machine without credentials pass with `{ALLOW_MISSING}`"
        ),
        log: String::new(),
    })
}

/// The credentials in the text of a file like `~/.aws/credentials`: sections of `key = value`. A file that has a key outside
/// of a section has none.
pub(crate) fn credentials_in(text: &str) -> BTreeSet<Vec<u8>> {
    let mut found = BTreeSet::new();
    let mut is_in_section = false;
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with(['#', ';'])) {
        if line.starts_with('[') {
            is_in_section = true;
        } else if !is_in_section {
            return BTreeSet::new();
        } else if let Some((key, value)) = line.split_once(['=', ':']) {
            let is_one = KEYS.iter().any(|known| key.trim().eq_ignore_ascii_case(known));
            found.extend(Some(value.trim().as_bytes().to_vec()).filter(|value| is_one && !value.is_empty()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{DetectAwsCredentials, credentials_in, why_missing};
    use crate::check::hygiene::examples::{Case, flagged, messages, places};
    use crate::model::option::{Credentials, Options};

    /// Made up, and split where a search for it would find it.
    fn key() -> String {
        ["z2rpgs5uit782eapz5l1", "z0y2lurtsyyk6hcfozlb"].concat()
    }

    fn known(credentials: &[&str]) -> Options {
        let mut options = Options::default();
        options.set_credentials(Credentials(credentials.iter().map(|text| text.as_bytes().to_vec()).collect()));
        options
    }

    #[test]
    fn what_the_machine_knows_is_found_and_not_shown() {
        let text = format!("a = 1\nkey = \"{}\"\n", key());
        let case = Case { options: known(&["other-key", &key()]), ..Case::new("a.py", text.as_bytes()) };
        let findings = case.findings(&DetectAwsCredentials);
        assert_eq!(places(&findings), [(13, 53)]);
        assert_eq!(messages(&findings), ["an AWS credential of this machine"]);
        assert!(!format!("{findings:?} {:?}", case.options).contains(&key()));
        assert_eq!(Case::new("a.py", text.as_bytes()).findings(&DetectAwsCredentials), []);
    }

    #[test]
    fn a_machine_without_credentials_is_told_unless_that_is_fine() {
        let none = Credentials::default();
        assert!(why_missing(&none, &Options::default()).is_some());
        assert!(why_missing(&none, &flagged("allow-missing-credentials")).is_none());
        assert!(why_missing(&Credentials(vec![b"x".to_vec()]), &Options::default()).is_none());
    }

    #[test]
    fn files_are_read_as_programs_of_aws_read_them() {
        let check = |text: &str, expected: &[&str]| {
            let found = credentials_in(text);
            let found: Vec<&str> = found.iter().map(|value| str::from_utf8(value).unwrap()).collect();
            assert_eq!(found, expected, "{text}");
        };
        check("[default]\naws_access_key_id = id\naws_secret_access_key = key\n", &["key"]);
        check("# me\n\n[a]\nAWS_SESSION_TOKEN=b=c\n[profile b]\naws_security_token: d\n", &["b=c", "d"]);
        check("[a]\naws_secret_access_key =\n;aws_session_token = x\n", &[]);
        check("aws_secret_access_key = key\n[a]\naws_session_token = x\n", &[]);
        check("", &[]);
    }
}
