//! What must hold of a secret beyond its form: checksums, what is inside it, how it differs from a placeholder.

// tollgate: allow-file(hardcoded-secret) what the tests decode was made up for them

use regex::bytes::Regex;
use std::sync::LazyLock;

use crate::check::hygiene::detect_private_key::has_key;
use crate::check::secrets::value::{Kind, Likelihood, likelihood};
use crate::model::place::Span;
use crate::sarif::base64;

/// What a proof says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is one.
    Holds,
    /// It has its form, and the checksum does not fit.
    Doubtful,
    /// It may be one, and a bad one.
    Weak,
    /// It is none.
    Fails,
}

/// The names that rules may use.
#[cfg(test)]
pub(super) const NAMES: [&str; 10] =
    ["", "basic-auth", "crc32-base62", "has-digit", "jwt", "key", "key-material", "not-azurite", "not-hex", "password"];

/// The key that every installation of the storage emulator has, by its first characters.
const AZURITE: &[u8] = b"Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq";

/// Asks the proof of that name about the secret at `span` of `text`.
pub(super) fn prove(proof: &str, text: &[u8], span: Span) -> Verdict {
    let secret = text.get(span.start..span.end).unwrap_or_default();
    let holds = match proof {
        "crc32-base62" => return if has_checksum(secret) { Verdict::Holds } else { Verdict::Doubtful },
        "jwt" => is_token(secret),
        "basic-auth" => return password_in_basic(secret).map_or(Verdict::Fails, |word| judged(&word, Kind::Password)),
        "has-digit" => secret.iter().any(u8::is_ascii_digit) && secret.iter().any(u8::is_ascii_alphabetic),
        "not-hex" => !secret.iter().all(u8::is_ascii_hexdigit),
        "not-azurite" => !secret.starts_with(AZURITE),
        "key-material" => has_key(text, span),
        "password" => return judged(secret, Kind::Password),
        "key" => return judged(secret, Kind::Key),
        _ => true,
    };
    if holds { Verdict::Holds } else { Verdict::Fails }
}

fn judged(value: &[u8], kind: Kind) -> Verdict {
    match likelihood(value, kind) {
        Likelihood::Strong => Verdict::Holds,
        Likelihood::Weak => Verdict::Weak,
        Likelihood::None => Verdict::Fails,
    }
}

/// Whether the last six characters are the CRC-32 of those between the prefix and them, in base 62. Source: GitHub's
/// description of its token format; npm took it over.
fn has_checksum(token: &[u8]) -> bool {
    const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let body = token.iter().position(|&byte| byte == b'_').and_then(|at| token.get(at + 1..)).unwrap_or(token);
    let Some((random, sum)) = body.len().checked_sub(6).and_then(|at| body.split_at_checked(at)) else { return false };
    let mut left = crc32(random);
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET.get((left % 62) as usize).copied().unwrap_or(b'0');
        left /= 62;
    }
    digits == sum
}

/// The CRC-32 of ISO 3309, as in zip files.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    let shift = |sum: u32| if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 };
    !bytes.iter().fold(!0, |sum, &byte| (0..8).fold(sum ^ u32::from(byte), |sum, _| shift(sum)))
}

/// The bytes of base64 in either alphabet, with padding or without.
fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let mut text: String = text.iter().map(|&byte| char::from(byte)).collect();
    text = text.trim_end_matches('=').replace('-', "+").replace('_', "/");
    text.extend(std::iter::repeat_n('=', (4 - text.len() % 4) % 4));
    base64::decode(&text)
}

/// Whether a JSON Web Token has a header that names an algorithm.
fn is_token(token: &[u8]) -> bool {
    let header = token.split(|&byte| byte == b'.').next().and_then(decoded);
    let header: Option<serde_json::Value> = header.and_then(|json| serde_json::from_slice(&json).ok());
    header.is_some_and(|header| header.get("alg").and_then(|name| name.as_str()).is_some_and(|name| name != "none"))
}

/// The password where `user:password` is encoded.
fn password_in_basic(secret: &[u8]) -> Option<Vec<u8>> {
    static FORM: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?-u)^[\x20-\x39\x3b-\x7e]{0,128}:([\x20-\x7e]{3,256})$").expect("because a test builds it")
    });
    let plain = decoded(secret)?;
    Some(FORM.captures(&plain)?.get(1)?.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::{Verdict, crc32, prove};
    use crate::model::place::Span;

    #[track_caller]
    fn check(proof: &str, secret: &str, expected: Verdict) {
        assert_eq!(prove(proof, secret.as_bytes(), Span { start: 0, end: secret.len() }), expected, "{secret}");
    }

    #[test]
    fn the_checksum_is_that_of_zip_files() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn what_is_encoded_is_looked_at() {
        check("jwt", "eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2lnbmF0dXJl", Verdict::Holds);
        check("jwt", "eyJhbGciOiJub25lIn0.eyJhIjoxfQ.c2lnbmF0dXJl", Verdict::Fails);
        check("jwt", "eyJub3RoaW5nIjoxfQ.eyJhIjoxfQ.c2lnbmF0dXJl", Verdict::Fails);
        // ops:Tr0ub4dor and user:password
        check("basic-auth", "b3BzOlRyMHViNGRvcg==", Verdict::Holds);
        check("basic-auth", "dXNlcjpwYXNzd29yZA==", Verdict::Weak);
        check("basic-auth", "bm90aGluZw==", Verdict::Fails);
        check("basic-auth", "authentication", Verdict::Fails);
    }
}
