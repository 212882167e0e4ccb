//! Where commands run: in the work tree if that shows them what is judged and nothing else, else in the scratch tree.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::app::{Session, python};
use crate::check::external::Command;
use crate::config::Sight;
use crate::git;
use crate::git::listing::{Listing, Strays};
use crate::model::change::{ChangeSet, Head};
use crate::model::outcome::{Breakage, Notice};
use crate::model::path::RepoPath;
use crate::model::rule::RuleId;
use crate::plan::CommandJob;
use crate::process::lookup::find;
use crate::run::mending::named;
use crate::run::{Ground, PYTHON_PATH, Site};
use crate::store;
use crate::store::edited::{load_edited, save_edited};
use crate::tree::scratch::stored::SCRATCH;
use crate::tree::scratch::{Places, Scratch, Wanted};
use crate::tree::stays_below;
use crate::tree::temporary::TemporaryFolder;

/// How many files with unstaged changes are remembered.
const N_EDITED: usize = 4;
/// The variables that name an environment of Python.
const ENVIRONMENTS: [&str; 3] = ["VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONUSERBASE"];
/// What an environment calls the folder of its programs, or a manager of versions that of all of them.
const PROGRAMS: [&str; 3] = ["bin", "Scripts", "shims"];
/// The minor versions of Python 3 of which a user may have packages in a folder each.
const MINOR_VERSIONS: std::ops::RangeInclusive<u8> = 6..=20;

/// The ground of a run; the scratch tree is put in order and the folder for reports goes when it is dropped.
pub(super) struct Grounded {
    ground: Result<Ground, Breakage>,
    _reports: Option<TemporaryFolder>,
}

impl Grounded {
    pub(super) fn ground(&self) -> Result<Ground, Breakage> {
        self.ground.clone()
    }

    /// Puts the scratch tree in order; tells of the tracked files that commands changed there, with those that were put
    /// in order before, and of the branches and tags that they moved there.
    pub(super) fn end(self, jobs: &[CommandJob], mut undone: BTreeSet<RepoPath>) -> Vec<Notice> {
        let Ok(ground) = self.ground else { return Vec::new() };
        let is_there = |job: &&CommandJob| {
            let site = ground.sites.get(&job.command.id).and_then(|site| site.as_ref().ok());
            let top = ground.scratch.as_ref().map(|scratch| scratch.top());
            !job.command.mends() && site.is_some_and(|site| Some(site.top.as_path()) == top)
        };
        let ids: Vec<RuleId> = jobs.iter().filter(is_there).map(|job| job.command.id.clone()).collect();
        let ended = ground.scratch.and_then(Arc::into_inner).map(Scratch::end).unwrap_or_default();
        undone.extend(ended.changed);
        let Some(check) = ids.first() else { return Vec::new() };
        let who = match ids.as_slice() {
            [id] => format!("`{id}`"),
            several => format!("one of {}", several.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ")),
        };
        let files = named("file", &undone.iter().collect::<Vec<_>>());
        let changed =
            format!("{who} changed {files} in its copy; that is not kept. A command that mends has `fix = \"safe\"`");
        let moved =
            format!("{who} made, moved or removed {} in its copy; that is not kept", named("reference", &ended.moved));
        let told = [(!undone.is_empty(), changed), (!ended.moved.is_empty(), moved)];
        let notice = |message| Notice { check: check.clone(), path: None, message };
        told.into_iter().filter(|(is_so, _)| *is_so).map(|(_, message)| notice(message)).collect()
    }
}

/// What a run without commands is given.
pub(super) fn not_needed() -> Breakage {
    Breakage::new("no command was planned")
}

pub(super) fn broken(what: &str, error: &dyn std::error::Error) -> Breakage {
    let mut why = format!("{what}: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        why.push_str(&format!(": {error}"));
        cause = error.source();
    }
    Breakage::new(why)
}

/// What the work tree shows beside what is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beside {
    /// Nothing.
    Nothing,
    /// Files that are not tracked.
    Untracked,
    /// Tracked files that are not as they are judged.
    Tracked,
}

impl Session<'_> {
    /// Prepares the ground for the commands of a run. What can't be prepared breaks the commands that need it.
    pub(super) fn ground(&self, change: &ChangeSet, jobs: &[CommandJob]) -> Grounded {
        let reports = match TemporaryFolder::create(&self.settings.cache) {
            Ok(reports) => reports,
            Err(error) => {
                let ground = Err(broken("cannot make a folder for reports", &error));
                return Grounded { ground, _reports: None };
            }
        };
        let (sites, scratch) = self.sites(change, jobs);
        let edited = match self.edited(change, jobs) {
            Ok(edited) => edited,
            Err(error) => {
                let ground = Err(broken("cannot tell what is edited in the work tree", &error));
                return Grounded { ground, _reports: None };
            }
        };
        let object = |commit: Option<_>| commit.map_or_else(String::new, |id| format!("{id}"));
        let premises = self.premises(change, jobs, &sites);
        let states = self.states(change, jobs, &sites);
        let ground = Ground {
            sites,
            premises,
            states,
            scratch: scratch.map(Arc::new),
            edited,
            reports: reports.path().to_owned(),
            base: object(change.parents.first().map(|parent| parent.commit.unwrap_or(parent.tree))),
            head: match change.head {
                Head::Tree { commit, .. } => object(Some(commit)),
                Head::Index | Head::Worktree => String::new(),
            },
        };
        Grounded { ground: Ok(ground), _reports: Some(reports) }
    }

    /// The top of the work tree and the files that are edited there, where it is judged and commands mend.
    fn edited(&self, change: &ChangeSet, jobs: &[CommandJob]) -> Result<(PathBuf, Vec<RepoPath>), git::Error> {
        let top = self.repo.work_tree().map(ToOwned::to_owned).unwrap_or_default();
        if change.head != Head::Worktree || !jobs.iter().any(|job| job.command.mends()) {
            return Ok((top, Vec::new()));
        }
        let Strays { mut changed, untracked } = self.repo.strays()?;
        let judged: BTreeSet<&RepoPath> =
            change.files.iter().filter_map(|file| file.head.as_ref()).map(|side| &side.path).collect();
        changed.extend(untracked.into_iter().filter(|path| judged.contains(path)));
        Ok((top, changed))
    }

    /// The site of each command, and the scratch tree if one of them runs there.
    fn sites(
        &self,
        change: &ChangeSet,
        jobs: &[CommandJob],
    ) -> (BTreeMap<RuleId, Result<Site, Breakage>>, Option<Scratch>) {
        let beside = self.beside(change, jobs);
        let beside = beside.map_err(|error| broken("cannot tell whether the work tree is as judged", &error));
        let top = self.repo.work_tree().map(ToOwned::to_owned);
        let (mut scratch, mut laid_out) = (None, None);
        let mut site = |command: &Command| {
            let is_shown = !needs_judged(command, change) || shows(beside.clone()?, command);
            // The user's files are not where a command may change them.
            let is_shown = is_shown && !command.mends();
            match top.as_ref().filter(|_| is_shown) {
                Some(top) => Ok(Site { top: top.clone(), ..Site::default() }),
                None => laid_out
                    .get_or_insert_with(|| {
                        let made = scratch.insert(self.scratch(change, jobs)?);
                        match made.leaks() {
                            [] => Ok(self.site(made)),
                            [leak, ..] => Err(leaking(leak)),
                        }
                    })
                    .clone()
                    .and_then(|site| self.led(command, site)),
            }
        };
        let mut site = |command: &Command| {
            let site = site(command)?;
            match stays_below(&site.top, Path::new(&command.check.dir)) {
                true => Ok(site),
                false => Err(astray(&command.check.dir)),
            }
        };
        let sites = jobs.iter().map(|job| (job.command.id.clone(), site(&job.command))).collect();
        (sites, scratch)
    }

    /// The site in the scratch tree, if it leads the command to what is judged there.
    pub(super) fn led(&self, command: &Command, site: Site) -> Result<Site, Breakage> {
        let unknown = python::unknown(command, &self.settings.variables);
        let deaf = || {
            let folders = command.lookup(&site.top, &self.settings.surroundings);
            let program = command.check.run.iter().find_map(|run| run.value.first());
            let found = program.map(|name| {
                find(name.as_ref(), &folders, &self.settings.surroundings.endings)
                    .unwrap_or_else(|| site.top.join(&command.check.dir).join(name))
            });
            python::deaf(command, found.as_deref()).filter(|_| !site.python_path.is_empty())
        };
        unknown.or_else(deaf).map_or_else(|| Ok(site.clone()), |leak| Err(leaking(&leak)))
    }

    /// What the work tree shows that is not judged, as far as these commands care.
    fn beside(&self, change: &ChangeSet, jobs: &[CommandJob]) -> Result<Beside, git::Error> {
        let mut careful =
            jobs.iter().map(|job| &job.command).filter(|command| needs_judged(command, change) && !command.mends());
        let hides_untracked = careful.clone().any(Command::hides_untracked);
        if careful.next().is_none() || change.head == Head::Worktree {
            return Ok(Beside::Nothing);
        }
        let is_hidden = match change.head {
            Head::Tree { tree, .. } => self.repo.differs_from(&tree)?,
            Head::Index | Head::Worktree => self.repo.has_index_of_its_own() || self.has_unstaged_changes()?,
        };
        Ok(match is_hidden {
            true => Beside::Tracked,
            false if hides_untracked && self.repo.has_untracked_files()? => Beside::Untracked,
            false => Beside::Nothing,
        })
    }

    /// Whether the work tree has what is not staged. Files that had unstaged changes when that was asked last are looked
    /// at first, as all of them take much longer.
    fn has_unstaged_changes(&self) -> Result<bool, git::Error> {
        let folder = store::folder(&self.settings.cache, self.repo.git_dir());
        let known = load_edited(&folder);
        if !known.is_empty() && !self.repo.unstaged_among(&known)?.is_empty() {
            return Ok(true);
        }
        let mut edited = self.repo.unstaged_paths()?;
        edited.truncate(N_EDITED);
        if edited != known {
            // Without them the next run looks at all files again.
            let _ = save_edited(&folder, &edited);
        }
        Ok(!edited.is_empty() || self.repo.has_unwatched_changes()?)
    }

    fn scratch(&self, change: &ChangeSet, jobs: &[CommandJob]) -> Result<Scratch, Breakage> {
        let wanted = match change.head {
            Head::Tree { tree, commit } => Wanted { listing: Listing::Tree(tree), commit: Some(commit) },
            Head::Index | Head::Worktree => Wanted { listing: Listing::Index, commit: None },
        };
        self.lay_out(SCRATCH, &wanted, jobs.iter())
    }

    /// Lays out what is wanted in the folder of this name among what is kept of the work tree, for these commands.
    pub(super) fn lay_out<'a>(
        &self,
        name: &str,
        wanted: &Wanted,
        jobs: impl Iterator<Item = &'a CommandJob>,
    ) -> Result<Scratch, Breakage> {
        let home = store::folder(&self.settings.cache, self.repo.git_dir()).join(name);
        let mut environments = environments(&self.settings.variables);
        let variables = &self.settings.variables;
        environments.extend(jobs.flat_map(|job| {
            let by_name = python::environments(&job.command, variables);
            named_environments(&job.command, variables).into_iter().chain(by_name)
        }));
        let places = Places { home: &home, cache: &self.settings.cache, environments: &environments };
        Scratch::lay_out(self.repo, places, wanted).map_err(|error| broken("cannot lay out what is judged", &error))
    }

    /// The scratch tree as a site: variables that name the work tree name it instead.
    pub(super) fn site(&self, scratch: &Scratch) -> Site {
        let user = self.repo.work_tree().unwrap_or(scratch.top());
        let mut env: BTreeMap<OsString, OsString> = self
            .settings
            .variables
            .iter()
            // Git's own go away: they would name the user's index.
            .filter(|(name, _)| !name.starts_with("GIT_"))
            .filter_map(|(name, value)| Some((name.into(), redirected(value, user, scratch.top())?)))
            .collect();
        if !scratch.python_path().is_empty() {
            let name = OsString::from(PYTHON_PATH);
            let inherited = || self.settings.variables.get(PYTHON_PATH).map(OsString::from);
            let rest = env.get(&name).cloned().or_else(inherited).unwrap_or_default();
            let folders = scratch.python_path().iter().cloned().chain(std::env::split_paths(&rest));
            env.insert(name, std::env::join_paths(folders).unwrap_or(rest.clone()));
        }
        Site {
            top: scratch.top().to_owned(),
            env,
            python_path: scratch.python_path().to_vec(),
            linked: Arc::clone(scratch.linked()),
        }
    }
}

/// Where environments of Python may be that a program finds by itself: active, above a folder of programs, the user's.
fn environments(variables: &BTreeMap<String, String>) -> Vec<PathBuf> {
    let path = variables.get("PATH").or_else(|| variables.get("Path"));
    let folders = path.map(|path| std::env::split_paths(path).collect::<Vec<_>>()).unwrap_or_default();
    let is_of_programs = |folder: &&PathBuf| PROGRAMS.iter().any(|name| folder.ends_with(name));
    let above = folders.iter().filter(is_of_programs).filter_map(|folder| folder.parent().map(Path::to_owned));
    let active = ENVIRONMENTS.iter().filter_map(|name| variables.get(*name).map(PathBuf::from));
    let below = |name: &str, folder: &str| variables.get(name).map(|place| Path::new(place).join(folder));
    let mac = below("HOME", "Library/Python").filter(|_| cfg!(target_os = "macos"));
    let windows = below("APPDATA", "Python").filter(|_| cfg!(windows));
    let mac = mac.into_iter().flat_map(|place| MINOR_VERSIONS.map(move |minor| place.join(format!("3.{minor}"))));
    let windows =
        windows.into_iter().flat_map(|place| MINOR_VERSIONS.map(move |minor| place.join(format!("Python3{minor}"))));
    active.chain(above).chain(below("HOME", ".local")).chain(mac).chain(windows).collect()
}

/// The environments of Python that a command names by the path of one of their programs, or by variables of its own.
fn named_environments(command: &Command, variables: &BTreeMap<String, String>) -> Vec<PathBuf> {
    let own = &command.check.env;
    let words = command.check.run.iter().flat_map(|run| run.value.iter()).chain(own.values());
    let home = variables.get("HOME").map_or("", String::as_str);
    let paths =
        words.flat_map(|word| word.split(|letter: char| letter.is_whitespace() || "\"'`:;=()&|<>".contains(letter)));
    let paths = paths.map(|path| {
        let starts = ["~/", "$HOME/", "${HOME}/"];
        let below_home = starts.iter().find_map(|start| path.strip_prefix(start));
        below_home.map_or_else(|| PathBuf::from(path), |rest| Path::new(home).join(rest))
    });
    let above = paths.filter(|path| path.is_absolute()).flat_map(|path| {
        let folders = path.ancestors().filter(|folder| PROGRAMS.iter().any(|name| folder.ends_with(name)));
        folders.filter_map(|folder| folder.parent().map(Path::to_owned)).collect::<Vec<_>>()
    });
    above.chain(ENVIRONMENTS.iter().filter_map(|name| own.get(*name).map(PathBuf::from))).collect()
}

/// Whether a command is to see what is judged, and not the work tree as it is. One that reads its file from us has seen
/// it; for the index, the rest that it may look for is where the user works.
fn needs_judged(command: &Command, change: &ChangeSet) -> bool {
    let reads_input = command.check.stdin && !matches!(change.head, Head::Tree { .. });
    command.check.sight != Sight::WorkTree && !reads_input
}

/// Whether the work tree shows a command nothing that it must not see.
fn shows(beside: Beside, command: &Command) -> bool {
    match beside {
        Beside::Nothing => true,
        Beside::Untracked => !command.hides_untracked(),
        Beside::Tracked => false,
    }
}

/// The value of a variable (a path or a list of them) with the scratch tree in the place of the work tree; none if it
/// does not name that.
fn redirected(value: &str, user: &Path, scratch: &Path) -> Option<OsString> {
    let is_inside = |path: &Path| path.strip_prefix(user).is_ok();
    if !std::env::split_paths(value).any(|path| is_inside(&path)) {
        return None;
    }
    let lead = |path: PathBuf| match path.strip_prefix(user) {
        Ok(inside) if inside.as_os_str().is_empty() => scratch.to_owned(),
        Ok(inside) => scratch.join(inside),
        Err(_) => path,
    };
    std::env::join_paths(std::env::split_paths(value).map(lead)).ok()
}

pub(super) fn leaking(leak: &str) -> Breakage {
    Breakage {
        why: format!("it sees unstaged code: {leak}, and that can't be led elsewhere"),
        hint:
            "stage or stash what is not staged, remove what leads there, or let the check run in your work tree as it \
               is, with `isolate = \"none\"`"
                .to_owned(),
        log: String::new(),
    }
}

/// What a command is told whose folder is behind a link.
fn astray(dir: &str) -> Breakage {
    Breakage {
        why: format!("`dir = \"{dir}\"` leads out of the repository by a link: what is there is not judged"),
        hint: "give a folder of the repository as `dir`".to_owned(),
        log: String::new(),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::collections::BTreeMap;
    use std::path::{Path, PathBuf};

    use super::{environments, named_environments, redirected};
    use crate::check::external::tests::command;
    use crate::config::Output;

    #[test]
    fn environments_of_python_are_looked_for_wherever_one_may_be_in_use() {
        let variables = [
            ("PATH", "/usr/bin:/opt/venv/bin:/h/.pyenv/shims:/opt/tools"),
            ("HOME", "/h"),
            ("VIRTUAL_ENV", "/active"),
            ("PYTHONUSERBASE", "/base"),
        ];
        let variables: BTreeMap<String, String> =
            variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let found = environments(&variables);
        for place in ["/usr", "/opt/venv", "/h/.pyenv", "/h/.local", "/active", "/base"] {
            assert!(found.contains(&PathBuf::from(place)), "{place}: {found:?}");
        }
        assert!(!found.contains(&PathBuf::from("/opt")), "{found:?}");
        for (words, expected) in [
            (&["/e/v/bin/python", "-m", "pytest"][..], vec!["/e/v"]),
            (&["sh", "-c", "cd x; '/e/v/bin/pytest' -q && ~/w/bin/x"], vec!["/e/v", "/h/w"]),
            (&["env", "PATH=/e/v/bin:/usr/bin", "$HOME/w/bin/python"], vec!["/e/v", "/usr", "/h/w"]),
            (&["bin/python", "cabin/python", "/e/cabin/x"], vec![]),
        ] {
            let named = named_environments(&command(words, Output::ExitCode), &variables);
            assert_eq!(named, expected.into_iter().map(PathBuf::from).collect::<Vec<_>>(), "{words:?}");
        }
        let mut own = command(&["pytest"], Output::ExitCode);
        own.check.env = [("VIRTUAL_ENV".to_owned(), "/own".to_owned())].into();
        assert_eq!(named_environments(&own, &variables), [PathBuf::from("/own")]);
    }

    #[track_caller]
    fn check(value: &str, expected: Option<&str>) {
        let redirected = redirected(value, Path::new("/w"), Path::new("/s"));
        assert_eq!(redirected.as_deref().and_then(|value| value.to_str()), expected);
    }

    #[test]
    fn variables_that_name_the_work_tree_name_the_scratch_tree() {
        check("/w", Some("/s"));
        check("/w/target", Some("/s/target"));
        check("/usr/bin:/w/node_modules/.bin:/w", Some("/usr/bin:/s/node_modules/.bin:/s"));
        check("/work", None);
        check("text with /w/x in it", None);
        check("", None);
    }
}
