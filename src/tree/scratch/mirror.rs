//! Folders of dependencies, which git ignores and programs need: a folder of ours each, whose entries lead to the
//! user's. A link that leads back to the user's own files leads to the scratch tree instead. It must not be a link as a
//! whole: programs keep caches in it, and a pattern such as `node_modules/` ignores folders only.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirEntry};
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::git::Repo;
use crate::git::difference::{Differences, Tracked};
use crate::model::path::RepoPath;
use crate::tree::Error;
use crate::tree::removal::remove_folder;
use crate::tree::scratch::Scratch;
use crate::tree::scratch::beneath::remove_beneath;
use crate::tree::scratch::linked::Linked;
use crate::tree::scratch::record::Facts;

/// What package managers call the folders of what they install in a project.
pub(super) const NAMES: [&str; 4] = ["node_modules", ".venv", "venv", "vendor"];

/// Folders in which programs keep what they made of the files that they saw: each place has its own.
pub(super) const CACHES: [&str; 4] = [".cache", ".vite", ".vite-temp", "__pycache__"];

/// The most bytes of a file of text that starts a program.
const MAX_TEXT: u64 = 1 << 20;
/// Where a path ends in a text.
const ENDS: [char; 12] = ['"', '\'', '`', ' ', '\t', '\n', '\r', ':', ';', '=', '(', ')'];

/// Where links lead from and to.
#[derive(Clone, Debug)]
pub(super) struct Redirection {
    /// The top of the user's work tree, as it was named and as the system names it.
    user: [PathBuf; 2],
    /// The top of the scratch tree.
    scratch: PathBuf,
    /// The same as the system names it.
    real_scratch: PathBuf,
}

impl Redirection {
    pub(super) fn new(user: &Path, scratch: &Path) -> Self {
        let real = user.canonicalize().unwrap_or_else(|_| user.to_owned());
        let real_scratch = scratch.canonicalize().unwrap_or_else(|_| scratch.to_owned());
        Self { user: [user.to_owned(), real], scratch: scratch.to_owned(), real_scratch }
    }

    /// The path from the top, of what is in the user's work tree.
    fn inside<'a>(&self, path: &'a Path) -> Option<&'a Path> {
        self.user.iter().find_map(|top| path.strip_prefix(top).ok())
    }

    /// The same of what is the user's own: dependencies are what they are, whatever is judged.
    pub(super) fn own<'a>(&self, path: &'a Path) -> Option<&'a Path> {
        let is_installed = |name: Component<'_>| NAMES.iter().any(|known| name.as_os_str() == *known);
        self.inside(path).filter(|path| !path.components().any(is_installed))
    }

    /// Whether a text file names something of the user's own, absolute: what a program in it starts is that.
    fn is_named_in(&self, file: &Path) -> bool {
        let is_small = fs::metadata(file).is_ok_and(|metadata| metadata.len() <= MAX_TEXT);
        let text = if is_small { fs::read(file).unwrap_or_default() } else { Vec::new() };
        let text = String::from_utf8(text).unwrap_or_default();
        text.split(ENDS).any(|word| self.own(&plain(Path::new(word))).is_some())
    }

    /// Whether something is in the scratch tree.
    fn is_scratch(&self, real: &Path) -> bool {
        real.starts_with(&self.real_scratch)
    }

    /// Where something in the user's work tree is in the scratch tree.
    pub(super) fn redirected(&self, path: &Path) -> Option<PathBuf> {
        self.inside(path).map(|inside| self.scratch.join(inside))
    }
}

impl Scratch {
    /// Brings the folders of dependencies up to date; gives what still leads to the user's own files, and the folders that
    /// are linked.
    pub(super) fn mirror_dependencies(&self, repo: &Repo, facts: &mut Facts) -> Result<(Vec<String>, Linked), Error> {
        let Some(user) = repo.work_tree() else { return Ok(Default::default()) };
        let wanted = self.dependencies(repo, user, facts)?;
        for path in facts.mirrors.difference(&wanted) {
            remove_beneath(&self.top, path)?;
        }
        let mut mirror = Mirror::new(Redirection::new(user, &self.top));
        for path in &wanted {
            let (from, to) = (user.join(path.to_fs()), self.top.join(path.to_fs()));
            mirror.folder(&from, &to).map_err(Error::files("link the dependencies in", &from))?;
            mirror.look_into_store(&from.join(".pnpm"));
        }
        let folders: Vec<PathBuf> = wanted.iter().map(|path| user.join(path.to_fs())).collect();
        let modules: Vec<PathBuf> = folders.into_iter().filter(|folder| folder.ends_with("node_modules")).collect();
        mirror.leaks.extend(modules.iter().flat_map(|folder| nested(folder, &mirror.redirection, MAX_NESTED)));
        mirror.leaks.extend(requirers(&modules, &mirror.redirection));
        facts.mirrors = wanted;
        Ok((mirror.leaks, mirror.linked))
    }

    /// Removes the folders of ours in which the steps put files: they are tracked from now on.
    pub(super) fn make_way(&self, steps: &BTreeMap<RepoPath, Option<Tracked>>, facts: &mut Facts) -> Result<(), Error> {
        let is_tracked = |mirror: &RepoPath| steps.iter().any(|(path, step)| step.is_some() && is_below(path, mirror));
        let (gone, kept) = facts.mirrors.iter().cloned().partition(is_tracked);
        facts.mirrors = kept;
        let gone: BTreeSet<RepoPath> = gone;
        gone.iter().try_for_each(|mirror| remove_beneath(&self.top, mirror))
    }

    /// The folders that are ours, told from those that hold one of `all` the files.
    pub(super) fn forgotten_mirrors(&self, facts: &Facts, all: &Differences) -> Vec<RepoPath> {
        let is_ours = |folder: &RepoPath| {
            self.top.join(folder.to_fs()).is_dir() && !all.0.keys().any(|path| is_below(path, folder))
        };
        candidates(facts).into_iter().filter(is_ours).collect()
    }

    /// The folders of dependencies beside manifests that the user has and that git ignores.
    fn dependencies(&self, repo: &Repo, user: &Path, facts: &Facts) -> Result<BTreeSet<RepoPath>, Error> {
        // What is laid out there already is tracked.
        let is_ours = |path: &RepoPath| facts.mirrors.contains(path) || !self.top.join(path.to_fs()).exists();
        let found: Vec<RepoPath> =
            candidates(facts).into_iter().filter(|path| user.join(path.to_fs()).is_dir() && is_ours(path)).collect();
        Ok(repo.ignored(&found)?.into_iter().collect())
    }
}

/// Where dependencies may be installed.
fn candidates(facts: &Facts) -> Vec<RepoPath> {
    let folders: BTreeSet<RepoPath> = facts.manifests.iter().filter_map(RepoPath::parent).collect();
    let below = folders.iter().flat_map(|folder| NAMES.iter().map(|name| folder.join(name.as_bytes())));
    NAMES.iter().map(|name| RepoPath::from(*name)).chain(below).collect()
}

/// Whether a path is below a folder.
fn is_below(path: &RepoPath, folder: &RepoPath) -> bool {
    path.as_bytes().strip_prefix(folder.as_bytes()).is_some_and(|rest| rest.starts_with(b"/"))
}

struct Mirror {
    redirection: Redirection,
    leaks: Vec<String>,
    linked: Linked,
}

impl Mirror {
    fn new(redirection: Redirection) -> Self {
        Self { redirection, leaks: Vec::new(), linked: Linked::default() }
    }

    /// Makes `to` a folder whose entries stand for those of `from`.
    fn folder(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        if !fs::symlink_metadata(to).is_ok_and(|metadata| metadata.is_dir()) {
            remove(to)?;
            fs::create_dir_all(to)?;
        }
        let mut names = BTreeSet::new();
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            if !CACHES.iter().any(|cache| entry.file_name() == *cache) {
                self.entry(&entry, &to.join(entry.file_name()))?;
            }
            names.insert(entry.file_name());
        }
        for entry in fs::read_dir(to)? {
            let entry = entry?;
            if !names.contains(&entry.file_name()) && entry.file_type()?.is_symlink() {
                remove(&entry.path())?;
            }
        }
        Ok(())
    }

    fn entry(&mut self, entry: &DirEntry, to: &Path) -> io::Result<()> {
        let (from, kind) = (entry.path(), entry.file_type()?);
        if kind.is_symlink() {
            let is_folder = from.is_dir();
            link(&self.target(&from)?, to, is_folder)?;
            match to.canonicalize() {
                Ok(real) if self.redirection.own(&real).is_some() => {
                    self.leaks.push(format!("{} leads to your work tree", from.display()));
                }
                Ok(real) if is_folder && !self.redirection.is_scratch(&real) => self.linked.watch(&from),
                _ => {}
            }
            return Ok(());
        }
        match kind.is_dir() {
            true if holds_links(&from) => self.folder(&from, to),
            true => {
                self.linked.watch(&from);
                link(&from, to, true)
            }
            false if kind.is_file() => {
                if from.parent().is_some_and(|above| above.ends_with(".bin")) && self.redirection.is_named_in(&from) {
                    self.leaks.push(format!("{} names a file in your work tree", from.display()));
                }
                copy(&from, to)
            }
            false => Ok(()),
        }
    }

    /// What the link has to say in the scratch tree. A relative one that stays in the work tree says there what it says
    /// here, and leads to what is judged.
    fn target(&self, link: &Path) -> io::Result<PathBuf> {
        let target = fs::read_link(link)?;
        let whole = plain(&link.parent().unwrap_or(link).join(&target));
        Ok(match self.redirection.redirected(&whole) {
            Some(_) if target.is_relative() => target,
            Some(redirected) => redirected,
            None => whole,
        })
    }

    /// Looks for links back to the user's files in pnpm's store, which is linked as it is: packages find each other
    /// there, and not by the links of ours.
    fn look_into_store(&mut self, store: &Path) {
        let folders = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten().collect::<Vec<DirEntry>>();
        for package in folders(store) {
            let mut entries = folders(&package.path().join("node_modules"));
            let scoped: Vec<DirEntry> = entries
                .iter()
                .filter(|entry| entry.file_name().as_encoded_bytes().starts_with(b"@"))
                .flat_map(|scope| folders(&scope.path()))
                .collect();
            entries.extend(scoped);
            for entry in entries.iter().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_symlink())) {
                let target =
                    fs::read_link(entry.path()).map(|target| plain(&package.path().join("node_modules").join(target)));
                if target.is_ok_and(|target| self.redirection.own(&target).is_some()) {
                    self.leaks.push(format!("{} leads to your work tree", entry.path().display()));
                }
            }
        }
    }
}

/// The keys of a manifest under which a package says what it loads.
const LOADED: [&str; 3] = ["dependencies", "peerDependencies", "optionalDependencies"];
/// The most bytes of a manifest.
const MAX_MANIFEST: u64 = 1 << 20;

/// How deep packages within packages are looked at.
const MAX_NESTED: usize = 16;

/// Links to the user's own packages among those that packages of others have for themselves.
fn nested(modules: &Path, redirection: &Redirection, n_levels: usize) -> Vec<String> {
    let Some(n_levels) = n_levels.checked_sub(1) else { return Vec::new() };
    let mut leaks = Vec::new();
    for (_, folder) in packages(modules).into_iter().filter(|(_, folder)| !folder.is_symlink()) {
        let below = folder.join("node_modules");
        for (_, package) in packages(&below) {
            if package.is_symlink() && is_own(&package, redirection) {
                leaks.push(format!("{} leads to your work tree", package.display()));
            }
        }
        leaks.extend(nested(&below, redirection, n_levels));
    }
    leaks
}

/// Whether this is really something of the user's own.
fn is_own(path: &Path, redirection: &Redirection) -> bool {
    path.canonicalize().is_ok_and(|real| redirection.own(&real).is_some())
}

/// Packages of others that load one of the user's own: a program follows the link to such a package and finds what it
/// loads from where it really is, beside the user's. In pnpm's store that is the folder of what all its packages find.
fn requirers(folders: &[PathBuf], redirection: &Redirection) -> Vec<String> {
    let found = folders.iter().flat_map(|folder| [folder.clone(), folder.join(".pnpm/node_modules")]);
    let (links, mut others): (Vec<_>, Vec<_>) =
        found.flat_map(|folder| packages(&folder)).partition(|(_, folder)| folder.is_symlink());
    let own = links.into_iter().filter(|(_, folder)| is_own(folder, redirection));
    let own: BTreeSet<String> = own.map(|(name, _)| name).collect();
    if own.is_empty() {
        return Vec::new();
    }
    let stores = folders.iter().filter_map(|folder| fs::read_dir(folder.join(".pnpm")).ok()).flatten().flatten();
    let stored = stores.flat_map(|entry| packages(&entry.path().join("node_modules")));
    others.extend(stored.filter(|(_, folder)| !folder.is_symlink()));
    let leak = |(name, folder): (String, PathBuf)| {
        let beside =
            |loaded: &String| folder.ancestors().nth(name.split('/').count()).map(|beside| beside.join(loaded));
        let loaded = loaded(&folder.join("package.json"));
        // One that it has beside it is not looked for elsewhere; in the store that is its own choice.
        let is_stored = folder.components().any(|part| part.as_os_str() == ".pnpm");
        let finds_other = |loaded: &String| is_stored && beside(loaded).is_some_and(|beside| beside.exists());
        let loaded = loaded.into_iter().find(|loaded| own.contains(loaded) && !finds_other(loaded))?;
        Some(format!("the package {name} in {} loads {loaded}, which is in your work tree", folder.display()))
    };
    others.into_iter().filter_map(leak).collect()
}

/// The packages in a `node_modules`, by name.
fn packages(modules: &Path) -> Vec<(String, PathBuf)> {
    let entries = |folder: &Path| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path())).collect::<Vec<_>>()
    };
    let (scopes, mut plain): (Vec<_>, Vec<_>) =
        entries(modules).into_iter().partition(|(name, _)| name.starts_with('@'));
    plain.retain(|(name, _)| !name.starts_with('.'));
    let scoped = |(scope, folder): (String, PathBuf)| {
        entries(&folder).into_iter().map(move |(name, folder)| (format!("{scope}/{name}"), folder))
    };
    plain.extend(scopes.into_iter().flat_map(scoped));
    plain.sort();
    plain
}

/// What a package loads, as its manifest says.
fn loaded(manifest: &Path) -> Vec<String> {
    let is_small = fs::metadata(manifest).is_ok_and(|metadata| metadata.len() <= MAX_MANIFEST);
    let text = if is_small { fs::read(manifest).unwrap_or_default() } else { Vec::new() };
    let manifest: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
    let lists = LOADED.iter().filter_map(|key| manifest.get(key)?.as_object());
    lists.flat_map(|list| list.keys().cloned()).collect()
}

/// Whether a folder among dependencies is one of links rather than a package: scopes, programs, vendors (of which one is
/// the loader of Composer, which looks for the project from where it is).
fn holds_links(folder: &Path) -> bool {
    let name = folder.file_name().unwrap_or_default();
    let is_vendor = folder.parent().is_some_and(|above| above.ends_with("vendor"));
    name.as_encoded_bytes().starts_with(b"@") || name == ".bin" || is_vendor
}

/// Makes `to` a link, unless it is the same one already.
fn link(target: &Path, to: &Path, is_folder: bool) -> io::Result<()> {
    if fs::read_link(to).is_ok_and(|old| old == target) {
        return Ok(());
    }
    remove(to)?;
    #[cfg(unix)]
    {
        let _ = is_folder;
        std::os::unix::fs::symlink(target, to)
    }
    #[cfg(windows)]
    match is_folder {
        true => std::os::windows::fs::symlink_dir(target, to),
        false => std::os::windows::fs::symlink_file(target, to),
    }
}

/// Makes `to` a copy, unless it looks like one already.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let (theirs, ours) = (fs::metadata(from)?, fs::symlink_metadata(to));
    let is_same = ours.is_ok_and(|ours| {
        ours.is_file() && ours.len() == theirs.len() && ours.modified().ok() >= theirs.modified().ok()
    });
    if is_same {
        return Ok(());
    }
    remove(to)?;
    fs::copy(from, to).map(drop)
}

/// Removes whatever is there; a link, not what it leads to.
fn remove(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => remove_folder(path),
        Ok(_) => fs::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// The path without `.` and `..`, by its words alone.
pub(super) fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::{Path, PathBuf};

    use super::{MAX_NESTED, Mirror, Redirection, nested, requirers};

    /// A work tree with dependencies and its scratch tree, each with `packages/bar`, which says whose it is.
    struct Trees(tempfile::TempDir);

    impl Trees {
        fn new() -> Self {
            let trees = Self(tempfile::tempdir().expect("a temporary folder"));
            for whose in ["user", "scratch"] {
                trees.write(&format!("{whose}/packages/bar/file"), whose);
            }
            trees
        }

        fn path(&self, path: &str) -> PathBuf {
            self.0.path().canonicalize().expect("it is there").join(path)
        }

        fn write(&self, path: &str, text: &str) {
            let file = self.path(path);
            fs::create_dir_all(file.parent().expect("it is below")).expect("the folder is ours");
            fs::write(file, text).expect("the folder is ours");
        }

        fn link(&self, path: &str, target: impl AsRef<Path>) {
            let file = self.path(path);
            fs::create_dir_all(file.parent().expect("it is below")).expect("the folder is ours");
            symlink(target, file).expect("the folder is ours");
        }

        fn redirection(&self) -> Redirection {
            Redirection::new(&self.path("user"), &self.path("scratch"))
        }

        /// Mirrors a folder of dependencies; gives what leads back.
        fn mirror(&self, folder: &str) -> Vec<String> {
            let mut mirror = Mirror::new(self.redirection());
            let (from, to) = (self.path("user").join(folder), self.path("scratch").join(folder));
            mirror.folder(&from, &to).expect("it is mirrored");
            mirror.leaks
        }

        fn modules(&self) -> Vec<String> {
            let modules = [self.path("user/node_modules")];
            let mut leaks = nested(&modules[0], &self.redirection(), MAX_NESTED);
            leaks.extend(requirers(&modules, &self.redirection()));
            leaks
        }
    }

    #[test]
    fn packages_of_vendors_are_those_that_are_judged() {
        let trees = Trees::new();
        trees.link("user/vendor/acme/bar", "../../packages/bar");
        trees.link("user/vendor/acme/absolute", trees.path("user/packages/bar"));
        trees.write("user/vendor/other/package/file", "other");
        trees.write("user/vendor/composer/loader", "loader");
        trees.write("user/vendor/autoload.php", "start");
        assert_eq!(trees.mirror("vendor"), Vec::<String>::new());
        for (path, expected) in
            [("acme/bar/file", "scratch"), ("acme/absolute/file", "scratch"), ("other/package/file", "other")]
        {
            let text = fs::read_to_string(trees.path("scratch/vendor").join(path)).expect("it is there");
            assert_eq!(text, expected, "{path}");
        }
        let start = trees.path("scratch/vendor/composer/loader").canonicalize().expect("it is there");
        assert_eq!(start, trees.path("scratch/vendor/composer/loader"));
    }

    #[test]
    fn packages_that_have_the_users_for_themselves_are_told() {
        let trees = Trees::new();
        trees.write("user/node_modules/foo/package.json", "{}");
        trees.write("user/node_modules/foo/node_modules/@deep/er/package.json", "{}");
        assert_eq!(trees.modules(), Vec::<String>::new());
        trees.link("user/node_modules/foo/node_modules/bar", "../../../packages/bar");
        trees.link("user/node_modules/foo/node_modules/@deep/er/node_modules/bar", trees.path("user/packages/bar"));
        assert_eq!(trees.modules().len(), 2);
    }

    #[test]
    fn packages_of_the_store_that_load_the_users_are_told() {
        let trees = Trees::new();
        let manifest = "user/node_modules/.pnpm/@a+foo@1/node_modules/@a/foo/package.json";
        trees.write(manifest, r#"{"dependencies": {"other": "1"}}"#);
        trees.link("user/node_modules/.pnpm/node_modules/bar", "../../../packages/bar");
        assert_eq!(trees.modules(), Vec::<String>::new());
        trees.write(manifest, r#"{"peerDependencies": {"bar": "1"}}"#);
        assert_eq!(trees.modules().len(), 1);
        // It has another one of that name.
        trees.link("user/node_modules/.pnpm/@a+foo@1/node_modules/bar", "../../bar@1/node_modules/bar");
        trees.write("user/node_modules/.pnpm/bar@1/node_modules/bar/package.json", "{}");
        assert_eq!(trees.modules(), Vec::<String>::new());
    }

    #[test]
    fn programs_that_name_the_users_files_are_told() {
        let trees = Trees::new();
        let user = trees.path("user").display().to_string();
        trees.write("user/node_modules/.bin/a", &format!("NODE_PATH=\"{user}/node_modules/.pnpm:/x\" exec ../a/a.js"));
        assert_eq!(trees.mirror("node_modules"), Vec::<String>::new());
        trees.write("user/node_modules/.bin/b", &format!("#!/bin/sh\nexec node \"{user}/packages/bar/b.js\" \"$@\""));
        assert_eq!(trees.mirror("node_modules").len(), 1);
    }
}
