//! A secret as it may be shown, and as it may be kept: never itself.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// How often the hash is taken of itself, so that trying out weak passwords costs something.
const N_ROUNDS: usize = 1_000;

/// The first characters of a secret, the last ones of a long one, and its length.
pub(super) fn masked(secret: &[u8]) -> String {
    let (n_first, n_last) = match secret.len() {
        0..8 => (0, 0),
        8..16 => (1, 0),
        16..24 => (3, 0),
        _ => (4, 2),
    };
    let shown = |part: Option<&[u8]>| -> String {
        let letters = part.unwrap_or_default().iter();
        letters.map(|&byte| if byte.is_ascii_graphic() { char::from(byte) } else { '?' }).collect()
    };
    let first = shown(secret.get(..n_first));
    let last = shown(secret.get(secret.len() - n_last..));
    format!("{first}***{last}, {} characters", String::from_utf8_lossy(secret).chars().count())
}

/// What identifies a secret without telling it: a hash salted with the rule.
pub(super) fn fingerprint(rule: &str, secret: &[u8]) -> String {
    let mut digest = Sha256::new_with_prefix(b"tollgate secret 1\0")
        .chain_update(rule)
        .chain_update(b"\0")
        .chain_update(secret)
        .finalize();
    for _ in 0..N_ROUNDS {
        digest = Sha256::digest(digest);
    }
    digest.iter().take(8).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::{fingerprint, masked};

    #[test]
    fn little_is_shown_and_nothing_of_a_short_one() {
        assert_eq!(masked(b"hunter2"), "***, 7 characters");
        assert_eq!(masked(b"correct-horse"), "c***, 13 characters");
        assert_eq!(masked(b"abcdefghijklmnopqrstuvwxyz"), "abcd***yz, 26 characters");
        assert_eq!(masked("\u{1b}\u{1b}\u{1b}456789012345".as_bytes()), "?***, 15 characters");
    }

    #[test]
    fn the_same_secret_has_the_same_fingerprint_under_one_rule() {
        assert_eq!(fingerprint("a", b"x"), fingerprint("a", b"x"));
        assert_ne!(fingerprint("a", b"x"), fingerprint("b", b"x"));
        assert_ne!(fingerprint("a", b"x"), fingerprint("a", b"y"));
    }
}
