//! `detect-private-key`: private keys by the line that introduces them and by what follows it. Nothing of the key itself
//! is ever shown.

use memchr::memmem;
use sha2::{Digest, Sha256};

use crate::check::hygiene::{at, limited};
use crate::check::{About, Active, Examined, FileCheck, FileInput, Manner, filetype};
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
static key of OpenVPN. At least 20 characters of a key must follow within a few lines, also in one string of a \
source or JSON file; a placeholder and the bare line in a text are fine. Binary files are left out.

## Why it matters
Whoever can read the repository, now or after a leak, can act in the name of the key's owner. Deleting the file later \
does not help: the key stays in the history.

## Example
A file `id_rsa` that starts with five dashes, `BEGIN OPENSSH PRIVATE` and `KEY`, with lines of base64 below.

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
        let behind = spans.iter().skip(1).map(|next| next.start).chain([file.bytes.len()]);
        let keys = spans.iter().zip(behind).map(|(span, end)| (*span, material(behind_header(file.bytes, *span, end))));
        let is_finding = |(_, key): &(Span, Vec<&[u8]>)| file.manner != Manner::Gate || !key.is_empty();
        Ok(limited(keys.filter(is_finding), |(span, key)| {
            at(&ABOUT, file, span, "private key")
                .with_hint("take it out of the change; if it was pushed before, replace it: it is known")
                .with_anchor(Anchor::new("", digest(&key).as_bytes()))
        }))
    }

    fn line(&self, file: &FileInput<'_>, _finding: &Finding, _options: &Options) -> String {
        format!("Private key found: {}", file.side.path)
    }
}

/// Whether part of a key follows the marker at `header`.
pub(crate) fn has_key(bytes: &[u8], header: Span) -> bool {
    !material(behind_header(bytes, header, bytes.len())).is_empty()
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

/// What stands between a header and `end`, or the next line of dashes with a word; not more than any key has.
fn behind_header(bytes: &[u8], header: Span, end: usize) -> &[u8] {
    const MAX_KEY: usize = 64 * 1024;
    let rest = bytes.get(header.end..end.min(header.end.saturating_add(MAX_KEY))).unwrap_or_default();
    let next = [&b"-----END"[..], b"-----BEGIN"].into_iter().filter_map(|marker| memmem::find(rest, marker)).min();
    rest.get(..next.unwrap_or(rest.len())).unwrap_or_default()
}

/// The words of a key that stand together in a text behind a header; none if no key begins within a few lines.
fn material(text: &[u8]) -> Vec<&[u8]> {
    const MAX_LINES_BEFORE: usize = 8;
    let mut key = Vec::new();
    for (n_before, line) in lines(text).enumerate() {
        let n_words = key.len();
        key.extend(material_of_line(line));
        let is_over = key.len() == n_words && n_words > 0;
        if is_over || (key.is_empty() && n_before >= MAX_LINES_BEFORE) {
            break;
        }
    }
    key
}

/// The lines of a text, also where their ends are written as `\n` in a string.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let here = rest?;
        let end = memchr::memchr2_iter(b'\n', b'\\', here).find_map(|at| match (here.get(at), here.get(at + 1)) {
            (Some(b'\n'), _) => Some((at, at + 1)),
            (_, Some(b'n' | b'r')) => Some((at, at + 2)),
            _ => None,
        });
        rest = end.and_then(|(_, next)| here.get(next..));
        Some(end.and_then(|(end, _)| here.get(..end)).unwrap_or(here))
    })
}

/// The words of a line that may be part of a key. Beside other words they must look more like it, lest a path or a name
/// be taken for a key.
fn material_of_line(line: &[u8]) -> Vec<&[u8]> {
    let is_gap = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'`');
    let words: Vec<&[u8]> = line.split(is_gap).map(trimmed).filter(|word| !word.is_empty()).collect();
    let n_kinds = if words.len() == 1 { 2 } else { 3 };
    words.into_iter().filter(|word| is_material(word, n_kinds)).collect()
}

/// A word without signs around it.
fn trimmed(word: &[u8]) -> &[u8] {
    let start = word.iter().position(u8::is_ascii_alphanumeric).unwrap_or(word.len());
    let end = word.iter().rposition(u8::is_ascii_alphanumeric).map_or(start, |last| last + 1);
    word.get(start..end).unwrap_or_default()
}

/// Whether a word is base64 or hexadecimal of some length, with `n_kinds` of small letters, capitals, and digits.
fn is_material(word: &[u8], n_kinds: usize) -> bool {
    const MIN: usize = 20;
    let kinds = [u8::is_ascii_lowercase, u8::is_ascii_uppercase, u8::is_ascii_digit];
    word.len() >= MIN
        && word.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
        && kinds.iter().filter(|is_kind| word.iter().any(is_kind)).count() >= n_kinds
}

/// What identifies a key and does not show it, however its lines are indented and ended.
fn digest(key: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    key.iter().for_each(|word| hasher.update(word));
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{DetectPrivateKey, HEADERS};
    use crate::check::Manner;
    use crate::check::hygiene::examples::{Case, messages, places};

    /// A line of a key, made up.
    const LINE: &str = "MIIEpAIBAAKCAQEA7bq6Vt3mJ0xkS1u9cD2eF4gH5iK8lM6nO+pQ/rRsTtUuVv0w";

    #[track_caller]
    fn check(content: &str, n_found: usize) {
        assert_eq!(Case::new("key", content.as_bytes()).findings(&DetectPrivateKey).len(), n_found, "{content}");
    }

    /// `BEGIN`, `END` and `LINE` stand for the lines of an RSA key in `content`.
    fn written_out(content: &str) -> String {
        let marker = |word: &str| format!("-----{word} RSA PRIVATE{}", " KEY-----");
        content.replace("BEGIN", &marker("BEGIN")).replace("END", &marker("END")).replace("LINE", LINE)
    }

    #[test]
    fn every_header_is_known() {
        for (name, tail) in HEADERS {
            check(&format!("-----BEGIN {name}{tail}-----\n{LINE}\n"), 1);
        }
        let putty = ["PuTTY-User-Key-", "File-2: ssh-rsa\nEncryption: none\nComment: me\nPublic-Lines: 6\n"].concat();
        check(&putty, 0);
        check(&(putty + "AAAAB3NzaC1yc2EAAAABJQAAAQEA\n"), 1);
    }

    #[test]
    fn a_key_is_found_however_it_is_written_down() {
        let cases = [
            "BEGIN\r\nLINE\r\nLINE\r\nEND\r\n",
            "BEGIN\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0123456789ABCDEF0123456789ABCDEF\n\nLINE\nEND\n",
            "  key: |\n    BEGIN\n    LINE\n    END\n",
            r#"{"key": "BEGIN\nLINE\nLINE\nEND\n"}"#,
            r#"{"key": "{\"key\": \"BEGIN\\nLINE\\nEND\"}"}"#,
            r"KEY='BEGIN\r\nLINE\r\nEND'",
            "KEY=\"BEGIN LINE LINE END\"\n",
            "BEGINLINEEND",
            "k = \"BEGIN\\n\" +\n    \"LINE\\n\" +\n    \"END\\n\";\n",
            "k.append(\"BEGIN\");\nk.append(\"LINE\");\n",
            "// BEGIN\n// LINE\n",
            "BEGIN\nMIIEpAIBAAKCAQEA7bq6\n",
        ];
        for case in cases {
            check(&written_out(case), 1);
        }
    }

    #[test]
    fn a_header_without_a_key_is_none() {
        let cases = [
            "BEGINxxxx",
            "BEGIN\n...\nEND\n",
            "BEGIN\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\nEND\n",
            "BEGIN\nYOURPRIVATEKEYGOESHEREALLOFIT\nEND\n",
            "BEGIN\nMIIEpAIB...\nEND\n",
            "BEGIN\n<your-private-key>\nEND LINE\n",
            "The file starts with BEGIN and goes on with base64 to the end.\nMore in the documentation.\n",
            "grep -q 'BEGIN' ~/.ssh/id_rsa && echo somethingWithAVeryLongName\n",
            "const HEADER = \"BEGIN\";\n\nfunction isSomePrivateKeyHeader(text) {\n    return text.includes(HEADER);\n}\n",
            "[\"BEGIN\", \"END\"]\n",
            "BEGIN\n\n\n\n\n\n\n\n\n\nLINE\n",
            "BEGIN",
        ];
        for case in cases {
            check(&written_out(case), 0);
            let case = written_out(case);
            let manner = Manner::PreCommit { is_in_merge: false };
            let case = Case { manner, ..Case::new("key", case.as_bytes()) };
            assert!(!case.findings(&DetectPrivateKey).is_empty(), "pre-commit-hooks finds it");
        }
    }

    #[test]
    fn of_two_headers_each_has_its_own_key() {
        let text = written_out("BEGIN\nEND\nBEGIN\nLINE\nEND\n");
        let findings = Case::new("key", text.as_bytes()).findings(&DetectPrivateKey);
        let second = text.rfind("BEGIN").unwrap();
        assert_eq!(places(&findings), [(second, second + "BEGIN RSA PRIVATE".len() + " KEY".len())]);
    }

    #[test]
    fn a_finding_is_identified_by_the_key() {
        let anchor = |content: &str| {
            let text = written_out(content);
            let mut findings = Case::new("key", text.as_bytes()).findings(&DetectPrivateKey);
            assert_eq!(findings.len(), 1, "{text}");
            findings.remove(0).anchor.text
        };
        let key = anchor("BEGIN\nLINE\n0A0Bab0cdefghijklmnopqr\nEND\n");
        assert_eq!(key.len(), 64);
        assert_eq!(anchor("x\nBEGIN\r\n  LINE\r\n  0A0Bab0cdefghijklmnopqr\r\nEND\n"), key, "the same, moved");
        assert_eq!(anchor("\"BEGIN\\nLINE\\n0A0Bab0cdefghijklmnopqr\\nEND\"\n"), key, "the same, as a string");
        assert_ne!(anchor("BEGIN\nLINE\n0A0Bab0cdefghijklmnopqs\nEND\n"), key, "another one");
        assert_ne!(anchor("BEGIN\n0A0Bab0cdefghijklmnopqr\nEND\n"), key, "another one");
    }

    #[test]
    fn other_pem_blocks_are_fine() {
        check(&format!("-----BEGIN PUBLIC KEY-----\n{LINE}\n-----BEGIN CERTIFICATE-----\n{LINE}\n"), 0);
        check(&format!("-----BEGIN PGP PUBLIC KEY BLOCK-----\n{LINE}\n-----END PRIVATE KEY-----\n{LINE}\n"), 0);
        check("BEGIN", 0);
    }

    #[test]
    fn nothing_of_the_key_is_shown() {
        let key = written_out("BEGIN\nLINE\nSECRETSECRET0secretsecret\nEND\n");
        let findings = Case::new("key", key.as_bytes()).findings(&DetectPrivateKey);
        assert_eq!(messages(&findings), ["private key"]);
        let shown = format!("{findings:?}");
        assert!(!shown.contains("SECRET") && !shown.contains("MIIE"), "{shown}");
    }
}
