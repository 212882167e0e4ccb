//! `confusable-identifier`: names that look like others (the skeletons are those of UTS #39).

use std::collections::BTreeSet;

use unicode_script::{Script, UnicodeScript};

use crate::check::hygiene::{limited, on_line};
use crate::check::{About, Active, Examined, FileCheck, FileInput, filetype};
use crate::model::change::FileSide;
use crate::model::option::Options;
use crate::model::outcome::Breakage;
use crate::model::place::Span;
use crate::model::rule::{Family, Level};
use crate::syntax::languages::Language;
use crate::syntax::tree::SyntaxTree;

/// The check.
pub(crate) struct ConfusableIdentifier;

include!(concat!(env!("OUT_DIR"), "/look_alikes.rs"));

static ABOUT: About = About {
    id: "confusable-identifier",
    family: Family::Hygiene,
    level: Level::Error,
    active: Active::ByDefault,
    summary: "A name with letters of another script that looks like a name in ASCII.",
    doc: DOC,
    options: &[],
};

const DOC: &str = "\
## What it finds
A name in source code that looks like one in plain ASCII and is none, because letters of another script stand in it: next to \
Latin ones, or all of them where the file also has the name that it looks like. Greek letters count only between two \
Latin ones, because formulas have them before and after (`\u{3c1}x`, `d\u{3c3}`). Comments and texts are not looked at, \
nor letters that look like no Latin one (`\u{394}t`, `\u{3b1}`).

## Why it matters
Two names that nobody can tell apart are two things: a check is made on one of them, and the other is used.

## Example
A function `is_\u{430}dmin` (with the Cyrillic a, U+0430) beside `is_admin`.

## Fix
Write the name with Latin letters, or with letters of the other script alone.

## Options
None.
";

impl FileCheck for ConfusableIdentifier {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, side: &FileSide) -> bool {
        side.mode.is_regular() && Language::of_path(&side.path).is_some() && filetype::may_be_code(side)
    }

    fn check(&self, file: &FileInput<'_>, _options: &Options) -> Result<Examined, Breakage> {
        let Ok(text) = str::from_utf8(file.bytes) else { return Ok(Examined::default()) };
        let suspects = suspects(text);
        let Some(language) = Language::of_path(&file.side.path).filter(|_| !suspects.is_empty()) else {
            return Ok(Examined::default());
        };
        let parsed = file.tree.of(file.bytes, language, file.deadline)?;
        let identifiers: BTreeSet<usize> = identifiers(&parsed.tree, &suspects);
        let found = suspects.into_iter().filter(|suspect| identifiers.contains(&suspect.span.start));
        Ok(limited(found, |suspect| {
            let message = format!(
                "the name looks like `{}` and has U+{:04X} of the script {} in it",
                suspect.looks_like,
                u32::from(suspect.odd),
                suspect.odd.script().full_name()
            );
            on_line(&ABOUT, file, suspect.span, message).with_hint("write it in one script")
        }))
    }
}

/// The fewest letters of a name all in another script that is taken for one in ASCII.
const MIN_WHOLE: usize = 3;

/// A word that looks like another one.
struct Suspect {
    span: Span,
    looks_like: String,
    odd: char,
}

/// The words of a text that look like ASCII and are not.
fn suspects(text: &str) -> Vec<Suspect> {
    if text.is_ascii() {
        return Vec::new();
    }
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    let mut odd_words = Vec::new();
    let mut plain = BTreeSet::new();
    for word in text.split(|character| !is_part(character)).filter(|word| !word.is_empty()) {
        match word.chars().find(|character| is_foreign(*character)) {
            Some(odd) => odd_words.push((word, odd)),
            None => {
                plain.insert(word);
            }
        }
    }
    let suspect = |(word, odd): (&str, char)| {
        let mut looks_like = String::new();
        word.chars().for_each(|letter| add_shape(letter, &mut looks_like));
        let is_whole = || word.chars().nth(MIN_WHOLE - 1).is_some() && plain.contains(looks_like.as_str());
        let is_one = looks_like.is_ascii() && (is_mixed(word) || is_whole());
        let start = word.as_ptr().addr() - text.as_ptr().addr();
        is_one.then_some(Suspect { span: Span { start, end: start + word.len() }, looks_like, odd })
    };
    odd_words.into_iter().filter_map(suspect).collect()
}

/// Whether a letter of another script stands next to a Latin one. Greek letters are at home in formulas, before and after
/// Latin ones, as in the rho of `rho x` and the sigma of `d sigma`: they count only between two.
fn is_mixed(word: &str) -> bool {
    let letters: Vec<char> = word.chars().collect();
    let is_latin = |at: Option<usize>| at.and_then(|at| letters.get(at)).is_some_and(char::is_ascii_alphabetic);
    letters.iter().enumerate().filter(|(_, letter)| is_foreign(**letter)).any(|(at, letter)| {
        let (before, after) = (is_latin(at.checked_sub(1)), is_latin(Some(at + 1)));
        if letter.script() == Script::Greek { before && after } else { before || after }
    })
}

/// Adds what a letter looks like: one of another script that looks like ASCII as that, any other as itself.
fn add_shape(letter: char, shapes: &mut String) {
    let known = LOOK_ALIKES.binary_search_by_key(&letter, |(foreign, _)| *foreign);
    match known.ok().and_then(|at| LOOK_ALIKES.get(at)) {
        Some((_, shape)) => shapes.extend(shape.iter().filter(|byte| **byte != 0).map(|byte| char::from(*byte))),
        None => shapes.push(letter),
    }
}

/// Whether a letter is of a script other than Latin.
fn is_foreign(character: char) -> bool {
    !character.is_ascii() && !matches!(character.script(), Script::Latin | Script::Common | Script::Inherited)
}

/// Where names start that suspects stand in.
fn identifiers(tree: &SyntaxTree, suspects: &[Suspect]) -> BTreeSet<usize> {
    let starts: BTreeSet<usize> = suspects.iter().map(|suspect| suspect.span.start).collect();
    let root = tree.root();
    let names = root.dfs().filter(|node| node.is_leaf() && node.kind().ends_with("identifier"));
    names.map(|node| node.range().start).filter(|start| starts.contains(start)).collect()
}

#[cfg(test)]
mod tests {
    use super::ConfusableIdentifier;
    use crate::check::hygiene::examples::{Case, messages};

    #[track_caller]
    fn check(path: &str, content: &str, n_found: usize) {
        let case = Case::new(path, content.as_bytes());
        assert_eq!(case.findings(&ConfusableIdentifier).len(), n_found, "{content:?}");
    }

    #[test]
    fn names_that_look_like_others_are_found() {
        let case = Case::new("a.py", "is_\u{430}dmin = 1\n".as_bytes());
        let expected = ["the name looks like `is_admin` and has U+0430 of the script Cyrillic in it"];
        assert_eq!(messages(&case.findings(&ConfusableIdentifier)), expected);
        check("a.rs", "fn f() { let \u{441}\u{43e}\u{440} = 1; let cop = 2; }", 1);
        check("a.rs", "fn c\u{3bf}unt() {}", 1);
    }

    #[test]
    fn other_names_and_texts_are_fine() {
        check("a.rs", "fn f() { let \u{441}\u{43e}\u{440} = 1; }", 0);
        check("a.py", "\u{394}t = 1\n\u{3b1} = 2\n\u{3c1}0 = p0\nd\u{3c3} = do\n\u{3bd}x = vx\ncaf\u{e9} = 3\n", 0);
        check("a.py", "# is_\u{430}dmin\nx = 'is_\u{430}dmin'\n", 0);
        check("a.txt", "is_\u{430}dmin", 0);
    }
}
