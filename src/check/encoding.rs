//! Text that is not written in UTF-8: in which encoding it is, and what it says.

use std::borrow::Cow;

use crate::check::filetype::{self, Kind};
use crate::model::path::RepoPath;

/// How many bytes are looked at to tell text from binary where there is no mark.
const SAMPLE: usize = 64 << 10;
/// Of so many characters of a text one may be such as no text has.
const MIN_PER_ODD: usize = 20;

/// An encoding of more than one byte for each letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wide {
    /// Two bytes; whether the larger one comes first.
    Utf16 {
        /// Whether the larger one comes first.
        is_big: bool,
    },
    /// Four bytes; whether the largest one comes first.
    Utf32 {
        /// Whether the largest one comes first.
        is_big: bool,
    },
}

impl Wide {
    /// The encoding of some content that is not in UTF-8, told by its mark, else by where letters have their zeros.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xff, 0xfe, 0, 0, ..] => Some(Self::Utf32 { is_big: false }),
            [0, 0, 0xfe, 0xff, ..] => Some(Self::Utf32 { is_big: true }),
            [0xff, 0xfe, ..] => Some(Self::Utf16 { is_big: false }),
            [0xfe, 0xff, ..] => Some(Self::Utf16 { is_big: true }),
            _ => Self::without_mark(bytes.get(..SAMPLE).unwrap_or(bytes)),
        }
        .filter(|wide| is_mostly_text(&wide.read(bytes.get(..SAMPLE).unwrap_or(bytes))))
    }

    /// Text of programs and settings is nearly all ASCII.
    fn without_mark(sample: &[u8]) -> Option<Self> {
        let n_zeros = |size: usize, at: usize| sample.iter().skip(at).step_by(size).filter(|byte| **byte == 0).count();
        let n_units = |size: usize| sample.len() / size;
        let is_most = |n: usize, of: usize| of >= 4 && n * 10 >= of * 9;
        let is_few = |n: usize, of: usize| n * 10 <= of;
        let wide = |size: usize, zeros: &[usize], letters: usize| {
            zeros.iter().all(|at| is_most(n_zeros(size, *at), n_units(size)))
                && is_few(n_zeros(size, letters), n_units(size))
        };
        match () {
            () if wide(4, &[1, 2, 3], 0) => Some(Self::Utf32 { is_big: false }),
            () if wide(4, &[0, 1, 2], 3) => Some(Self::Utf32 { is_big: true }),
            () if wide(2, &[1], 0) => Some(Self::Utf16 { is_big: false }),
            () if wide(2, &[0], 1) => Some(Self::Utf16 { is_big: true }),
            () => None,
        }
    }

    /// What it is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Utf16 { .. } => "UTF-16",
            Self::Utf32 { .. } => "UTF-32",
        }
    }

    /// The text, without its mark; what is no letter becomes U+FFFD.
    fn read(self, bytes: &[u8]) -> String {
        let text: String = match self {
            Self::Utf16 { is_big } => {
                let unit = if is_big { u16::from_be_bytes } else { u16::from_le_bytes };
                let units = bytes.as_chunks::<2>().0.iter().map(|pair| unit(*pair));
                char::decode_utf16(units).map(|letter| letter.unwrap_or('\u{fffd}')).collect()
            }
            Self::Utf32 { is_big } => {
                let unit = if is_big { u32::from_be_bytes } else { u32::from_le_bytes };
                let units = bytes.as_chunks::<4>().0.iter().map(|four| unit(*four));
                units.map(|unit| char::from_u32(unit).unwrap_or('\u{fffd}')).collect()
            }
        };
        text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)
    }
}

/// Bytes in UTF-8 or something like it.
pub(crate) struct Decoded<'a> {
    /// What is looked at.
    pub(crate) text: Cow<'a, [u8]>,
    /// What it was before, so that places in it are none of the file.
    pub(crate) was: Option<Wide>,
}

/// The text of a file, which `is_text` tells of files in UTF-8 that have no byte which text never has at their start; none
/// if it is binary.
pub(crate) fn decode<'a>(path: &RepoPath, bytes: &'a [u8], is_text: bool) -> Option<Decoded<'a>> {
    if let Some(wide) = Wide::of(bytes) {
        return Some(Decoded { text: Cow::Owned(wide.read(bytes).into_bytes()), was: Some(wide) });
    }
    let is_like_text = || {
        let sample = bytes.get(..SAMPLE).unwrap_or(bytes);
        filetype::kind(path) != Some(Kind::Binary) && is_mostly_text(&String::from_utf8_lossy(sample))
    };
    (is_text || is_like_text()).then_some(Decoded { text: Cow::Borrowed(bytes), was: None })
}

/// Whether few of these are such as no text has.
fn is_mostly_text(text: &str) -> bool {
    let is_odd = |letter: &char| {
        *letter == '\u{fffd}' || (letter.is_ascii_control() && !matches!(letter, '\x07'..='\x0d' | '\x1b'))
    };
    text.chars().filter(is_odd).count() * MIN_PER_ODD <= text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::{Wide, decode};
    use crate::model::path::RepoPath;

    const TEXT: &str = "password = \"größer\"\n";

    fn wide(text: &str, wide: Wide) -> Vec<u8> {
        let units = text.encode_utf16();
        match wide {
            Wide::Utf16 { is_big: true } => units.flat_map(u16::to_be_bytes).collect(),
            Wide::Utf16 { is_big: false } => units.flat_map(u16::to_le_bytes).collect(),
            Wide::Utf32 { is_big: true } => text.chars().flat_map(|letter| (letter as u32).to_be_bytes()).collect(),
            Wide::Utf32 { is_big: false } => text.chars().flat_map(|letter| (letter as u32).to_le_bytes()).collect(),
        }
    }

    #[track_caller]
    fn check(bytes: &[u8], was: Option<Wide>, expected: Option<&str>) {
        let decoded = decode(&RepoPath::from("a.ini"), bytes, false);
        assert_eq!(decoded.as_ref().map(|decoded| &*decoded.text), expected.map(str::as_bytes));
        assert_eq!(decoded.and_then(|decoded| decoded.was), was);
    }

    #[test]
    fn text_is_told_with_and_without_a_mark() {
        for is_big in [false, true] {
            for encoding in [Wide::Utf16 { is_big }, Wide::Utf32 { is_big }] {
                check(&wide(TEXT, encoding), Some(encoding), Some(TEXT));
                check(&wide(&format!("\u{feff}{TEXT}"), encoding), Some(encoding), Some(TEXT));
            }
        }
        let nul = format!("{TEXT}\0{TEXT}");
        check(nul.as_bytes(), None, Some(&nul));
    }

    #[test]
    fn binary_content_is_none() {
        let noise: Vec<u8> = (0..4_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        check(&noise, None, None);
        check(&[0; 100], None, None);
        check(&[b"\x7fELF\x02\x01\x01".as_slice(), &[0; 60], b"name"].concat(), None, None);
        assert!(decode(&RepoPath::from("a.png"), format!("{TEXT}\0").as_bytes(), false).is_none());
    }
}
