//! What commands depend on beside their files, where what they find is remembered: configuration files and variables.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::app::Session;
use crate::check::external::Command;
use crate::git;
use crate::git::listing::Listing;
use crate::model::change::{ChangeSet, Head};
use crate::model::outcome::Breakage;
use crate::model::path::RepoPath;
use crate::model::rule::RuleId;
use crate::plan::CommandJob;
use crate::run::Site;
use crate::run::memory::Premises;

/// Variables that tell of the terminal, the session or the step of a pipeline and not of what a program is to do. All
/// others may be meant for it.
const UNMEANT: [&str; 30] = [
    "_",
    "COLORTERM",
    "COLUMNS",
    "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY",
    "EDITOR",
    "INVOCATION_ID",
    "JOURNAL_STREAM",
    "LESS",
    "LINES",
    "LS_COLORS",
    "MAIL",
    "OLDPWD",
    "PAGER",
    "PATH",
    "PPID",
    "PS1",
    "PWD",
    "SHELL",
    "SHLVL",
    "TERM",
    "TERM_PROGRAM",
    "TERM_PROGRAM_VERSION",
    "TERM_SESSION_ID",
    "TMUX",
    "TMUX_PANE",
    "VISUAL",
    "WAYLAND_DISPLAY",
    "WINDOWID",
    "XAUTHORITY",
];
/// What the names of such variables begin with. Git's own reach no program.
const UNMEANT_STARTS: [&str; 8] = ["GIT_", "GPG_", "SSH_", "TOLLGATE_", "VSCODE_", "XDG_SESSION_", "ITERM_", "KITTY_"];
/// The variable that names the folders of programs.
const PATH: &str = "PATH";

impl Session<'_> {
    /// The premises of the commands whose findings are remembered, by the id of the check; one whose premises can't be
    /// found out has none.
    pub(super) fn premises(
        &self,
        change: &ChangeSet,
        jobs: &[CommandJob],
        sites: &BTreeMap<RuleId, Result<Site, Breakage>>,
    ) -> BTreeMap<RuleId, Premises> {
        let mut commands: Vec<&Command> = jobs.iter().map(|job| &job.command).collect();
        commands.retain(|command| self.settings.uses_results && command.is_remembered());
        let is_shown_untracked = |command: &&Command| {
            let site = sites.get(&command.id).and_then(|site| site.as_ref().ok());
            let is_in_place = site.is_some_and(|site| Some(site.top.as_path()) == self.repo.work_tree());
            is_in_place && (change.head == Head::Worktree || command.check.stdin || !command.hides_untracked())
        };
        let shows_untracked = commands.iter().any(is_shown_untracked);
        let lists = commands.iter().any(|command| command.has_configuration());
        let Ok(files) = (if lists { self.files_to_see(change, shows_untracked) } else { Ok(Vec::new()) }) else {
            return BTreeMap::new();
        };
        let premises = |command: &Command| {
            let patterns = command.configuration().ok()?;
            let home = self.settings.variables.get("HOME").map(Path::new).unwrap_or(Path::new(""));
            Some(Premises {
                configuration: files.iter().filter(|path| patterns.matches(path)).cloned().collect(),
                outside: command.home_configuration().map(|path| home.join(path)).collect(),
                variables: self.variables_for(command),
            })
        };
        commands.into_iter().filter_map(|command| Some((command.id.clone(), premises(command)?))).collect()
    }

    /// The files that are judged, and those that are beside them in the work tree.
    fn files_to_see(&self, change: &ChangeSet, with_untracked: bool) -> Result<Vec<RepoPath>, git::Error> {
        let listing = match change.head {
            Head::Tree { tree, .. } => Listing::Tree(tree),
            Head::Index | Head::Worktree => Listing::Index,
        };
        let mut files: BTreeSet<RepoPath> = self.repo.list(&listing)?.into_iter().map(|side| side.path).collect();
        if with_untracked {
            files.extend(self.repo.strays()?.untracked);
        }
        Ok(files.into_iter().collect())
    }

    /// The variables that a command inherits, as far as they may be meant for it.
    fn variables_for(&self, command: &Command) -> Vec<u8> {
        let passes = |name: &str| match &command.check.pass_env {
            Some(names) => names.iter().any(|passed| passed == name),
            None => !UNMEANT.contains(&name) && !UNMEANT_STARTS.iter().any(|start| name.starts_with(start)),
        };
        let meant = self.settings.variables.iter().filter(|(name, _)| passes(name));
        let mut text: String = meant.map(|(name, value)| format!("{name}={value}\0")).collect();
        // In a hook git adds its own folder.
        let folders = self.settings.variables.get(PATH).into_iter().flat_map(std::env::split_paths);
        let folders: Vec<PathBuf> = folders.filter(|folder| !folder.ends_with("git-core")).collect();
        text.push_str(&format!("{folders:?}"));
        text.into_bytes()
    }
}
