//! What a finding is recognised by in later runs, whatever line it has moved to.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::model::finding::Finding;

/// The name of this kind of fingerprint among a result's partial fingerprints. The number changes with the recipe.
pub(crate) const NAME: &str = "tollgate/v1";

/// The fingerprint of each finding, in their order: the first 16 bytes of a SHA-256 in hexadecimal, different for all
/// of them.
///
/// It is made of the rule, the path, the enclosing symbol, the normalised text (of a finding without text: its
/// message), and how many of the findings before have the same. No line number goes in.
pub(crate) fn fingerprints<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> Vec<String> {
    let mut seen: HashMap<[u8; 32], u64> = HashMap::new();
    findings
        .into_iter()
        .map(|finding| {
            let identity = identity(finding);
            let ordinal = seen.entry(identity).or_default();
            let digest = Sha256::new().chain_update(identity).chain_update(ordinal.to_be_bytes()).finalize();
            *ordinal += 1;
            hexadecimal(digest.get(..16).unwrap_or(&digest))
        })
        .collect()
}

fn identity(finding: &Finding) -> [u8; 32] {
    let path = finding.place.path().map_or(&b""[..], |path| path.as_bytes());
    let text = if finding.anchor.text.is_empty() { &finding.message } else { &finding.anchor.text };
    let mut hasher = Sha256::new();
    for part in [finding.rule.as_str().as_bytes(), path, finding.anchor.symbol.as_bytes(), text.as_bytes()] {
        // The length keeps the end of one part from being read as the start of the next.
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// Lower-case hexadecimal digits of bytes.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::fingerprints;
    use crate::model::finding::{Anchor, Finding};
    use crate::model::place::{Place, Span};
    use crate::model::rule::Level;

    fn finding(rule: &str, path: &str, symbol: &str, text: &str, start: usize) -> Finding {
        let place = Place::Span(path.into(), Span { start, end: start + 1 });
        Finding::new(rule, Level::Error, place, "message").with_anchor(Anchor::new(symbol, text.as_bytes()))
    }

    #[test]
    fn a_move_changes_nothing_and_every_part_counts() {
        let base = fingerprints(&[finding("r", "p", "s", "t", 1)]);
        assert_eq!(base, fingerprints(&[finding("r", "p", "s", "  t ", 900)]));
        assert_eq!(base[0].len(), 32);
        for other in [
            finding("x", "p", "s", "t", 1),
            finding("r", "x", "s", "t", 1),
            finding("r", "p", "x", "t", 1),
            finding("r", "p", "s", "x", 1),
            finding("rp", "", "s", "t", 1),
        ] {
            assert_ne!(base, fingerprints(&[other]));
        }
    }

    #[test]
    fn equal_findings_are_told_apart_and_the_first_keeps_its_fingerprint() {
        let one = finding("r", "p", "s", "t", 1);
        let three = fingerprints(&[one.clone(), finding("r", "p", "", "", 5), one.clone()]);
        assert_eq!(three[0], fingerprints(&[one])[0]);
        assert!(three[0] != three[1] && three[1] != three[2] && three[0] != three[2]);
    }

    #[test]
    fn the_recipe_is_frozen() {
        assert_eq!(fingerprints(&[finding("r", "p", "s", "t", 1)]), ["d24c343c7ee946f97e93ebe60f97782a"]);
    }
}
