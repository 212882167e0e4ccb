//! Links that are tracked: in the scratch tree they say what they say in the work tree, and may lead elsewhere.

use std::fs;
use std::path::{Path, PathBuf};

use crate::git::Repo;
use crate::model::path::RepoPath;
use crate::tree::scratch::Scratch;
use crate::tree::scratch::mirror::{Redirection, plain};
use crate::tree::scratch::record::Facts;

impl Scratch {
    /// The tracked links by which a program would see something else than in the work tree with what is judged in it.
    pub(super) fn strayed_links(&self, repo: &Repo, facts: &Facts) -> Vec<String> {
        let Some(user) = repo.work_tree() else { return Vec::new() };
        let redirection = Redirection::new(user, &self.top);
        facts.links.iter().filter_map(|path| strayed(path, user, &self.top, &redirection)).collect()
    }
}

/// Why a link leads elsewhere, if it does.
fn strayed(path: &RepoPath, user: &Path, scratch: &Path, redirection: &Redirection) -> Option<String> {
    let target = fs::read_link(scratch.join(path.to_fs())).ok()?;
    if target.is_absolute() {
        let real = target.canonicalize().unwrap_or_else(|_| plain(&target));
        let is_own = redirection.own(&plain(&target)).is_some() || redirection.own(&real).is_some();
        return is_own.then(|| format!("the link {path} leads to your work tree by an absolute path"));
    }
    let from = |top: &Path| -> PathBuf {
        let link = top.join(path.to_fs());
        plain(&link.parent().unwrap_or(top).join(&target))
    };
    let leaves = !from(scratch).starts_with(scratch);
    // One that leads nowhere does so everywhere.
    (leaves && from(user).exists())
        .then(|| format!("the link {path} leads out of the repository to {}", target.display()))
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::{Redirection, strayed};
    use crate::model::path::RepoPath;

    #[test]
    fn links_that_lead_elsewhere_are_told() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let top = folder.path().canonicalize().expect("it is there");
        let (user, scratch) = (top.join("a/user"), top.join("cache/tree"));
        for folder in [&user.join("sub"), &scratch.join("sub"), &user.join("node_modules"), &top.join("a/joint")] {
            fs::create_dir_all(folder).expect("the folder is ours");
        }
        fs::write(user.join("file"), "").expect("the folder is ours");
        let redirection = Redirection::new(&user, &scratch);
        let inside = |path: &str| user.join(path).display().to_string();
        for (target, expected) in [
            ("../file", false),
            ("../nothing", false),
            ("/usr", false),
            (&inside("file"), true),
            (&inside("nothing"), true),
            (&inside("node_modules"), false),
            ("../../joint", true),
            ("../../user/file", true),
            ("../../nowhere", false),
        ] {
            let link = scratch.join("sub/link");
            let _ = fs::remove_file(&link);
            symlink(target, link).expect("the folder is ours");
            let told = strayed(&RepoPath::from("sub/link"), &user, &scratch, &redirection);
            assert_eq!(told.is_some(), expected, "{target}: {told:?}");
        }
    }
}
