//! Python projects that are installed editable: the environment leads to the user's files, wherever it is. The folders
//! that it names are looked for in the scratch tree first, by `PYTHONPATH`.
//! Sources: Python's documentation of the module `site`, and what setuptools and pip write for editable installs.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

use crate::tree::scratch::mirror::{Redirection, plain};

/// The most bytes of a file that says where modules are; larger ones are no such files.
const MAX_FILE: u64 = 1 << 20;

/// What is to be known of the environments of Python.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Editable {
    /// The folders of the scratch tree that come before what is installed.
    pub(super) folders: Vec<PathBuf>,
    /// What leads to the user's own files and can't be led elsewhere.
    pub(super) leaks: Vec<String>,
}

impl Editable {
    /// Looks into an environment of Python: the folder above that of its programs.
    pub(super) fn learn(&mut self, environment: &Path, redirection: &Redirection) {
        for packages in libraries(environment) {
            for entry in entries(&packages) {
                self.learn_entry(&entry, &packages, redirection);
            }
        }
    }

    fn learn_entry(&mut self, entry: &Path, packages: &Path, redirection: &Redirection) {
        let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_list = name.ends_with(".pth") || name.ends_with(".egg-link");
        let real = if entry.is_symlink() && !is_list { entry.canonicalize().ok() } else { None };
        let named = if let Some(real) = real.filter(|real| redirection.own(real).is_some()) {
            vec![located(Path::new(&name).file_stem().unwrap_or_default().to_string_lossy().as_ref(), &real)]
        } else if is_list {
            let text = read(entry);
            let loaders = imported(&text).into_iter().map(|module| packages.join(module).with_extension("py"));
            let loaded = loaders.flat_map(|loader| mapped(&read(&loader)));
            listed(&text).into_iter().chain(loaded).collect()
        } else if name.contains("editable") && name.ends_with(".py") {
            mapped(&read(entry))
        } else {
            return;
        };
        let inside = |path: &PathBuf| plain(&packages.join(path));
        let known: Vec<PathBuf> = named.iter().filter_map(Named::folder).map(inside).collect();
        for named in &named {
            let (path, is_whole) = match named {
                Named::Folder(folder) => (inside(folder), true),
                Named::Unlike(path) => (inside(path), false),
                Named::Mentioned(path) if known.iter().any(|folder| path.starts_with(folder)) => continue,
                Named::Mentioned(path) => (inside(path), false),
            };
            self.note(entry, &path, is_whole, redirection);
        }
    }

    /// Notes where a file leads, if that is to the user's own.
    fn note(&mut self, file: &Path, path: &Path, is_whole: bool, redirection: &Redirection) {
        let Some(inside) = redirection.own(path) else { return };
        let there = redirection.redirected(path).filter(|there| is_whole && there.is_dir());
        let leak = format!("{} leads to {} in your work tree", file.display(), inside.display());
        match there {
            Some(there) if self.folders.contains(&there) => {}
            Some(there) => self.folders.push(there),
            None if self.leaks.contains(&leak) => {}
            None => self.leaks.push(leak),
        }
    }
}

/// The folders in which an environment of Python may have what is installed in it.
pub(super) fn libraries(environment: &Path) -> Vec<PathBuf> {
    let places = ["site-packages", "Lib/site-packages"].map(|place| environment.join(place));
    let folders = ["lib", "lib64"].map(|name| environment.join(name)).into_iter().filter(|lib| !lib.is_symlink());
    let versions = folders.flat_map(|folder| entries(&folder)).filter(|version| {
        let name = version.file_name().unwrap_or_default().as_encoded_bytes();
        name.starts_with(b"python") || name.starts_with(b"pypy")
    });
    let of_versions = versions.flat_map(|version| ["site-packages", "dist-packages"].map(|name| version.join(name)));
    of_versions.chain(places).collect()
}

/// What is in a folder; nothing if there is none.
pub(super) fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

/// The text of a file; none if it is no file that says where modules are.
fn read(file: &Path) -> String {
    let is_small = fs::metadata(file).is_ok_and(|metadata| metadata.is_file() && metadata.len() <= MAX_FILE);
    let bytes = if is_small { fs::read(file).unwrap_or_default() } else { Vec::new() };
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What a file names.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Named {
    /// A folder in which modules are looked for, after those of `PYTHONPATH`.
    Folder(PathBuf),
    /// Something that no folder leads to in the same way, or too late: a module whose file is not called as it is, code
    /// that puts itself before `PYTHONPATH`.
    Unlike(PathBuf),
    /// Something of which it is not said what for.
    Mentioned(PathBuf),
}

impl Named {
    fn folder(&self) -> Option<&PathBuf> {
        if let Self::Folder(folder) = self { Some(folder) } else { None }
    }
}

/// What a `.pth` or `.egg-link` file names: a folder a line, but for lines of code, which may name others.
fn listed(text: &str) -> Vec<Named> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.flat_map(|line| if is_code(line) { mentioned(line) } else { vec![Named::Folder(line.into())] }).collect()
}

/// Whether Python runs a line of a `.pth` file.
fn is_code(line: &str) -> bool {
    line.starts_with("import ") || line.starts_with("import\t")
}

/// The modules that the lines of code of a `.pth` file import.
fn imported(text: &str) -> Vec<String> {
    static IMPORTED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(?:import|from)\s+(\w+(?:\s*,\s*\w+)*)").expect("because the expression is constant")
    });
    let lines = text.lines().map(str::trim).filter(|line| is_code(line));
    let lists = lines.flat_map(|line| IMPORTED.captures_iter(line).map(|list| list.extract()));
    lists.flat_map(|(_, [list])| list.split(',').map(|module| module.trim().to_owned())).collect()
}

/// The paths that code names, and what it does with them as far as its words tell.
fn mentioned(code: &str) -> Vec<Named> {
    static QUOTED: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"['"]([^'"\n]+)['"]"#).expect("because the expression is constant"));
    let lines = code.lines().flat_map(|line| QUOTED.captures_iter(line).map(move |quoted| (line, quoted.extract())));
    let paths = lines.filter(|(_, (_, [path]))| Path::new(path).is_absolute());
    paths
        .map(|(line, (_, [path]))| match () {
            () if comes_first(code) => Named::Unlike(path.into()),
            () if line.contains("sys.path") || line.contains("addsitedir") => Named::Folder(path.into()),
            () => Named::Mentioned(path.into()),
        })
        .collect()
}

/// Whether code puts something before what Python would look into by itself.
fn comes_first(code: &str) -> bool {
    code.contains(".insert(") || code.contains("sys.path[") || code.contains("sys.path =")
}

/// What a loader names: the folders that hold its modules, `'package.module': '/path/to/package/module'`, and others.
fn mapped(code: &str) -> Vec<Named> {
    static PAIR: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"['"]([\w.]+)['"]\s*:\s*\[?\s*['"]([^'"]+)['"]"#).expect("because the expression is constant")
    });
    let pairs: Vec<(&str, &str)> =
        PAIR.captures_iter(code).map(|pair| pair.extract()).map(|(_, [name, path])| (name, path)).collect();
    let is_pair = |named: &Named| match named {
        Named::Mentioned(path) => pairs.iter().any(|(_, other)| path == Path::new(other)),
        Named::Folder(_) | Named::Unlike(_) => false,
    };
    let others = mentioned(code).into_iter().filter(|named| !is_pair(named));
    let of_pairs = pairs.iter().map(|(name, path)| match comes_first(code) {
        true => Named::Unlike(path.into()),
        false => located(name, Path::new(path)),
    });
    of_pairs.chain(others).collect()
}

/// The folder in which Python finds a module of this name at this path.
fn located(name: &str, path: &Path) -> Named {
    let is_start = path.file_stem().is_some_and(|stem| stem == "__init__");
    let whole = if is_start { path.parent().unwrap_or(path).to_owned() } else { path.with_extension("") };
    let mut folder = whole.as_path();
    for part in name.rsplit('.') {
        match folder.parent().filter(|_| folder.file_name().is_some_and(|last| last == part)) {
            Some(above) => folder = above,
            None => return Named::Unlike(path.into()),
        }
    }
    Named::Folder(folder.to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{Editable, Named, imported, listed, mapped};
    use crate::tree::scratch::mirror::Redirection;

    #[test]
    fn lines_are_folders_unless_they_are_code() {
        let folder = |path: &str| Named::Folder(path.into());
        assert_eq!(listed("/p/src\n\n# x\nimport a; a.b()\n../y\n"), [folder("/p/src"), folder("../y")]);
    }

    #[test]
    fn code_that_names_folders_is_understood_or_told() {
        let folder = |path: &str| Named::Folder(path.into());
        let unlike = |path: &str| Named::Unlike(path.into());
        let mentioned = |path: &str| Named::Mentioned(path.into());
        for (code, expected) in [
            ("import sys; sys.path.append('/p/src')", vec![folder("/p/src")]),
            ("import site; site.addsitedir(\"/p/src\")", vec![folder("/p/src")]),
            ("import sys; sys.path.insert(0,'/p/src')", vec![unlike("/p/src")]),
            ("import x; x.install('/p/src', 'name')", vec![mentioned("/p/src")]),
            ("import os; var = 'SETUPTOOLS_USE_DISTUTILS'", vec![]),
        ] {
            assert_eq!(listed(code), expected, "{code}");
        }
        let loader = "import sys\nMAP = {'a': '/p/src/a/__init__.py', 'n': ['/p/n', '/q/n']}\nsys.meta_path";
        assert_eq!(mapped(&format!("{loader}.append(F)")), [folder("/p/src"), folder("/p"), mentioned("/q/n")]);
        let first = [unlike("/p/src/a/__init__.py"), unlike("/p/n")];
        assert!(mapped(&format!("{loader}.insert(0, F)")).starts_with(&first));
    }

    #[test]
    fn loaders_are_found_by_what_imports_them() {
        assert_eq!(imported("/p/src\nimport _own_editable"), ["_own_editable"]);
        assert_eq!(imported("import a, b as c; from d import e; import f.g"), ["a", "b", "d", "e", "f"]);
    }

    #[test]
    fn a_module_is_found_from_the_folder_above_it() {
        let text = "MAPPING: dict[str, str] = {'a': '/p/src/a', \"b.c\": '/p/b/c', 'one': '/p/one.py', 'x': '/p/lib'}";
        let folder = |path: &str| Named::Folder(path.into());
        let expected = [folder("/p/src"), folder("/p"), folder("/p"), Named::Unlike("/p/lib".into())];
        assert_eq!(mapped(text), expected);
    }

    #[test]
    fn folders_are_looked_for_in_the_scratch_tree_and_what_is_not_there_leaks() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (user, scratch) = (folder.path().join("user"), folder.path().join("scratch"));
        let packages = folder.path().join("env/lib/python3.12/site-packages");
        for folder in [&user.join("src"), &user.join("build"), &scratch.join("src"), &packages] {
            fs::create_dir_all(folder).expect("the folder is ours");
        }
        let write = |name: &str, path: &Path| {
            fs::write(packages.join(name), path.to_str().expect("it is UTF-8")).expect("the folder is ours");
        };
        write("a.pth", &user.join("src"));
        write("other.pth", Path::new("/elsewhere"));
        write("own.pth", &user.join(".venv/lib"));
        write("a.txt", &user.join("build"));
        let redirection = Redirection::new(&user, &scratch);
        let mut editable = Editable::default();
        editable.learn(&folder.path().join("env"), &redirection);
        assert_eq!(editable, Editable { folders: vec![scratch.join("src")], leaks: Vec::new() });
        write("b.egg-link", &user.join("build"));
        editable.learn(&folder.path().join("env"), &redirection);
        assert!(editable.leaks.iter().all(|leak| leak.contains("b.egg-link leads to build")), "{editable:?}");
        assert_eq!(editable.leaks.len(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn whatever_leads_to_the_users_modules_is_redirected_or_told() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let top = folder.path().canonicalize().expect("it is there");
        let (user, scratch) = (top.join("user"), top.join("scratch"));
        for folder in ["src/mypkg", "src2", "lib/other"] {
            for top in [&user, &scratch] {
                fs::create_dir_all(top.join(folder)).expect("the folder is ours");
            }
        }
        let redirection = Redirection::new(&user, &scratch);
        // What is installed, which folder of the scratch tree comes first, whether there is what can't be led there.
        let learned = |place: &str, name: &str, text: Option<&str>| {
            let environment = top.join("env");
            let _ = fs::remove_dir_all(&environment);
            let packages = environment.join(place);
            fs::create_dir_all(&packages).expect("the folder is ours");
            match text {
                Some(text) => fs::write(packages.join(name), text.replace("USER", user.to_str().expect("it is UTF-8"))),
                None => std::os::unix::fs::symlink(user.join("src/mypkg"), packages.join(name)),
            }
            .expect("the folder is ours");
            let mut editable = Editable::default();
            editable.learn(&environment, &redirection);
            (editable.folders, editable.leaks.len())
        };
        let leads = |folder: &str| (vec![scratch.join(folder)], 0);
        let (leaks, nothing) = ((Vec::new(), 1), (Vec::new(), 0));
        let site = "lib/python3.12/site-packages";
        assert_eq!(learned(site, "mypkg", None), leads("src"));
        assert_eq!(learned(site, "renamed", None), leaks);
        assert_eq!(learned(site, "x.pth", Some("import sys; sys.path.append('USER/src2')")), leads("src2"));
        assert_eq!(learned(site, "x.pth", Some("import sys; sys.path.insert(0,'USER/src2')")), leaks);
        assert_eq!(learned(site, "x.pth", Some("import sys; sys.path.insert(0,'/elsewhere')")), nothing);
        assert_eq!(learned(site, "_pkg_editable.py", Some("M = {'mypkg': 'USER/src/mypkg'}")), leads("src"));
        assert_eq!(learned(site, "_pkg_editable.py", Some("install('USER/src/mypkg')")), leaks);
        for place in ["lib/python3/dist-packages", "lib/pypy3.10/site-packages", "Lib/site-packages", "site-packages"] {
            assert_eq!(learned(place, "__editable__.x.pth", Some("USER/src")), leads("src"), "{place}");
        }
    }
}
