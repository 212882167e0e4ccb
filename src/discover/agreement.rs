//! Agreement with git itself on generated histories: whatever was added, edited, renamed, deleted, turned into another
//! kind of entry or merely intended, our list is that of `git diff --raw -z`.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::discover::sandbox::{Sandbox, only};
use crate::discover::{discover, hex};
use crate::git::Repo;
use crate::model::change::{ChangeSet, FileSide, Mode, Source, Status};
use crate::model::request::Request;

/// How many histories are generated.
const N_HISTORIES: u64 = 200;

/// How many contents there are; those of one family of four are similar enough to count as renamed with an edit.
const N_BLOBS: usize = 24;

/// Where files are put; the last two can't be there at the same time.
const PATHS: [&[u8]; 16] = [
    b"a.txt",
    b"b.txt",
    b"folder/a.txt",
    b"folder/b.txt",
    b"deep/er/and/deeper/c.txt",
    b"line\nbreak",
    b"caf\xe9",
    b"-dash",
    b"tab\there",
    b"quote\"s",
    b" space ",
    "straße/ü.rs".as_bytes(),
    b"escape\x1b[31m",
    b":(glob)*",
    b"both",
    b"both/inner.txt",
];

/// What a commit or the index holds: mode and number of the content.
type State = BTreeMap<&'static [u8], (Mode, usize)>;

/// A small generator of numbers with a good spread (SplitMix64, public domain by Sebastiano Vigna).
struct Random(u64);

impl Random {
    /// A number below `end`.
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).expect("because `end` is a usize")
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn entry(&mut self) -> (Mode, usize) {
        let modes = [Mode::File, Mode::File, Mode::File, Mode::Executable, Mode::Symlink, Mode::Submodule];
        (self.pick(&modes), self.below(N_BLOBS))
    }

    /// Changes a state in some ways.
    fn change(&mut self, state: &mut State) {
        for _ in 0..self.below(6) {
            let here: Vec<&'static [u8]> = state.keys().copied().collect();
            let path = if here.is_empty() { self.pick(&PATHS) } else { self.pick(&here) };
            match self.below(5) {
                0 => drop(state.remove(path)),
                1 => {
                    // The same entry, or nearly so, under another name.
                    let target = self.pick(&PATHS);
                    if let Some((mode, blob)) = state.remove(path) {
                        let similar = blob - blob % 4 + self.below(4);
                        put(state, target, (mode, self.pick(&[blob, similar])));
                    }
                }
                2 => {
                    let entry = self.entry();
                    put(state, path, entry);
                }
                _ => {
                    let (path, entry) = (self.pick(&PATHS), self.entry());
                    put(state, path, entry);
                }
            }
        }
    }
}

/// Puts an entry where no folder or file may be in its way.
fn put(state: &mut State, path: &'static [u8], entry: (Mode, usize)) {
    match path {
        b"both" => drop(state.remove(&b"both/inner.txt"[..])),
        b"both/inner.txt" => drop(state.remove(&b"both"[..])),
        _ => {}
    }
    state.insert(path, entry);
}

/// One generated history: two branches from one commit, and what is staged on the second.
struct History {
    base: State,
    ours: State,
    theirs: State,
    staged: State,
    is_unborn: bool,
    intended: Option<&'static [u8]>,
}

impl History {
    fn generate(seed: u64) -> Self {
        let mut random = Random(seed);
        let mut base = State::new();
        for _ in 0..random.below(12) {
            let (path, entry) = (random.pick(&PATHS), random.entry());
            put(&mut base, path, entry);
        }
        let (mut ours, mut theirs) = (base.clone(), base.clone());
        random.change(&mut ours);
        random.change(&mut theirs);
        let mut staged = theirs.clone();
        random.change(&mut staged);
        // These may be created as files whatever else there is.
        let free: Vec<&'static [u8]> = PATHS[..2].iter().copied().filter(|path| !staged.contains_key(path)).collect();
        let intended = if free.is_empty() || random.below(3) > 0 { None } else { Some(random.pick(&free)) };
        Self { base, ours, theirs, staged, is_unborn: random.below(10) == 0, intended }
    }
}

/// The content with this number. It serves as the target of a link, too.
fn blob(number: usize) -> String {
    let family = number / 4;
    let mut text: String = (0..12).fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "line {line} of family {family}");
        text
    });
    let _ = writeln!(text, "and of {number} alone");
    text
}

/// The mode as git writes it.
fn octal(mode: Mode) -> &'static str {
    match mode {
        Mode::File => "100644",
        Mode::Executable => "100755",
        Mode::Symlink => "120000",
        Mode::Submodule => "160000",
    }
}

/// A path in the quotes of `git fast-import`.
fn quoted(path: &[u8]) -> Vec<u8> {
    let escaped = path.iter().flat_map(|&byte| match byte {
        b'"' | b'\\' => vec![b'\\', byte],
        b'\n' => b"\\n".to_vec(),
        _ => vec![byte],
    });
    [b'"'].into_iter().chain(escaped).chain([b'"']).collect()
}

/// The repository with all histories and the names of the contents.
fn import(sandbox: &Sandbox, histories: &[History]) -> Vec<String> {
    sandbox.git("", &["init", "--quiet", "--template="], b"");
    let mut blobs = Vec::new();
    for number in 0..N_BLOBS {
        let content = blob(number);
        blobs.extend(format!("blob\nmark :{}\ndata {}\n{content}\n", number + 1, content.len()).bytes());
    }
    sandbox.git("", &["fast-import", "--quiet", "--export-marks=.git/marks"], &blobs);
    let marks = std::fs::read_to_string(sandbox.path(".git/marks")).expect("the marks are written");
    let mut ids: BTreeMap<usize, String> = BTreeMap::new();
    for line in marks.lines() {
        let (mark, id) = line.split_once(' ').expect("a mark and an object");
        ids.insert(mark.trim_start_matches(':').parse().expect("a number"), id.to_owned());
    }
    let ids: Vec<String> = ids.into_values().collect();
    let mut stream = Vec::new();
    for (at, history) in histories.iter().enumerate() {
        let base = format!("refs/heads/base-{at}");
        commit(&mut stream, &base, None, &history.base, &ids);
        commit(&mut stream, &format!("refs/heads/ours-{at}"), Some(&base), &history.ours, &ids);
        commit(&mut stream, &format!("refs/heads/theirs-{at}"), Some(&base), &history.theirs, &ids);
    }
    sandbox.git("", &["fast-import", "--quiet"], &stream);
    ids
}

/// Adds a commit to what `git fast-import` reads.
fn commit(stream: &mut Vec<u8>, branch: &str, parent: Option<&str>, state: &State, ids: &[String]) {
    stream.extend(format!("commit {branch}\ncommitter A <a@example.org> 1700000000 +0000\ndata 0\n").bytes());
    if let Some(parent) = parent {
        stream.extend(format!("from {parent}\n").bytes());
    }
    stream.extend(b"deleteall\n");
    for (path, (mode, number)) in state {
        stream.extend(format!("M {} {} ", octal(*mode), ids[*number]).bytes());
        stream.extend(quoted(path));
        stream.push(b'\n');
    }
}

/// The difference as git tells it: mode, mode, object, object, letter, old path, new path; sorted.
fn told_by_git(sandbox: &Sandbox, compared: &[&str]) -> Vec<String> {
    let args = ["diff", "--raw", "-z", "-M", "--no-abbrev", "--ita-invisible-in-index"];
    let said = sandbox.git("", &[&args, compared].concat(), b"");
    let mut fields = said
        .split(|&byte| byte == 0)
        .map(|field| String::from_utf8_lossy(&field.escape_ascii().to_string().into_bytes()).into_owned());
    let mut lines = Vec::new();
    while let Some(header) = fields.next().filter(|header| !header.is_empty()) {
        let (sides, status) = header.trim_start_matches(':').rsplit_once(' ').expect("a status comes last");
        let old = fields.next().expect("a path follows");
        let new = if status.starts_with('R') { fields.next().expect("two paths follow") } else { old.clone() };
        lines.push(format!("{sides} {} {old} {new}", &status[..1]));
    }
    lines.sort();
    lines
}

/// The same as we tell it.
fn told_by_us(change_set: &ChangeSet) -> Vec<String> {
    let described = |side: Option<&FileSide>| match side {
        Some(FileSide { mode, source: Source::Blob(id), .. }) => (octal(*mode), hex(id)),
        Some(side) => panic!("{side:?} is in the work tree"),
        None => ("000000", "0".repeat(40)),
    };
    let mut lines: Vec<String> = Vec::new();
    for file in &change_set.files {
        let old = file.bases.first().and_then(Option::as_ref);
        let ((old_mode, old_id), (new_mode, new_id)) = (described(old), described(file.head.as_ref()));
        let letter = match file.status {
            Status::Added => 'A',
            Status::Present => '=',
            Status::Modified => 'M',
            Status::Deleted => 'D',
            Status::Renamed => 'R',
            Status::TypeChanged => 'T',
        };
        let shown = |side: Option<&FileSide>| side.map(|side| side.path.as_bytes().escape_ascii().to_string());
        let (old, new) = (shown(old), shown(file.head.as_ref()));
        let (old, new) = (old.clone().or(new.clone()), new.or(old));
        let (old, new) = (old.expect("there is a path"), new.expect("there is a path"));
        lines.push(format!("{old_mode} {new_mode} {old_id} {new_id} {letter} {old} {new}"));
    }
    lines.sort();
    lines
}

/// Makes the index what it is in a history.
fn stage(sandbox: &Sandbox, at: usize, history: &History, ids: &[String]) {
    let branch = if history.is_unborn { "refs/heads/none".to_owned() } else { format!("refs/heads/theirs-{at}") };
    sandbox.write(".git/HEAD", format!("ref: {branch}\n"));
    let _ = std::fs::remove_file(sandbox.path(".git/index"));
    let mut entries = Vec::new();
    if at.is_multiple_of(2) {
        // An index that remembers the trees of folders.
        sandbox.git("", &["read-tree", &format!("theirs-{at}")], b"");
        for path in history.theirs.keys().filter(|path| history.staged.get(*path) != history.theirs.get(*path)) {
            entries.extend(format!("0 {}\t", "0".repeat(40)).bytes());
            entries.extend_from_slice(path);
            entries.push(0);
        }
    }
    for (path, (mode, number)) in &history.staged {
        entries.extend(format!("{} {}\t", octal(*mode), ids[*number]).bytes());
        entries.extend_from_slice(path);
        entries.push(0);
    }
    let version = format!("--index-version={}", 2 + at % 3);
    sandbox.git("", &["update-index", &version, "-z", "--index-info"], &entries);
    if let Some(path) = history.intended {
        let path = std::str::from_utf8(path).expect("the first paths are plain");
        sandbox.write(path, blob(0));
        sandbox.git("", &["add", "--intent-to-add", "--", path], b"");
    }
}

#[test]
fn the_lists_are_those_of_git() {
    let histories: Vec<History> = (0..N_HISTORIES).map(History::generate).collect();
    let sandbox = Sandbox::empty();
    let ids = import(&sandbox, &histories);
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut n_read_here = 0;
    for (at, history) in histories.iter().enumerate() {
        stage(&sandbox, at, history, &ids);
        // A new one each time: it asks for HEAD once.
        let repo: Repo = sandbox.repo("");
        let staged = told_by_us(&only(discover(&repo, &Request::Staged)));
        assert_eq!(staged, told_by_git(&sandbox, &["--cached"]), "staged in history {at}");
        let tree = repo.head().expect("there is a HEAD").commit.map_or(repo.empty_tree(), |commit| commit.tree);
        n_read_here += usize::from(repo.staged(&tree).is_some());

        let (base, head) = (format!("ours-{at}"), format!("theirs-{at}"));
        let compared = format!("{base}...{head}");
        let range = told_by_us(&only(discover(&repo, &Request::Range { base, head })));
        assert_eq!(range, told_by_git(&sandbox, &[&compared]), "range in history {at}");
        for line in staged.iter().chain(&range) {
            let letter = line.split(' ').nth(4).expect("there is a letter");
            *seen.entry(letter.to_owned()).or_default() += 1;
        }
    }
    for letter in ["A", "D", "M", "R", "T"] {
        assert!(seen.get(letter).is_some_and(|&n| n > 20), "{letter} is too rare: {seen:?}");
    }
    assert_eq!(n_read_here, histories.len(), "git is asked only where something may have got another name");
    assert!(
        histories.iter().any(|history| history.is_unborn) && histories.iter().any(|history| history.intended.is_some())
    );
}
