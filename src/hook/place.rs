//! Where git looks for hooks, and who says so.

use std::fs;
use std::path::{Path, PathBuf};

use crate::git::Repo;
use crate::hook::Error;
use crate::hook::manifest::{Layout, Scope};

/// The setting that moves the folder of hooks.
pub(super) const KEY: &str = "core.hooksPath";

/// What the configuration says about the folder of hooks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Settings(Vec<Setting>);

/// One value, in the order in which git reads them: the last one holds.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Setting {
    scope: String,
    value: String,
}

impl Settings {
    /// Asks git. What was said for one command alone does not count.
    pub(super) fn read(repo: &Repo) -> Result<Self, Error> {
        Self::parse(&repo.run(&["config", "--list", "--show-scope", "--null"], b"")?)
    }

    /// Reads `SCOPE<nul>KEY<line feed>VALUE<nul>`.
    fn parse(listed: &[u8]) -> Result<Self, Error> {
        let fields: Vec<&[u8]> = listed.split(|&byte| byte == 0).collect();
        let mut settings = Vec::new();
        for pair in fields.chunks_exact(2) {
            let [scope, entry] = pair else { continue };
            let Some((key, value)) = entry.iter().position(|&byte| byte == b'\n').map(|at| entry.split_at(at)) else {
                continue;
            };
            if !key.eq_ignore_ascii_case(KEY.as_bytes()) || *scope == b"command" {
                continue;
            }
            let value = value.get(1..).unwrap_or_default();
            let text = |bytes: &[u8]| {
                let shown = || String::from_utf8_lossy(bytes).into_owned();
                String::from_utf8(bytes.to_owned()).map_err(|_| Error::NotUtf8 { what: KEY, shown: shown() })
            };
            settings.push(Setting { scope: text(scope)?, value: text(value)? });
        }
        Ok(Self(settings))
    }

    /// The value that holds, as it is written, and whether only one work tree has it.
    pub(super) fn effective(&self) -> Option<(&str, Scope)> {
        let last = self.0.last()?;
        Some((&last.value, if last.scope == "worktree" { Scope::Worktree } else { Scope::Local }))
    }
}

/// Where the hooks belong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the repository's own folder of hooks.
    Repository,
    /// In a folder of ours, and the setting must lead there, because git looks elsewhere or the repository's own folder
    /// is shared.
    Own {
        /// Where git looks for hooks without us, absolute or relative to where hooks run; `~` is expanded.
        former: String,
        /// Where the setting must be made.
        scope: Scope,
        /// What the setting says there, as it is written.
        before: Option<String>,
    },
    /// In our folder, and the setting leads there already.
    Already,
}

/// Finds where the hooks belong.
pub(super) fn find(repo: &Repo, layout: &Layout) -> Result<Place, Error> {
    let settings = Settings::read(repo)?;
    let Some((value, scope)) = settings.effective() else {
        let hooks = layout.hooks();
        if !hooks.is_symlink() {
            return Ok(Place::Repository);
        }
        let former = super::shim::path_text("the folder of hooks", &hooks)?;
        return Ok(Place::Own { former, scope: Scope::Local, before: None });
    };
    let former = expanded(repo, value)?;
    let folder = from_where_hooks_run(repo, Path::new(&former));
    if is_same(&folder, &layout.own_hooks()) {
        return Ok(Place::Already);
    }
    if is_same(&folder, &layout.hooks()) && !layout.hooks().is_symlink() {
        return Ok(Place::Repository);
    }
    Ok(Place::Own { former, scope, before: in_file(repo, &config_file(repo, scope))? })
}

/// The value that one configuration file sets, as it is written; files that it includes are not it.
pub(super) fn in_file(repo: &Repo, file: &Path) -> Result<Option<String>, Error> {
    let file = super::shim::path_text("the configuration file", file)?;
    let mut text = repo.run(&["config", "--file", &file, "--null", "--default", "", "--get", KEY], b"")?;
    text.pop_if(|last| *last == 0);
    let text = String::from_utf8(text).map_err(|_| Error::NotUtf8 { what: KEY, shown: file })?;
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// A path as git understands it in its configuration (`~/`, `%(prefix)/`).
fn expanded(repo: &Repo, value: &str) -> Result<String, Error> {
    // A key that nobody sets, so that the default is what is given back.
    let args = ["config", "--null", "--type=path", "--default", value, "--get", "tollgate.no-such-key"];
    let mut text = repo.run(&args, b"")?;
    text.pop_if(|last| *last == 0);
    String::from_utf8(text).map_err(|_| Error::NotUtf8 { what: KEY, shown: value.to_owned() })
}

/// A path relative to where git runs the hooks, made absolute.
pub(super) fn from_where_hooks_run(repo: &Repo, path: &Path) -> PathBuf {
    repo.work_tree().unwrap_or(repo.git_dir()).join(path)
}

/// Whether two names lead to the same folder.
pub(super) fn is_same(one: &Path, other: &Path) -> bool {
    one == other || matches!((fs::canonicalize(one), fs::canonicalize(other)), (Ok(one), Ok(other)) if one == other)
}

/// The file in which a setting is made.
pub(super) fn config_file(repo: &Repo, scope: Scope) -> PathBuf {
    match scope {
        Scope::Local => repo.common_dir().join("config"),
        Scope::Worktree => repo.git_dir().join("config.worktree"),
    }
}

/// Whether git would run a file as a hook.
pub(super) fn is_runnable(file: &Path) -> bool {
    let Ok(metadata) = fs::metadata(file) else { return false };
    #[cfg(unix)]
    let is_executable = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o111 != 0;
    #[cfg(not(unix))]
    let is_executable = true;
    metadata.is_file() && is_executable
}

/// The names of the hooks in a folder that git would run, sorted, other than those of `except`. Every hook of git but
/// `update` has a hyphen in its name.
pub(super) fn hooks_in(folder: &Path, except: &[String]) -> Vec<String> {
    let is_name = |name: &str| {
        (name == "update" || name.contains('-'))
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| is_name(name) && !except.contains(name) && is_runnable(&folder.join(name)))
        .collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::{Settings, expanded, in_file};
    use crate::hook::manifest::Scope;
    use crate::tree::sandbox::Sandbox;

    #[test]
    fn a_home_folder_is_understood() {
        let sandbox = Sandbox::new();
        let repo = sandbox.repo();
        let folder = expanded(&repo, "~/x").expect("git expands it");
        assert!(folder.ends_with("/x") && !folder.contains('~'), "{folder}");
        assert_eq!(expanded(&repo, ".husky/_").expect("git expands it"), ".husky/_");
    }

    #[test]
    fn what_a_file_includes_is_not_what_it_sets() {
        let sandbox = Sandbox::new();
        let (repo, config) = (sandbox.repo(), sandbox.top().join(".git/config"));
        let set = || in_file(&repo, &config).expect("git reads it");
        sandbox.write(".git/more", "[core]\n\thooksPath = elsewhere\n");
        sandbox.git(&["config", "include.path", "more"]);
        assert_eq!(set(), None);
        sandbox.git(&["config", "core.hooksPath", "~/x"]);
        assert_eq!(set().as_deref(), Some("~/x"));
        assert_eq!(in_file(&repo, &sandbox.top().join(".git/gone")).expect("nothing is set"), None);
    }

    #[test]
    fn the_last_value_holds_and_a_single_command_does_not_count() {
        let listed = b"global\0core.hookspath\n~/hooks\0local\0user.name\na\nb\0local\0core.flag\0local\0core.hookspath\n.husky/_\0command\0core.hookspath\n/dev/null\0";
        let settings = Settings::parse(listed).expect("it is text");
        assert_eq!(settings.effective(), Some((".husky/_", Scope::Local)));
        assert_eq!(Settings::parse(b"").expect("it is empty").effective(), None);
    }
}
