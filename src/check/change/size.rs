//! `change-too-large`: more changed lines than a reviewer can read with care.

use crate::check::{About, Active, ChangeCheck, Examined};
use crate::diff::moved::{Block, Moves};
use crate::diff::{LineDiff, lines};
use crate::model::change::{ChangeSet, ChangedFile, FileSide};
use crate::model::content::{Content, Contents};
use crate::model::finding::{Finding, Novelty};
use crate::model::option::{OptionKind, OptionSpec, Options};
use crate::model::outcome::Breakage;
use crate::model::place::Place;
use crate::model::rule::{Family, Level};

/// The option that holds the limit; `[change] max-lines` sets it.
pub(crate) const MAX_LINES: &str = "max-lines";
/// The limit where nobody says another.
const DEFAULT_MAX_LINES: u64 = 800;
/// A file of more bytes than this was not written by hand.
const MAX_BYTES: u64 = 2 << 20;
/// How many of the largest files are named.
const N_NAMED: usize = 3;
/// How much of a file is searched for the marks that generators leave.
const MARK_WINDOW: usize = 1_000;

static ABOUT: About = About {
    id: "change-too-large",
    family: Family::Change,
    level: Level::Warning,
    active: Active::ByDefault,
    summary: "The change has more lines than a reviewer can read with care",
    doc: include_str!("size.md"),
    options: &[OptionSpec {
        name: MAX_LINES,
        kind: OptionKind::Number,
        help: "the most lines that a change may write (800); also `[change] max-lines`",
    }],
};

/// The check `change-too-large`.
pub(crate) struct ChangeTooLarge;

impl ChangeCheck for ChangeTooLarge {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn check(&self, change: &ChangeSet, contents: &dyn Contents, options: &Options) -> Result<Examined, Breakage> {
        let limit = options.number(MAX_LINES, DEFAULT_MAX_LINES);
        if change.parents.is_empty() {
            return Ok(Examined::default());
        }
        let mut texts = Vec::new();
        for file in change.files.iter().filter(|file| !is_foreign(file.path().as_bytes())) {
            texts.extend(Texts::read(file, contents)?);
        }
        let sizes = Sizes::of(&texts);
        if sizes.n_written <= limit as usize {
            return Ok(Examined::default());
        }
        let files: Vec<String> = sizes.largest.iter().map(|(name, n_lines)| format!("{name} ({n_lines})")).collect();
        let most = match sizes.n_files {
            1 => format!("in {}", sizes.largest.first().map_or("", |(name, _)| name)),
            n_files => format!("in {n_files} files, most of them in {}", files.join(", ")),
        };
        let message = format!("this change writes {} lines {most}: more than {limit}", sizes.n_written);
        let hint = "split it into changes that can each be understood, tested and reverted alone: first the moves and \
                    renames, then the preparation, then what is new";
        let finding =
            Finding::new(ABOUT.id, ABOUT.level, Place::Change, message).with_hint(hint).with_novelty(Novelty::Always);
        Ok(Examined::from(vec![finding]))
    }
}

/// Both sides of a file.
struct Texts {
    name: String,
    old: Vec<u8>,
    new: Vec<u8>,
}

impl Texts {
    /// Reads both sides; `None` where no person wrote what is there.
    fn read(file: &ChangedFile, contents: &dyn Contents) -> Result<Option<Self>, Breakage> {
        let side = |side: Option<&FileSide>| match side.filter(|side| side.mode.is_regular()) {
            None => Ok(Some(Vec::new())),
            Some(side) => match contents.read(side, MAX_BYTES) {
                Ok(Content::Bytes(bytes)) => Ok(Some(bytes).filter(|bytes| !is_generated(bytes))),
                Ok(Content::TooLarge(_)) => Ok(None),
                Err(error) => Err(Breakage::new(format!("{}: {}", side.path, error.0))),
            },
        };
        let old = side(file.bases.iter().flatten().next())?;
        let new = side(file.head.as_ref())?;
        Ok(old.zip(new).map(|(old, new)| Self { name: file.path().to_string(), old, new }))
    }
}

struct Sizes {
    n_written: usize,
    n_files: usize,
    largest: Vec<(String, usize)>,
}

impl Sizes {
    fn of(texts: &[Texts]) -> Self {
        let diffs: Vec<LineDiff> = texts.iter().map(|text| LineDiff::between(&text.old, &text.new)).collect();
        let (mut removed, mut added): (Vec<Block<'_>>, Vec<Vec<Block<'_>>>) = (Vec::new(), Vec::new());
        for (text, diff) in texts.iter().zip(&diffs) {
            let (old, new) = (lines(&text.old), lines(&text.new));
            let hunks = diff.hunks();
            removed.extend(hunks.iter().filter_map(|hunk| Some(old.get(hunk.old.clone())?.to_vec())));
            added.push(hunks.iter().filter_map(|hunk| Some(new.get(hunk.new.clone())?.to_vec())).collect());
        }
        let mut moves = Moves::of(&removed);
        let sizes = texts.iter().zip(&added).map(|(text, blocks)| {
            let n_added: usize = blocks.iter().map(Vec::len).sum();
            (text.name.clone(), n_added.saturating_sub(moves.n_in(blocks)))
        });
        let mut largest: Vec<(String, usize)> = sizes.filter(|(_, n_written)| *n_written > 0).collect();
        let (n_written, n_files) = (largest.iter().map(|(_, n_written)| n_written).sum(), largest.len());
        largest.sort_by(|(name, n_lines), (other, n_others)| n_others.cmp(n_lines).then(name.cmp(other)));
        largest.truncate(N_NAMED);
        Self { n_written, n_files, largest }
    }
}

/// Lock files and the work of others, told by the path.
fn is_foreign(path: &[u8]) -> bool {
    let mut parts = path.split(|&byte| byte == b'/').rev();
    let name = parts.next().unwrap_or_default();
    let is_lock = name.ends_with(b".lock")
        || name.ends_with(b"-lock.json")
        || name.ends_with(b"-lock.yaml")
        || [&b"go.sum"[..], b"npm-shrinkwrap.json", b"gradle.lockfile", b"packages.lock.json"].contains(&name);
    let is_made = name.ends_with(b".min.js") || name.ends_with(b".min.css") || name.ends_with(b".map");
    let is_vendored = |part: &[u8]| matches!(part, b"vendor" | b"node_modules" | b"third_party");
    is_lock || is_made || parts.any(is_vendored)
}

/// Whether a generator wrote the text, by the marks that they leave near the top; or whether it is no text.
fn is_generated(bytes: &[u8]) -> bool {
    let head = bytes.get(..MARK_WINDOW).unwrap_or(bytes);
    let head = String::from_utf8_lossy(head);
    head.contains('\0') || head.contains("@generated") || (head.contains("enerated") && head.contains("DO NOT EDIT"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::ChangeTooLarge;
    use crate::check::ChangeCheck;
    use crate::model::change::{ChangeSet, ChangedFile, FileSide, Head, Mode, ObjectId, Parent, Source, Status};
    use crate::model::content::{Content, ContentError, Contents};
    use crate::model::option::{OptionValue, Options};
    use crate::model::path::RepoPath;

    struct Memory(BTreeMap<ObjectId, Vec<u8>>);

    impl Contents for Memory {
        fn read(&self, side: &FileSide, _: u64) -> Result<Content, ContentError> {
            let Source::Blob(id) = side.source else { return Err(ContentError("not here".into())) };
            Ok(Content::Bytes(self.0[&id].clone()))
        }

        fn folder(&self, _: &ObjectId, _: &RepoPath) -> Result<Vec<Vec<u8>>, ContentError> {
            Ok(Vec::new())
        }
    }

    #[track_caller]
    fn check(files: &[(&str, &str, &str)], expected: Option<&str>) {
        let mut memory = Memory(BTreeMap::new());
        let mut side = |path: &str, text: &str| {
            let id = ObjectId::from_hex(format!("{:040x}", memory.0.len() + 1).as_bytes()).unwrap();
            memory.0.insert(id, text.as_bytes().to_vec());
            FileSide { path: RepoPath::from(path), mode: Mode::File, source: Source::Blob(id) }
        };
        let files = files
            .iter()
            .map(|(path, old, new)| ChangedFile {
                status: Status::Modified,
                bases: vec![(!old.is_empty()).then(|| side(path, old))],
                head: (!new.is_empty()).then(|| side(path, new)),
            })
            .collect();
        let tree = ObjectId::from_hex(&[b'0'; 40]).unwrap();
        let parents = vec![Parent { tree, commit: None }];
        let change = ChangeSet { title: String::new(), head: Head::Index, parents, files, merged: Vec::new() };
        let mut options = Options::default();
        options.set("max-lines", OptionValue::Number(5));
        let found = ChangeTooLarge.check(&change, &memory, &options).unwrap().findings;
        assert_eq!(found.first().map(|finding| finding.message.as_str()), expected);
    }

    #[test]
    fn only_lines_that_a_reviewer_has_to_read_count() {
        let long = "a\nb\nc\nd\ne\nf\n";
        check(&[("x.rs", "", "a\nb\nc\nd\ne\n")], None);
        check(&[("x.rs", "", long)], Some("this change writes 6 lines in x.rs: more than 5"));
        check(&[("x.rs", long, "")], None);
        check(&[("x.rs", long, ""), ("y.rs", "", long)], None);
        check(&[("Cargo.lock", "", long), ("web/package-lock.json", "", long), ("vendor/x.go", "", long)], None);
        check(&[("x.rs", "", &format!("// @generated by a tool\n{long}"))], None);
    }
}
