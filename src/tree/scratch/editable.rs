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
    /// Looks into an environment of Python.
    pub(super) fn learn(&mut self, environment: &Path, redirection: &Redirection) {
        let files = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let versions = files(&environment.join("lib")).map(|version| version.join("site-packages"));
        for packages in versions.chain([environment.join("Lib/site-packages")]) {
            for file in files(&packages) {
                if fs::metadata(&file).is_ok_and(|metadata| metadata.is_file() && metadata.len() <= MAX_FILE) {
                    self.learn_file(&file, &packages, redirection);
                }
            }
        }
    }

    fn learn_file(&mut self, file: &Path, packages: &Path, redirection: &Redirection) {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_list = name.ends_with(".pth") || name.ends_with(".egg-link");
        let is_finder = name.starts_with("__editable__") && name.ends_with(".py");
        if !(is_list || is_finder) {
            return;
        }
        let text = String::from_utf8_lossy(&fs::read(file).unwrap_or_default()).into_owned();
        let named = if is_list { listed(&text) } else { mapped(&text) };
        for folder in named {
            let (folder, is_whole) = match folder {
                Named::Folder(folder) => (plain(&packages.join(folder)), true),
                Named::Unlike(path) => (path, false),
            };
            let Some(inside) = redirection.own(&folder) else { continue };
            let there = redirection.redirected(&folder).filter(|there| is_whole && there.is_dir());
            match there {
                Some(there) if self.folders.contains(&there) => {}
                Some(there) => self.folders.push(there),
                None => self.leaks.push(format!("{} leads to {} in your work tree", file.display(), inside.display())),
            }
        }
    }
}

/// What a file names.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Named {
    /// A folder in which modules are looked for.
    Folder(PathBuf),
    /// A module whose file is not called as it is: no folder leads to it.
    Unlike(PathBuf),
}

/// The folders of a `.pth` or `.egg-link` file: a line each, but for lines of code.
fn listed(text: &str) -> Vec<Named> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.filter(|line| !line.starts_with("import")).map(|line| Named::Folder(line.into())).collect()
}

/// The folders that hold the modules of a finder, `'package.module': '/path/to/package/module'`.
fn mapped(text: &str) -> Vec<Named> {
    static PAIR: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"['"]([\w.]+)['"]\s*:\s*['"]([^'"]+)['"]"#).expect("because the expression is constant")
    });
    let pairs = PAIR.captures_iter(text).map(|pair| pair.extract());
    pairs
        .map(|(_, [name, path])| {
            let mut folder = PathBuf::from(path).with_extension("");
            for part in name.rsplit('.') {
                if folder.file_name().is_none_or(|last| last != part) {
                    return Named::Unlike(path.into());
                }
                folder.pop();
            }
            Named::Folder(folder)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{Editable, Named, listed, mapped};
    use crate::tree::scratch::mirror::Redirection;

    #[test]
    fn lines_are_folders_unless_they_are_code() {
        let folder = |path: &str| Named::Folder(path.into());
        assert_eq!(listed("/p/src\n\n# x\nimport a; a.b()\n../y\n"), [folder("/p/src"), folder("../y")]);
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
}
