//! Regular expressions as Python writes them, to pieces: the part of the language that speaks of paths without counting
//! or looking around.

use std::iter::Peekable;
use std::vec::IntoIter;

use crate::migrate::patterns::{MAX_LINES, Piece, Refused, Sequence};

/// The deepest nesting of groups that is read.
const MAX_DEPTH: usize = 24;

/// The most repetitions of a piece that are written out.
const MAX_REPEATED: usize = 8;

/// Takes an expression apart into the ways in which it can match somewhere in a path.
pub(super) fn parse(expression: &str) -> Result<Vec<Sequence>, Refused> {
    let (is_verbose, rest) = match expression.trim_start().strip_prefix("(?x)") {
        Some(rest) => (true, rest),
        None => (false, expression),
    };
    let characters: Vec<char> = rest.chars().collect();
    let mut reader = Reader { rest: characters.into_iter().peekable(), is_verbose, depth: 0 };
    let found = reader.alternatives()?;
    match reader.rest.next() {
        Some(_) => Err(Refused::new("a parenthesis is closed that was not opened")),
        None => Ok(found),
    }
}

struct Reader {
    rest: Peekable<IntoIter<char>>,
    is_verbose: bool,
    depth: usize,
}

impl Reader {
    /// `one|other`, up to the end or a closing parenthesis.
    fn alternatives(&mut self) -> Result<Vec<Sequence>, Refused> {
        let mut all = Vec::new();
        loop {
            all.extend(self.sequence()?);
            if all.len() > MAX_LINES {
                return Err(too_many());
            }
            if self.rest.next_if_eq(&'|').is_none() {
                return Ok(all);
            }
        }
    }

    fn sequence(&mut self) -> Result<Vec<Sequence>, Refused> {
        let mut all: Vec<Sequence> = vec![Vec::new()];
        loop {
            self.skip_blanks();
            match self.rest.peek() {
                None | Some('|' | ')') => return Ok(all),
                Some(_) => {}
            }
            let next = self.repeated()?;
            if all.len() * next.len() > MAX_LINES {
                return Err(too_many());
            }
            let together = |one: &Sequence| {
                let one = one.clone();
                next.iter().map(move |other| [one.clone(), other.clone()].concat()).collect::<Vec<_>>()
            };
            all = all.iter().flat_map(together).collect();
        }
    }

    /// What nothing but the reader sees in a verbose expression: blanks and comments.
    fn skip_blanks(&mut self) {
        while self.is_verbose {
            if self.rest.next_if_eq(&'#').is_some() {
                while self.rest.next_if(|character| *character != '\n').is_some() {}
            } else if self.rest.next_if(|character| character.is_whitespace()).is_none() {
                return;
            }
        }
    }

    /// An atom with what says how often.
    fn repeated(&mut self) -> Result<Vec<Sequence>, Refused> {
        let atom = self.atom()?;
        self.skip_blanks();
        let Some(mark) = self.rest.next_if(|character| "*+?{".contains(*character)) else { return Ok(atom) };
        let counted = if mark == '{' { self.count()? } else { 0 };
        // Lazily or not, the same paths match.
        let _ = self.rest.next_if_eq(&'?');
        if self.rest.peek().is_some_and(|character| "*+{".contains(*character)) {
            return Err(Refused::new("it repeats a repetition"));
        }
        let single = match atom.as_slice() {
            [sequence] => match sequence.as_slice() {
                [piece] => Some(piece.clone()),
                _ => None,
            },
            _ => None,
        };
        let many = match &single {
            Some(Piece::Any) => Some(Piece::Star),
            Some(Piece::Class(class)) if class == "!/" => Some(Piece::Run),
            _ => None,
        };
        match (mark, single, many) {
            ('?', ..) => Ok([atom, vec![Vec::new()]].concat()),
            ('*', _, Some(many)) => Ok(vec![vec![many]]),
            ('+', Some(single), Some(many)) => Ok(vec![vec![single, many]]),
            ('{', Some(single), _) if counted <= MAX_REPEATED => Ok(vec![vec![single; counted]]),
            _ => Err(Refused::new(format!("it repeats (`{mark}`) what gitignore syntax cannot repeat"))),
        }
    }

    /// The number in `{4}`.
    fn count(&mut self) -> Result<usize, Refused> {
        let mut digits = String::new();
        while let Some(digit) = self.rest.next_if(char::is_ascii_digit) {
            digits.push(digit);
        }
        match (self.rest.next(), digits.parse()) {
            (Some('}'), Ok(count)) => Ok(count),
            _ => Err(Refused::new("it counts with `{}`, which gitignore syntax does not")),
        }
    }

    fn atom(&mut self) -> Result<Vec<Sequence>, Refused> {
        let piece = match self.rest.next() {
            Some('(') => return self.group(),
            Some('[') => self.class()?,
            Some('\\') => self.escaped()?,
            Some('.') => Piece::Any,
            Some('^') => Piece::Start,
            Some('$') => Piece::End,
            Some(character) if "*+?{".contains(character) => {
                return Err(Refused::new(format!("`{character}` repeats nothing")));
            }
            Some(character) => Piece::Char(character),
            None => return Err(Refused::new("it ends in the middle")),
        };
        Ok(vec![vec![piece]])
    }

    fn group(&mut self) -> Result<Vec<Sequence>, Refused> {
        if self.rest.next_if_eq(&'?').is_some() && self.rest.next() != Some(':') {
            return Err(Refused::new("it looks around, sets flags or names groups (`(?`)"));
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Refused::new("its groups are nested too deeply"));
        }
        let inner = self.alternatives()?;
        self.depth -= 1;
        match self.rest.next() {
            Some(')') => Ok(inner),
            _ => Err(Refused::new("a group is not closed")),
        }
    }

    fn class(&mut self) -> Result<Piece, Refused> {
        let mut class = String::new();
        if self.rest.next_if_eq(&'^').is_some() {
            class.push('!');
        }
        loop {
            match self.rest.next() {
                Some(']') if class.trim_start_matches('!').is_empty() => {
                    return Err(Refused::new("it has an empty class"));
                }
                Some(']') => return Ok(Piece::Class(class)),
                Some('\\') => match self.rest.next() {
                    Some('d') => class.push_str("0-9"),
                    Some(mark) if mark.is_ascii_punctuation() && !"[]\\^!-".contains(mark) => class.push(mark),
                    _ => return Err(Refused::new("it has a class that gitignore syntax reads otherwise")),
                },
                Some('[' | '!' | '^') | None => {
                    return Err(Refused::new("it has a class that gitignore syntax reads otherwise"));
                }
                Some(character) => class.push(character),
            }
        }
    }

    fn escaped(&mut self) -> Result<Piece, Refused> {
        match self.rest.next() {
            Some('d') => Ok(Piece::Class("0-9".to_owned())),
            Some('A') => Ok(Piece::Start),
            Some('Z' | 'z') => Ok(Piece::End),
            Some('n') => Ok(Piece::Char('\n')),
            Some(character) if !character.is_alphanumeric() => Ok(Piece::Char(character)),
            Some(character) => Err(Refused::new(format!("it says `\\{character}`, which gitignore syntax cannot"))),
            None => Err(Refused::new("it ends in a backslash")),
        }
    }
}

fn too_many() -> Refused {
    Refused::new("it stands for too many patterns")
}
