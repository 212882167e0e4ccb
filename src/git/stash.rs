//! The changes that the user has put aside with `git stash`. The list is one for all work trees of a repository, so what is
//! run elsewhere may take from it.

use std::fs;
use std::io::ErrorKind;

use crate::git::{Error, Repo};
use crate::model::change::ObjectId;

/// What the user has put aside, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stash(Vec<Aside>);

/// A commit with changes that were put aside, and what is said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Aside {
    id: ObjectId,
    said: String,
}

impl Repo {
    /// What the user has put aside.
    pub(crate) fn stash(&self) -> Result<Stash, Error> {
        if self.common_dir.join("reftable").is_dir() {
            return self.listed_stash();
        }
        match fs::read(self.common_dir.join("logs/refs/stash")) {
            Ok(log) => Ok(Stash(log.split(|&byte| byte == b'\n').filter_map(Aside::of_line).collect())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Stash::default()),
            Err(_) => self.listed_stash(),
        }
    }

    /// The same as git tells it.
    fn listed_stash(&self) -> Result<Stash, Error> {
        let listed = self.run(&["stash", "list", "-z", "--format=- %H%x09%gs"], b"")?;
        let mut stash: Vec<Aside> = listed.split(|&byte| byte == 0).filter_map(Aside::of_line).collect();
        stash.reverse();
        Ok(Stash(stash))
    }

    /// Puts aside again what is in `before` and is not any more; gives how many that are.
    pub(crate) fn restore_stash(&self, before: &Stash) -> Result<usize, Error> {
        if before.0.is_empty() {
            return Ok(0);
        }
        let now = self.stash()?;
        let missing: Vec<&Aside> =
            before.0.iter().filter(|aside| !now.0.iter().any(|there| there.id == aside.id)).collect();
        for aside in &missing {
            self.run(&["stash", "store", "--quiet", "--message", &aside.said, &aside.id.to_string()], b"")?;
        }
        Ok(missing.len())
    }
}

impl Aside {
    /// Reads what git writes of each change of a reference: `OLD NEW WHO WHEN<tab>WHAT`.
    fn of_line(line: &[u8]) -> Option<Self> {
        let (facts, said) = line.split_at(line.iter().position(|&byte| byte == b'\t').unwrap_or(line.len()));
        let id = ObjectId::from_hex(facts.split(|&byte| byte == b' ').nth(1)?)?;
        Some(Self { id, said: String::from_utf8_lossy(said).trim_start().to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use crate::tree::sandbox::Sandbox;

    #[test]
    fn what_was_put_aside_is_known_and_comes_back() {
        let sandbox = Sandbox::new();
        sandbox.write("a", "1\n");
        sandbox.git(&["add", "a"]);
        sandbox.git(&["commit", "-qm", "one"]);
        let repo = sandbox.repo();
        assert_eq!(repo.stash().expect("it is read").0, []);
        for (text, said) in [("2\n", "first"), ("3\n", "second: with more"), ("4\n", "third")] {
            sandbox.write("a", text);
            sandbox.git(&["stash", "push", "-q", "-m", said]);
        }
        let before = repo.stash().expect("it is read");
        assert_eq!(before, repo.listed_stash().expect("git lists it"));
        assert_eq!(repo.restore_stash(&before).expect("nothing is to be done"), 0);
        sandbox.git(&["stash", "drop", "-q"]);
        assert_eq!(repo.restore_stash(&before).expect("it is put back"), 1);
        assert_eq!(repo.stash().expect("it is read"), before);
        sandbox.git(&["stash", "clear"]);
        assert_eq!(repo.restore_stash(&before).expect("they are put back"), 3);
        assert_eq!(repo.stash().expect("it is read"), before);
    }
}
