//! Bytes as text (RFC 4648, section 4), where a format wants them so.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The bytes in base64 with padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().chain([&0; 2]).take(3).fold(0_usize, |group, &byte| group << 8 | usize::from(byte));
        for index in 0..4 {
            let letter = ALPHABET.get(group >> (18 - 6 * index) & 63).copied().map(char::from);
            text.push(letter.filter(|_| index <= chunk.len()).unwrap_or('='));
        }
    }
    text
}

/// The bytes that such a text stands for; none if it is not base64 with padding.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let (groups, rest) = text.as_bytes().as_chunks::<4>();
    if !rest.is_empty() {
        return None;
    }
    let mut bytes = Vec::with_capacity(groups.len() * 3);
    for (number, group) in groups.iter().enumerate() {
        let n_padding = group.iter().rev().take_while(|&&letter| letter == b'=').count();
        if n_padding > 2 || (n_padding > 0 && number + 1 < groups.len()) {
            return None;
        }
        let letters = group.iter().take(4 - n_padding);
        let value = letters.map(|letter| ALPHABET.iter().position(|known| known == letter));
        let value = value.chain(vec![Some(0); n_padding]).try_fold(0_u32, |all, one| Some(all << 6 | one? as u32))?;
        bytes.extend(value.to_be_bytes().into_iter().skip(1).take(3 - n_padding));
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::{decode, encode};

    #[test]
    fn published_vectors() {
        let cases =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE=")];
        for (plain, encoded) in cases {
            assert_eq!(encode(plain.as_bytes()), encoded);
            assert_eq!(decode(encoded).as_deref(), Some(plain.as_bytes()));
        }
    }

    #[test]
    fn what_is_no_base64_is_refused() {
        for text in ["A", "A===", "====", "Zg==Zg==", "Z!==", "Zm9v\n", "Z=9v", "é==="] {
            assert_eq!(decode(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn bytes_survive(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }
    }
}
