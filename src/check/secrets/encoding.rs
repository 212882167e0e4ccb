//! The text of a file as the patterns read it.

use std::borrow::Cow;

/// Bytes in UTF-8 or something like it.
pub(super) struct Decoded<'a> {
    /// What is looked at.
    pub(super) text: Cow<'a, [u8]>,
    /// Whether it stands for UTF-16, so that places in it are none of the file.
    pub(super) was_utf16: bool,
}

/// The text of a file; none if it is binary. UTF-16 is told by its mark.
pub(super) fn decode(bytes: &[u8], is_text: bool) -> Option<Decoded<'_>> {
    let unit: Option<fn([u8; 2]) -> u16> = match bytes {
        [0xff, 0xfe, ..] => Some(u16::from_le_bytes),
        [0xfe, 0xff, ..] => Some(u16::from_be_bytes),
        _ => None,
    };
    match unit {
        Some(unit) => {
            let (pairs, _) = bytes.get(2..)?.as_chunks::<2>();
            let units = pairs.iter().map(|pair| unit(*pair));
            let text: String = char::decode_utf16(units).map(|letter| letter.unwrap_or('\u{fffd}')).collect();
            // Text has few of these; what has many only begins like it.
            let n_odd = text.chars().filter(|letter| matches!(letter, '\0' | '\u{fffd}')).count();
            (n_odd * 20 <= text.len()).then(|| Decoded { text: Cow::Owned(text.into_bytes()), was_utf16: true })
        }
        None => is_text.then_some(Decoded { text: Cow::Borrowed(bytes), was_utf16: false }),
    }
}
