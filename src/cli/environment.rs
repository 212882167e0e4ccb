//! What the process was started with: the only place that reads variables and the current folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::model::command::Surroundings;
use crate::process::MARK;

/// The environment of the process.
#[derive(Clone, Debug)]
pub(crate) struct Environment {
    /// The current folder.
    pub(crate) folder: PathBuf,
    /// Every variable that is Unicode.
    pub(crate) variables: BTreeMap<String, String>,
    /// The path of this program, as the system knows it.
    pub(crate) program: PathBuf,
}

impl Environment {
    /// Reads it. A current folder that is gone is taken as `.`, and git will say so.
    #[expect(clippy::disallowed_methods, reason = "this is the place that reads the current folder")]
    pub(super) fn of_process() -> Self {
        let variables =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self {
            folder: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            variables: variables.collect(),
            program: std::env::current_exe().unwrap_or_else(|_| PathBuf::from("tollgate")),
        }
    }

    /// The value of a variable that is set and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A comma-separated list in a variable.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let words = self.get(name).unwrap_or_default().split(',').map(str::trim);
        words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }

    /// Whether the hooks are switched off.
    pub(crate) fn is_off(&self) -> bool {
        matches!(self.get("TOLLGATE"), Some("0" | "off" | "false"))
    }

    /// In how many runs this one is: a command of a check may call git, whose hook runs the checks.
    pub(crate) fn n_outer_runs(&self) -> usize {
        let marks = self.get(MARK).unwrap_or_default().split('/');
        marks.filter(|mark| mark.starts_with(|letter: char| letter.is_ascii_digit())).count()
    }

    /// What decides which programs are run.
    pub(crate) fn surroundings(&self) -> Surroundings {
        let path = self.get("PATH").or_else(|| self.get("Path")).unwrap_or_default();
        let endings = if cfg!(windows) { self.get("PATHEXT").unwrap_or_default() } else { "" };
        let outer = self.get(MARK).map_or_else(String::new, |mark| format!("{mark}/"));
        Surroundings {
            path: std::env::split_paths(path).collect(),
            endings: endings.split(';').filter(|ending| !ending.is_empty()).map(str::to_owned).collect(),
            shims: self.shims(),
            mark: format!("{outer}{}-", std::process::id()),
        }
    }

    /// Where mise has the programs that it manages.
    fn shims(&self) -> Option<PathBuf> {
        let own = self.get("MISE_DATA_DIR").map(PathBuf::from);
        let data = || self.get("XDG_DATA_HOME").map(|data| PathBuf::from(data).join("mise"));
        let home = || self.get("HOME").map(|home| PathBuf::from(home).join(".local/share/mise"));
        let windows = || self.get("LOCALAPPDATA").map(|data| PathBuf::from(data).join("mise"));
        own.or_else(data).or_else(home).or_else(windows).map(|folder| folder.join("shims"))
    }

    /// The folder for what can be made again: the user's cache folder, or a temporary one if there is none. One in a
    /// work tree would be a part of it; then it is in the git folder.
    pub(crate) fn cache(&self) -> PathBuf {
        let user = self.get("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let home = || self.get("HOME").map(|home| PathBuf::from(home).join(".cache"));
        let windows = || self.get("LOCALAPPDATA").map(PathBuf::from);
        let own = user.or_else(home).or_else(windows).map(|folder| folder.join("tollgate"));
        let own = own.map(|folder| beside_work_tree(&folder).unwrap_or(folder));
        own.filter(|folder| std::fs::create_dir_all(folder).is_ok())
            .unwrap_or_else(|| std::env::temp_dir().join("tollgate"))
    }
}

/// The folder for the cache in the git folder of the work tree that `folder` would be in; none if it would be in none.
fn beside_work_tree(folder: &Path) -> Option<PathBuf> {
    let git = folder.ancestors().skip(1).map(|above| above.join(".git")).find(|git| git.exists())?;
    let git_dir = match git.is_file() {
        true => {
            let text = std::fs::read_to_string(&git).ok()?;
            git.parent()?.join(text.trim().strip_prefix("gitdir: ")?)
        }
        false => git,
    };
    Some(git_dir.join("tollgate-cache"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::beside_work_tree;

    #[test]
    fn a_cache_is_no_part_of_a_work_tree() {
        let top = tempfile::tempdir().expect("a temporary folder");
        let cache = top.path().join("home/.cache/tollgate");
        assert_eq!(beside_work_tree(&cache), None);
        fs::create_dir_all(top.path().join("home/.git")).expect("the folder is ours");
        assert_eq!(beside_work_tree(&cache), Some(top.path().join("home/.git/tollgate-cache")));
        fs::remove_dir(top.path().join("home/.git")).expect("the folder is ours");
        fs::write(top.path().join("home/.git"), "gitdir: ../real/worktrees/x\n").expect("the folder is ours");
        assert_eq!(beside_work_tree(&cache), Some(top.path().join("home/../real/worktrees/x/tollgate-cache")));
    }
}
