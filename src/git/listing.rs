//! All files of the index or of a tree.

use std::ffi::OsString;

use crate::git::{Error, Repo, failure, os_path};
use crate::model::change::{FileSide, Mode, ObjectId, Source};
use crate::model::command::Exit;
use crate::model::path::RepoPath;

/// What is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listing {
    /// The index; of a path that is not merged yet, one of its sides.
    Index,
    /// A tree.
    Tree(ObjectId),
}

impl Repo {
    /// Every file, link and submodule, with its object; sorted by path.
    pub(crate) fn list(&self, listing: &Listing) -> Result<Vec<FileSide>, Error> {
        let listed = match listing {
            Listing::Index => self.run(&["ls-files", "--stage", "--full-name", "-z"], b"")?,
            Listing::Tree(tree) => self.run(&["ls-tree", "-r", "-z", "--full-tree", &tree.to_string()], b"")?,
        };
        let mut sides: Vec<FileSide> = listed.split(|&byte| byte == 0).filter_map(side).collect();
        sides.sort_by(|a, b| a.path.cmp(&b.path));
        sides.dedup_by(|a, b| a.path == b.path);
        Ok(sides)
    }
}

impl Repo {
    /// What the index has at a path; none if it has nothing there.
    pub(crate) fn staged_entry(&self, path: &RepoPath) -> Result<Option<FileSide>, Error> {
        let args = ["ls-files", "--stage", "--full-name", "-z", "--"];
        let args = args.iter().map(|arg| arg.into()).chain([os_path(path).into_os_string()]);
        let listed = self.run(&args.collect::<Vec<OsString>>(), b"")?;
        let mut sides = listed.split(|&byte| byte == 0).filter_map(side);
        Ok(sides.find(|side| side.path == *path))
    }
}

/// What the files of a work tree have that its index has not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Strays {
    /// Tracked files that differ or are gone.
    pub(crate) changed: Vec<RepoPath>,
    /// What is neither tracked nor ignored: files and links, and repositories of their own with a slash at the end.
    pub(crate) untracked: Vec<RepoPath>,
}

impl Repo {
    /// What differs between the work tree and the index, and what is there beside.
    pub(crate) fn strays(&self) -> Result<Strays, Error> {
        let listed =
            self.run(&["ls-files", "--modified", "--others", "--exclude-standard", "-t", "-z", "--full-name"], b"")?;
        let mut strays = Strays::default();
        for entry in listed.split(|&byte| byte == 0) {
            match entry {
                [b'?', b' ', path @ ..] => strays.untracked.push(RepoPath::new(path)),
                [_, b' ', path @ ..] => strays.changed.push(RepoPath::new(path)),
                _ => {}
            }
        }
        strays.changed.dedup();
        Ok(strays)
    }

    /// Whether there is a file that is neither tracked nor ignored.
    pub(crate) fn has_untracked_files(&self) -> Result<bool, Error> {
        let args = ["ls-files", "--others", "--exclude-standard", "--directory", "--no-empty-directory", "-z"];
        Ok(!self.run(&args, b"")?.is_empty())
    }

    /// Of these paths, those that git ignores.
    pub(crate) fn ignored(&self, paths: &[RepoPath]) -> Result<Vec<RepoPath>, Error> {
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        // It takes no literal pathspecs; a dot in front makes any name a plain one.
        let args = ["--no-literal-pathspecs", "check-ignore", "-z", "--stdin"];
        let asked: Vec<u8> = paths.iter().flat_map(|path| [b"./", path.as_bytes(), b"\0"].concat()).collect();
        let output = self.ask(&args, &asked)?;
        match output.exit {
            Exit::Code(0 | 1) => {
                let listed = output.stdout.split(|&byte| byte == 0);
                Ok(listed.filter_map(|path| path.strip_prefix(b"./")).map(RepoPath::new).collect())
            }
            _ => Err(failure(&args, &output)),
        }
    }

    /// The tracked paths that a sparse checkout leaves out of the work tree.
    pub(crate) fn left_out_by_sparse_checkout(&self) -> Result<Vec<RepoPath>, Error> {
        if !self.git_dir.join("info/sparse-checkout").is_file() {
            return Ok(Vec::new());
        }
        let listed = self.run(&["ls-files", "-t", "-z", "--full-name"], b"")?;
        let skipped = listed.split(|&byte| byte == 0).filter_map(|entry| entry.strip_prefix(b"S ")).map(RepoPath::new);
        Ok(skipped.filter(|path| self.worktree_mode(path).is_none()).collect())
    }
}

/// Paths as git takes them with `--stdin -z`.
pub(crate) fn joined(paths: &[RepoPath]) -> Vec<u8> {
    paths.iter().flat_map(|path| path.as_bytes().iter().copied().chain([0])).collect()
}

/// Reads `MODE OBJECT STAGE<tab>PATH` or `MODE TYPE OBJECT<tab>PATH`.
fn side(line: &[u8]) -> Option<FileSide> {
    let tab = line.iter().position(|&byte| byte == b'\t')?;
    let (fields, path) = (line.get(..tab)?, line.get(tab + 1..)?);
    let mut fields = fields.split(|&byte| byte == b' ');
    let mode = Mode::from_octal(fields.next()?)?;
    let id = fields.find_map(ObjectId::from_hex)?;
    Some(FileSide { path: RepoPath::new(path), mode, source: Source::Blob(id) })
}
