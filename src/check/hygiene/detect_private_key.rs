//! `detect-private-key`: private keys by the line that introduces them. Nothing of the key itself is ever shown.

use memchr::memmem;

use crate::check::hygiene::{at, limited};
use crate::check::{About, Active, Examined, FileCheck, FileInput, filetype};
use crate::model::change::FileSide;
use crate::model::finding::{Anchor, Finding};
use crate::model::option::Options;
use crate::model::outcome::Breakage;
use crate::model::place::Span;
use crate::model::rule::{Family, Level};

/// The check.
pub(crate) struct DetectPrivateKey;

static ABOUT: About = About {
    id: "detect-private-key",
    family: Family::Hygiene,
    level: Level::Error,
    active: Active::ByDefault,
    summary: "A private key.",
    doc: DOC,
    options: &[],
};

const DOC: &str = "\
## What it finds
The line that introduces a private key: RSA, DSA, EC, PKCS #8 (also encrypted), OpenSSH, SSH2, PGP, PuTTY, and the \
static key of OpenVPN. Binary files are left out.

## Why it matters
Whoever can read the repository, now or after a leak, can act in the name of the key's owner. Deleting the file later \
does not help: the key stays in the history.

## Example
A file `id_rsa` that starts with five dashes, `BEGIN OPENSSH PRIVATE` and `KEY`.

## Fix
Take the key out of the change and keep it where secrets belong. If the commit was pushed, replace the key: it is known.

## Options
None.
";

/// How every marker but PuTTY's starts.
const BEGIN: &[u8] = b"BEGIN ";

/// What follows [`BEGIN`], split where a search for the whole marker in this source would find it.
const HEADERS: [(&str, &str); 9] = [
    ("RSA", " PRIVATE KEY"),
    ("DSA", " PRIVATE KEY"),
    ("EC", " PRIVATE KEY"),
    ("OPENSSH", " PRIVATE KEY"),
    ("PRIVATE", " KEY"),
    ("SSH2 ENCRYPTED", " PRIVATE KEY"),
    ("PGP", " PRIVATE KEY BLOCK"),
    ("ENCRYPTED", " PRIVATE KEY"),
    ("OpenVPN", " Static key V1"),
];

/// PuTTY's marker, split as well.
const PUTTY: (&str, &str) = ("PuTTY-User", "-Key-File-2");

impl FileCheck for DetectPrivateKey {
    fn is_sensitive(&self) -> bool {
        true
    }

    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, side: &FileSide) -> bool {
        side.mode.is_regular() && filetype::kind(&side.path) != Some(filetype::Kind::Binary)
    }

    fn check(&self, file: &FileInput<'_>, _options: &Options) -> Result<Examined, Breakage> {
        if !file.is_text {
            return Ok(Examined::default());
        }
        let mut spans = headers(file.bytes);
        spans.sort_unstable();
        Ok(limited(spans, |span| {
            at(&ABOUT, file, span, "private key")
                .with_hint("take it out of the change; if it was pushed before, replace it: it is known")
                .with_anchor(Anchor::new("", file.bytes.get(span.start..span.end).unwrap_or_default()))
        }))
    }

    fn line(&self, file: &FileInput<'_>, _finding: &Finding, _options: &Options) -> String {
        format!("Private key found: {}", file.side.path)
    }
}

/// Where the markers are.
fn headers(bytes: &[u8]) -> Vec<Span> {
    let begun = memmem::find_iter(bytes, BEGIN).filter_map(|start| {
        let rest = bytes.get(start + BEGIN.len()..)?;
        let (name, tail) = HEADERS.iter().find(|(name, tail)| {
            rest.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.starts_with(tail.as_bytes()))
        })?;
        Some(Span { start, end: start + BEGIN.len() + name.len() + tail.len() })
    });
    let putty = memmem::find_iter(bytes, PUTTY.0.as_bytes()).filter_map(|start| {
        let end = start + PUTTY.0.len();
        bytes.get(end..)?.starts_with(PUTTY.1.as_bytes()).then_some(Span { start, end: end + PUTTY.1.len() })
    });
    begun.chain(putty).collect()
}

#[cfg(test)]
mod tests {
    use super::{DetectPrivateKey, HEADERS};
    use crate::check::hygiene::examples::{Case, messages};

    #[track_caller]
    fn check(content: &str, n_found: usize) {
        assert_eq!(Case::new("key", content.as_bytes()).findings(&DetectPrivateKey).len(), n_found, "{content}");
    }

    #[test]
    fn every_header_is_known() {
        for (name, tail) in HEADERS {
            check(&format!("-----BEGIN {name}{tail}-----\nMIIE\n"), 1);
        }
        check(&["PuTTY-User-Key-", "File-2: ssh-rsa\n"].concat(), 1);
    }

    #[test]
    fn other_pem_blocks_are_fine() {
        check("-----BEGIN PUBLIC KEY-----\n-----BEGIN CERTIFICATE-----\n", 0);
        check("-----BEGIN PGP PUBLIC KEY BLOCK-----\n-----END PRIVATE KEY-----\n", 0);
        check("BEGIN", 0);
    }

    #[test]
    fn nothing_of_the_key_is_shown() {
        let key = ["-----BEGIN RSA PRIVATE", " KEY-----\nSECRETSECRET\n"].concat();
        let findings = Case::new("key", key.as_bytes()).findings(&DetectPrivateKey);
        assert_eq!(messages(&findings), ["private key"]);
        assert!(!format!("{findings:?}").contains("SECRET"));
    }
}
