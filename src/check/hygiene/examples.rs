//! Running hygiene checks in tests: on one content, on a made-up change, on the examples below `fixtures/hygiene`.

use std::fs;
use std::path::Path;
use std::time::Duration;

use proptest::prelude::{any, prop, proptest};
use proptest::strategy::Strategy;
use proptest::{prop_assert, prop_assert_eq};

use crate::check::hygiene::{change_checks, file_checks};
use crate::check::parsed::SharedTree;
use crate::check::{About, ChangeCheck, Examined, FileCheck, FileInput, Manner, builtin, filetype};
use crate::model::change::{ChangeSet, ChangedFile, FileSide, Head, Mode, ObjectId, Parent, Source, Status};
use crate::model::content::{Content, ContentError, Contents};
use crate::model::deadline::Deadline;
use crate::model::finding::Finding;
use crate::model::option::{Credentials, OptionValue, Options};
use crate::model::outcome::Breakage;
use crate::model::path::RepoPath;
use crate::model::place::{Place, Span};

/// A content to check.
#[derive(Clone, Debug)]
pub(crate) struct Case<'a> {
    pub(crate) path: &'a str,
    pub(crate) bytes: &'a [u8],
    /// The size; that of the bytes if none is given.
    pub(crate) n_bytes: Option<u64>,
    pub(crate) is_added: bool,
    pub(crate) options: Options,
    pub(crate) manner: Manner,
    pub(crate) deadline: Deadline,
    pub(crate) mode: Mode,
}

impl<'a> Case<'a> {
    pub(crate) fn new(path: &'a str, bytes: &'a [u8]) -> Self {
        Self {
            path,
            bytes,
            n_bytes: None,
            is_added: true,
            options: Options::default(),
            manner: Manner::Gate,
            deadline: Deadline::NEVER,
            mode: Mode::File,
        }
    }

    fn side(&self) -> FileSide {
        FileSide { path: RepoPath::from(self.path), mode: self.mode, source: Source::Worktree }
    }

    pub(crate) fn is_wanted(&self, check: &dyn FileCheck) -> bool {
        check.wants(&self.side())
    }

    fn result(&self, check: &dyn FileCheck) -> Result<Examined, Breakage> {
        let side = self.side();
        let file = FileInput {
            side: &side,
            is_added: self.is_added,
            n_bytes: self.n_bytes.unwrap_or(self.bytes.len() as u64),
            bytes: self.bytes,
            is_text: filetype::is_text(&side.path, self.bytes),
            manner: self.manner,
            deadline: self.deadline,
            tree: &SharedTree::default(),
        };
        check.check(&file, &self.options)
    }

    pub(crate) fn examined(&self, check: &dyn FileCheck) -> Examined {
        self.result(check).expect("the check works")
    }

    pub(crate) fn findings(&self, check: &dyn FileCheck) -> Vec<Finding> {
        self.examined(check).findings
    }
}

/// The content after the fixes of a check.
pub(crate) fn fixed(check: &dyn FileCheck, case: &Case<'_>) -> String {
    let fixed = builtin::fixed(case.bytes, &case.findings(check));
    String::from_utf8(fixed.unwrap_or_else(|| case.bytes.to_vec())).expect("UTF-8")
}

pub(crate) fn messages(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(|finding| finding.message.clone()).collect()
}

pub(crate) fn places(findings: &[Finding]) -> Vec<(usize, usize)> {
    let span = |finding: &Finding| match finding.place {
        Place::Span(_, Span { start, end }) => Some((start, end)),
        _ => None,
    };
    findings.iter().filter_map(span).collect()
}

fn option(name: &str, value: OptionValue) -> Options {
    let mut options = Options::default();
    options.set(name, value);
    options
}

pub(crate) fn flagged(name: &str) -> Options {
    option(name, OptionValue::Flag(true))
}

pub(crate) fn texted(name: &str, text: &str) -> Options {
    option(name, OptionValue::Text(text.to_owned()))
}

pub(crate) fn numbered(name: &str, number: u64) -> Options {
    option(name, OptionValue::Number(number))
}

pub(crate) fn listed(name: &str, list: &[&str]) -> Options {
    option(name, OptionValue::List(list.iter().map(|&it| it.to_owned()).collect()))
}

/// A change by its names.
#[derive(Debug, Default)]
pub(crate) struct FakeChange<'a> {
    /// The files of the tree before.
    pub(crate) before: &'a [&'a str],
    pub(crate) added: &'a [&'a str],
    pub(crate) modified: &'a [&'a str],
    pub(crate) deleted: &'a [&'a str],
    /// Added links with their targets.
    pub(crate) links: &'a [(&'a str, &'a str)],
    /// Links that became files, with their targets and what the files hold.
    pub(crate) destroyed: &'a [(&'a str, &'a str, &'a str)],
    /// Added submodules.
    pub(crate) submodules: &'a [&'a str],
    /// The branch that is checked out.
    pub(crate) branch: Option<&'a str>,
    /// Whether it has no state before: all files as they are in the work tree.
    pub(crate) whole: bool,
}

impl FakeChange<'_> {
    pub(crate) fn findings(&self, check: &dyn ChangeCheck) -> Vec<Finding> {
        let examined = check.check(&self.change_set(), self, &Options::default());
        examined.expect("the check works").findings
    }

    fn change_set(&self) -> ChangeSet {
        let side = |path: &str, mode| FileSide { path: RepoPath::from(path), mode, source: Source::Worktree };
        let file = |status, path: &&str| {
            let (head, base) = match status {
                Status::Added => (Some(side(path, Mode::File)), None),
                Status::Deleted => (None, Some(side(path, Mode::File))),
                _ => (Some(side(path, Mode::File)), Some(side(path, Mode::File))),
            };
            ChangedFile { status, head, bases: vec![base] }
        };
        let link = |(path, _): &(&str, &str)| {
            let head = Some(side(path, Mode::Symlink));
            ChangedFile { status: Status::Added, head, bases: vec![None] }
        };
        let submodule = |path: &&str| {
            let head = Some(side(path, Mode::Submodule));
            ChangedFile { status: Status::Added, head, bases: vec![None] }
        };
        let destroyed = |(path, ..): &(&str, &str, &str)| ChangedFile {
            status: Status::TypeChanged,
            head: Some(side(path, Mode::File)),
            bases: vec![Some(side(path, Mode::Symlink))],
        };
        let mut files: Vec<ChangedFile> = (self.added.iter().map(|path| file(Status::Added, path)))
            .chain(self.modified.iter().map(|path| file(Status::Modified, path)))
            .chain(self.deleted.iter().map(|path| file(Status::Deleted, path)))
            .chain(self.links.iter().map(link))
            .chain(self.submodules.iter().map(submodule))
            .chain(self.destroyed.iter().map(destroyed))
            .collect();
        files.sort_by(|a, b| a.path().cmp(b.path()));
        let tree = ObjectId::from_hex(&[b'1'; 40]).expect("forty digits");
        let parents = if self.whole { Vec::new() } else { vec![Parent { tree, commit: None }] };
        ChangeSet { title: String::new(), head: Head::Index, parents, files, merged: Vec::new() }
    }
}

impl Contents for FakeChange<'_> {
    fn read(&self, side: &FileSide, _limit: u64) -> Result<Content, ContentError> {
        if let Some((_, target, content)) = self.destroyed.iter().find(|(path, ..)| side.path == RepoPath::from(*path))
        {
            let bytes = if side.mode == Mode::Symlink { target } else { content };
            return Ok(Content::Bytes(bytes.as_bytes().to_vec()));
        }
        let link = self.links.iter().find(|(path, _)| path.as_bytes() == side.path.as_bytes());
        let (_, target) = link.ok_or_else(|| ContentError("not a link".to_owned()))?;
        Ok(Content::Bytes(target.as_bytes().to_vec()))
    }

    fn branch(&self) -> Option<String> {
        self.branch.map(str::to_owned)
    }

    fn folder(&self, _tree: &ObjectId, folder: &RepoPath) -> Result<Vec<Vec<u8>>, ContentError> {
        let start = folder.join(b"");
        let below = self.before.iter().filter_map(|path| path.as_bytes().strip_prefix(start.as_bytes()));
        let mut names: Vec<Vec<u8>> =
            below.filter_map(|rest| Some(rest.split(|&byte| byte == b'/').next()?.to_vec())).collect();
        names.dedup();
        Ok(names)
    }
}

/// The files of `fixtures/hygiene/ID` whose name starts with `start`.
fn fixtures(id: &str, start: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/hygiene").join(id);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut found: Vec<(String, Vec<u8>)> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.to_owned();
            name.starts_with(start).then(|| (name, fs::read(&path).expect("a readable example")))
        })
        .collect();
    found.sort();
    assert!(!found.is_empty(), "no example {start}* for {id}");
    found
}

fn assert_documented(about: &About) {
    let mut rest = about.doc;
    for part in ["What it finds", "Why it matters", "Example", "Fix", "Options"] {
        let heading = format!("## {part}\n");
        let (_, after) = rest.split_once(&heading).unwrap_or_else(|| panic!("{} has no part {part}", about.id));
        let text = after.split("\n## ").next().unwrap_or_default();
        assert!(!text.trim().is_empty(), "{}: {part} is empty", about.id);
        rest = after;
    }
    assert!(about.summary.ends_with('.'), "{}", about.id);
    for option in about.options.iter().filter(|option| !option.help.starts_with("Accepted for old")) {
        assert!(about.doc.contains(&format!("`{}`", option.name)), "{}: {}", about.id, option.name);
    }
}

/// The options of an example: those in the file `options`, one an argument, as `tollgate builtin` takes them.
fn example_options(check: &dyn FileCheck) -> Options {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/hygiene").join(check.about().id).join("options");
    let text = fs::read_to_string(path).unwrap_or_default();
    let arguments: Vec<std::ffi::OsString> = text.lines().map(Into::into).collect();
    match builtin::arguments::parse(&builtin::Builtin::File(check), &arguments).expect("valid options") {
        builtin::arguments::Parsed::Run { options, .. } => options,
        builtin::arguments::Parsed::Help(_) => panic!("an example asks for help"),
    }
}

#[test]
fn ids_are_unique_and_documented() {
    let files = file_checks().into_iter().map(FileCheck::about).collect::<Vec<_>>();
    let changes = change_checks().into_iter().map(ChangeCheck::about);
    let mut ids: Vec<&str> =
        files.into_iter().chain(changes).inspect(|about| assert_documented(about)).map(|it| it.id).collect();
    let n_checks = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), n_checks);
}

#[test]
fn examples_of_file_checks_are_found_and_fixed() {
    for check in file_checks() {
        let id = check.about().id;
        let run = |name: &str, bytes: &[u8]| {
            let mut case = Case { options: example_options(check), ..Case::new(name, bytes) };
            if id == "check-executables-have-shebangs" {
                case.mode = Mode::Executable;
            }
            if check.asks_for_credentials() {
                case.options.set_credentials(Credentials(vec![b"made-up-credential".to_vec()]));
            }
            if name.ends_with(".names") {
                return examples_of_names(check, bytes);
            }
            assert!(case.is_wanted(check), "{id} does not want {name}");
            case.findings(check)
        };
        for (name, bytes) in fixtures(id, "fail") {
            let findings = run(&name, &bytes);
            assert!(!findings.is_empty(), "{id} finds nothing in {name}");
            for finding in &findings {
                assert_eq!(finding.rule.as_str(), id);
            }
            if let Some(mended) = builtin::fixed(&bytes, &findings) {
                assert!(run(&name, &mended).is_empty(), "{id} does not mend {name}");
            }
        }
        for (name, bytes) in fixtures(id, "pass") {
            assert!(run(&name, &bytes).is_empty(), "{id} finds something in {name}");
        }
    }
}

/// What a check finds in names, one a line: those that an example itself can't have.
fn examples_of_names(check: &dyn FileCheck, names: &[u8]) -> Vec<Finding> {
    let names = str::from_utf8(names).expect("UTF-8");
    let cases = names.lines().map(|name| Case::new(name, b""));
    cases.filter(|case| case.is_wanted(check)).flat_map(|case| case.findings(check)).collect()
}

/// Reads a made-up change: `branch NAME`, `submodule PATH`, `destroyed PATH TARGET CONTENT`, `before PATH`, `add PATH`, `delete PATH`, `link PATH TARGET`, one a line.
fn example_findings(check: &dyn ChangeCheck, text: &str) -> usize {
    let (mut before, mut added, mut deleted, mut links) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut submodules, mut destroyed, mut branch) = (Vec::new(), Vec::new(), None);
    for line in text.lines() {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["before", path] => before.push(path),
            ["add", path] => added.push(path),
            ["delete", path] => deleted.push(path),
            ["branch", name] => branch = Some(name),
            ["submodule", path] => submodules.push(path),
            ["destroyed", path, target, content] => destroyed.push((path, target, content)),
            ["link", path, target] => links.push((path, target)),
            _ => panic!("not a line of a made-up change: {line}"),
        }
    }
    let change = FakeChange {
        before: &before,
        added: &added,
        deleted: &deleted,
        links: &links,
        submodules: &submodules,
        destroyed: &destroyed,
        branch,
        ..FakeChange::default()
    };
    change.findings(check).len()
}

#[test]
fn examples_of_change_checks_are_found() {
    for check in change_checks() {
        let id = check.about().id;
        for (name, bytes) in fixtures(id, "fail") {
            let text = String::from_utf8(bytes).expect("UTF-8");
            assert!(example_findings(check, &text) > 0, "{id} finds nothing in {name}");
        }
        for (name, bytes) in fixtures(id, "pass") {
            let text = String::from_utf8(bytes).expect("UTF-8");
            assert_eq!(example_findings(check, &text), 0, "{id} finds something in {name}");
        }
    }
}

#[test]
fn a_parser_stops_when_its_time_is_over() {
    // JSON has two checks that parse.
    let many = [
        ("a.json", "[".to_owned() + &"1,".repeat(20_000), 2),
        ("a.yaml", "- a\n".repeat(20_000), 1),
        ("a.xml", "<a>".repeat(20_000), 1),
    ];
    for (path, content, n_parsers) in many {
        let deadline = Deadline::after(Duration::ZERO);
        let case = Case { deadline, ..Case::new(path, content.as_bytes()) };
        let broken = file_checks().into_iter().filter(|check| case.is_wanted(*check) && case.result(*check).is_err());
        assert_eq!(broken.count(), n_parsers, "{path}");
    }
}

/// Bytes in which hygiene checks find something: pieces of what they look for, joined at random.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let known: Vec<&'static [u8]> = vec![
        b" ",
        b"\t",
        b"\n",
        b"\r",
        b"\r\n",
        b"  \n",
        b"a",
        b"\xef\xbb\xbf",
        b"\xe2\x80\xae",
        b"\xff",
        b"\0",
        b"<<<<<<< ",
        b"=======\n",
        b">>>>>>> ",
        b"|||||||",
        b"{",
        b"}",
        b"[",
        b"]",
        b"\"",
        b":",
        b",",
        b"//",
        b"/*",
        b"\\",
        b"<a>",
        b"</a>",
        b"<!--",
        b"&",
        b";",
        b"<?xml",
        b"<!DOCTYPE a>",
        b"- ",
        b"? ",
        b"&x ",
        b"*x",
        b"!t ",
        b"|\n",
        b"---\n",
        b"a: ",
        b"a = ",
        b"[[t]]\n",
        b"'",
        b"BEGIN ",
        b"#",
        b"import pdb",
        b"list()",
        b"\xe2\x80\x8b",
        b"\xd0\xb0",
        b"RSA",
    ];
    let piece = proptest::sample::select(known).prop_map(<[u8]>::to_vec);
    let noise = prop::collection::vec(any::<u8>(), 0..8);
    prop::collection::vec(proptest::prop_oneof![9 => piece, 1 => noise], 0..40).prop_map(|parts| parts.concat())
}

const NAMES: [&str; 10] =
    ["requirements.txt", "a.py", "a.txt", "a.json", "tsconfig.json", "a.yaml", "a.toml", "a.xml", "a.md", "a"];

proptest! {
    #[test]
    fn no_content_breaks_a_check_and_every_place_is_inside(bytes in pieces()) {
        for check in file_checks() {
            for path in NAMES {
                for manner in [Manner::Gate, Manner::PreCommit { is_in_merge: true }] {
                    let findings = Case { manner, ..Case::new(path, &bytes) }.findings(check);
                    for (start, end) in places(&findings) {
                        prop_assert!(start <= end && end <= bytes.len(), "{} {path} {start}..{end}", check.about().id);
                    }
                }
            }
        }
    }

    #[test]
    fn a_fix_removes_its_finding_and_is_idempotent(bytes in pieces()) {
        for check in file_checks() {
            let id = check.about().id;
            let findings = Case::new("a.txt", &bytes).findings(check);
            let Some(mended) = builtin::fixed(&bytes, &findings) else { continue };
            let left = Case::new("a.txt", &mended).findings(check);
            prop_assert!(left.is_empty(), "{id} leaves {left:?}");
            prop_assert_eq!(builtin::fixed(&mended, &left), None);
        }
    }
}
