//! Globs whose `*` takes any characters, slashes too, to pieces.

use crate::migrate::patterns::braces::expanded;
use crate::migrate::patterns::{Piece, Refused, Sequence};

/// Takes a glob apart; the whole path must match.
pub(super) fn parse(pattern: &str) -> Result<Vec<Sequence>, Refused> {
    expanded(pattern)?.iter().map(|plain| sequence(plain)).collect()
}

fn sequence(plain: &str) -> Result<Sequence, Refused> {
    let mut pieces = vec![Piece::Start];
    let mut rest = plain.chars();
    while let Some(character) = rest.next() {
        pieces.push(match character {
            '*' => Piece::Star,
            '?' => Piece::Any,
            '\\' => Piece::Char(rest.next().ok_or_else(|| Refused::new("it ends in a backslash"))?),
            '[' => {
                let class: String = rest.by_ref().take_while(|character| *character != ']').collect();
                if class.is_empty() || class.contains(['\\', '[']) {
                    return Err(Refused::new(format!("`[{class}` is a class that gitignore syntax reads otherwise")));
                }
                Piece::Class(class.replacen('^', "!", usize::from(class.starts_with('^'))))
            }
            other => Piece::Char(other),
        });
    }
    pieces.push(Piece::End);
    Ok(pieces)
}

/// The same as a regular expression, to compare with.
pub(super) fn regex(sequence: &[Piece]) -> String {
    let part = |piece: &Piece| match piece {
        Piece::Char(character) => regex::escape(&character.to_string()),
        Piece::Any => ".".to_owned(),
        Piece::Class(class) => match class.strip_prefix('!') {
            Some(rest) => format!("[^{rest}]"),
            None => format!("[{class}]"),
        },
        Piece::Run => "[^/]*".to_owned(),
        Piece::Star => ".*".to_owned(),
        Piece::Start => r"\A".to_owned(),
        Piece::End => r"\z".to_owned(),
    };
    sequence.iter().map(part).collect()
}
