//! Secrets: credentials in content, by rules in `rules/secrets/`. It must not show one: what leaves this module is
//! masked, and what identifies a secret is a hash.

mod assignment;
mod entropy;
#[cfg(test)]
mod examples;
mod location;
mod mask;
pub(crate) mod pack;
mod proof;
pub(crate) mod redact;
mod scan;
mod value;

use crate::check::encoding::decode;
use crate::check::secrets::location::location;
use crate::check::secrets::mask::{fingerprint, masked};
use crate::check::secrets::pack::{described, ids};
use crate::check::secrets::scan::{Leak, scan};
use crate::check::{About, Active, Examined, FileCheck, FileInput};
use crate::model::change::{FileSide, Source};
use crate::model::finding::{Anchor, Finding};
use crate::model::option::Options;
use crate::model::outcome::Breakage;
use crate::model::place::{Place, Span};
use crate::model::rule::{Family, Level, Rule};

/// The id under which all rules for secrets together are shown as one check.
pub(crate) const SECRETS: &str = "secrets";
/// The rule for private keys.
pub(crate) const PRIVATE_KEY: &str = "private-key";
/// Tells the check to leave private keys out, because another check reports them.
pub(crate) const WITHOUT_PRIVATE_KEYS: &str = "without-private-keys";
/// The most findings in one file.
const MAX_FINDINGS: usize = 1_000;

/// The check.
pub(crate) struct Secrets;

static ABOUT: About = About {
    id: SECRETS,
    family: Family::Secrets,
    level: Level::Error,
    active: Active::ByDefault,
    summary: "Credentials in content.",
    doc: "",
    options: &[],
};

impl FileCheck for Secrets {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn rule_ids(&self) -> Vec<&'static str> {
        ids().collect()
    }

    fn rules(&self) -> &'static [Rule] {
        described()
    }

    fn is_sensitive(&self) -> bool {
        true
    }

    fn wants(&self, side: &FileSide) -> bool {
        side.mode.is_regular()
    }

    fn check(&self, file: &FileInput<'_>, options: &Options) -> Result<Examined, Breakage> {
        let Some(decoded) = decode(&file.side.path, file.bytes, file.is_text) else { return Ok(Examined::default()) };
        let location = location(&file.side.path);
        let leaks = scan(&decoded.text, location, file.deadline)
            .map_err(|_| Breakage::new("looking for secrets took longer than the stage may take"))?;
        let without_keys = options.flag(WITHOUT_PRIVATE_KEYS);
        let mut leaks: Vec<&Leak> =
            leaks.iter().filter(|leak| !(without_keys && leak.entry.id == PRIVATE_KEY)).collect();
        let n_more = leaks.len().saturating_sub(MAX_FINDINGS);
        leaks.truncate(MAX_FINDINGS);
        let place = |span: Span| match decoded.was {
            Some(_) => Place::File(file.side.path.clone()),
            None => Place::Span(file.side.path.clone(), span),
        };
        let mut findings: Vec<Finding> =
            leaks.iter().map(|leak| finding(leak, &decoded.text, place(leak.secret), file.side)).collect();
        if let Some(wide) = decoded.was {
            for (finding, leak) in findings.iter_mut().zip(&leaks) {
                let before = decoded.text.get(..leak.secret.start).unwrap_or_default();
                let line = memchr::memchr_iter(b'\n', before).count() + 1;
                finding.message.push_str(&format!(", line {line} of this {} text", wide.name()));
            }
        }
        if let Some(last) = findings.pop() {
            findings.push(last.standing_for(n_more));
        }
        Ok(Examined { findings, notices: Vec::new() })
    }
}

fn finding(leak: &Leak, text: &[u8], place: Place, side: &FileSide) -> Finding {
    let entry = leak.entry;
    let secret = redact::extent(text, leak.secret);
    let secret = text.get(secret.start..secret.end).unwrap_or_default();
    let shown = if entry.id == PRIVATE_KEY { String::new() } else { format!(" ({})", masked(secret)) };
    let doubt = if leak.is_doubtful { ", its checksum does not fit" } else { "" };
    let commit = match side.source {
        Source::Historic { commit, .. } => format!(", in commit {}", commit.short()),
        _ => String::new(),
    };
    let message = format!("{}{shown}{doubt}{commit}", entry.message);
    Finding::new(entry.id, leak.level, place, message)
        .with_hint(entry.fix)
        .with_anchor(Anchor::new("", fingerprint(entry.id, secret).as_bytes()))
}
