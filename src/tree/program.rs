//! What a program consists of, as far as the disk tells: its file, wherever links lead, what interprets it, and what is
//! installed beside it.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::model::path::RepoPath;
use crate::tree::file_state::FileState;

/// What package managers of JavaScript write into `node_modules` whenever they change something there.
const MODULES: [&str; 5] = ["", ".package-lock.json", ".yarn-state.yml", ".yarn-integrity", ".modules.yaml"];
/// The most bytes of a first line that are read.
const MAX_LINE: u64 = 512;

/// How the parts of a program are found out, and who is told of them.
pub(crate) struct Teller<'a> {
    /// The program that a name means.
    pub(crate) find: &'a dyn Fn(&OsStr) -> Option<PathBuf>,
    /// Whether a program of this name starts others, of which nothing is known.
    pub(crate) is_starter: &'a dyn Fn(&str) -> bool,
    /// Who is told each part.
    pub(crate) tell: &'a mut dyn FnMut(&[u8]),
}

impl Teller<'_> {
    /// Tells all parts of a program; false if they are not known well enough to tell when one of them changes.
    pub(crate) fn program(&mut self, program: &Path) -> bool {
        let Some(real) = self.file(program) else { return false };
        match first_line(&real) {
            Some(line) => self.script(program, &real, &line),
            None => true,
        }
    }

    /// Tells a program of the repository's own, of which its configuration says what it depends on beside.
    pub(crate) fn own(&mut self, program: &Path) -> bool {
        let Some(real) = self.file(program) else { return false };
        let interpreter = first_line(&real).and_then(|line| self.interpreter(&line));
        interpreter.and_then(|interpreter| fs::canonicalize(interpreter).ok()).iter().for_each(|real| self.state(real));
        true
    }

    /// Tells what else a script consists of: known where a package manager put it, as what it loads is told with it then.
    fn script(&mut self, program: &Path, real: &Path, line: &str) -> bool {
        let is_package = [program, real].iter().any(|path| modules(path).next().is_some());
        let Some(interpreter) = self.interpreter(line) else { return false };
        let name = interpreter.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if (self.is_starter)(&name) {
            // Of what it starts all but the interpreter of JavaScript is in the package.
            let node = (self.find)(OsStr::new("node"));
            let is_told = is_package && node.is_none_or(|node| self.file(&node).is_some());
            return is_told && fs::canonicalize(&interpreter).map(|real| self.state(&real)).is_ok();
        }
        let is_python = name.starts_with("python") && !libraries(real).is_empty();
        (is_package || is_python && self.modules_beside(real)) && self.file(&interpreter).is_some()
    }

    /// Tells the modules that a script of Python finds beside it; false if there are folders of them.
    fn modules_beside(&mut self, script: &Path) -> bool {
        let entries = fs::read_dir(script.parent().unwrap_or(script)).into_iter().flatten().flatten();
        let mut beside: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        beside.sort();
        beside.iter().filter(|path| path.extension() == Some(OsStr::new("py"))).for_each(|path| self.state(path));
        !beside.iter().any(|path| path.join("__init__.py").exists())
    }

    /// Tells a file and what is installed beside it, and where links lead to it.
    fn file(&mut self, file: &Path) -> Option<PathBuf> {
        let real = fs::canonicalize(file).ok()?;
        let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if [file, &real].iter().any(|path| (self.is_starter)(&name(path)) || is_among_shims(path)) {
            return None;
        }
        self.state(&real);
        for path in [file, &real] {
            self.installed_beside(path);
        }
        Some(real)
    }

    fn state(&mut self, path: &Path) {
        (self.tell)(RepoPath::from_fs(path).as_bytes());
        (self.tell)(&FileState::to_bytes(FileState::of(path).as_ref()));
    }

    /// Tells what is there of other packages, as far as folders and lists of them change with it.
    fn installed_beside(&mut self, file: &Path) {
        for modules in modules(file) {
            MODULES.iter().for_each(|name| self.state(&modules.join(name)));
        }
        libraries(file).iter().for_each(|path| self.state(path));
    }

    /// The program that the first line of a script names.
    fn interpreter(&self, line: &str) -> Option<PathBuf> {
        let mut words = line.split_whitespace();
        let program = PathBuf::from(words.next()?);
        if program.file_name() != Some(OsStr::new("env")) {
            return Some(program);
        }
        let named = words.find(|word| !word.starts_with('-') && !word.contains('='))?;
        (self.find)(OsStr::new(named))
    }
}

/// The folders `node_modules` that a file is in.
fn modules(file: &Path) -> impl Iterator<Item = &Path> {
    file.ancestors().filter(|folder| folder.file_name() == Some(OsStr::new("node_modules")))
}

/// Where the modules of the environment of Python are that has a program, as far as they are there.
fn libraries(program: &Path) -> Vec<PathBuf> {
    let folder = program.parent().unwrap_or(program);
    let Some(prefix) = folder.parent().filter(|_| folder.ends_with("bin") || folder.ends_with("Scripts")) else {
        return Vec::new();
    };
    let mut libraries = vec![prefix.join("pyvenv.cfg"), prefix.join("Lib/site-packages")];
    let entries = fs::read_dir(prefix.join("lib")).into_iter().flatten().flatten();
    let pythons = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("python"));
    libraries
        .extend(pythons.flat_map(|python| ["site-packages", "dist-packages"].map(|name| python.path().join(name))));
    libraries.retain(|path| path.exists());
    libraries.sort();
    libraries
}

/// Managers of versions keep small programs in folders of this name that start the chosen version; rustup links them.
fn is_among_shims(program: &Path) -> bool {
    let folder = program.parent().unwrap_or(program);
    let state = |path: &Path| FileState::of(path).filter(|_| cfg!(unix));
    folder.ends_with("shims") || state(&folder.join("rustup")).is_some_and(|rustup| Some(rustup) == state(program))
}

/// What follows `#!`, if the file begins with that.
pub(crate) fn first_line(file: &Path) -> Option<String> {
    let mut start = Vec::new();
    File::open(file).ok()?.take(MAX_LINE).read_to_end(&mut start).ok()?;
    let line = start.strip_prefix(b"#!")?.split(|&byte| byte == b'\n').next()?;
    Some(String::from_utf8_lossy(line).into_owned())
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use super::Teller;

    /// All that is told of a program; none if it is not known well enough.
    fn told(program: &Path, tools: &Path) -> Option<Vec<Vec<u8>>> {
        let mut parts = Vec::new();
        let is_known = Teller {
            find: &|name| Some(tools.join(name)).filter(|file| file.exists()),
            is_starter: &|name| ["sh", "mise"].contains(&name),
            tell: &mut |part| parts.push(part.to_vec()),
        }
        .program(program);
        is_known.then_some(parts)
    }

    fn write(file: &Path, text: &str) {
        fs::create_dir_all(file.parent().expect("it is in a folder")).expect("it is ours");
        fs::write(file, text).expect("it is ours");
    }

    #[test]
    fn every_part_of_a_program_is_told() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |path: &str| folder.path().join(path);
        write(&at("env/bin/python"), "\u{7f}ELF");
        write(&at("env/bin/lint"), "#!/usr/bin/env -S python -I\n");
        write(&at("env/lib/python3.12/site-packages/a/x.py"), "");
        write(&at("w/node_modules/eslint/bin/eslint.js"), "#! /usr/bin/env node\n");
        write(&at("env/bin/node"), "\u{7f}ELF");
        fs::create_dir_all(at("w/node_modules/.bin")).expect("it is ours");
        symlink("../eslint/bin/eslint.js", at("w/node_modules/.bin/eslint")).expect("it is ours");
        symlink(at("env/bin/lint"), at("lint")).expect("it is ours");
        let (lint, eslint) = (at("lint"), at("w/node_modules/.bin/eslint"));
        let both = || (told(&lint, &at("env/bin")), told(&eslint, &at("env/bin")));
        let first = both();
        assert!(first.0.is_some() && first.1.is_some());
        assert_eq!(both(), first);
        // What changes, and of which of the two it is a part.
        for (path, of_lint, of_eslint) in [
            ("env/bin/lint", true, false),
            ("env/bin/python", true, false),
            ("env/bin/helper.py", true, false),
            ("env/lib/python3.12/site-packages/b.dist-info", true, true),
            ("env/bin/node", false, true),
            ("w/node_modules/eslint/bin/eslint.js", false, true),
            ("w/node_modules/.package-lock.json", false, true),
            ("w/node_modules/plugin/index.js", false, true),
            ("w/index.js", false, false),
        ] {
            let before = both();
            let text = fs::read_to_string(at(path)).unwrap_or_default();
            write(&at(path), &(text + "\n"));
            let after = both();
            assert_eq!((before.0 != after.0, before.1 != after.1), (of_lint, of_eslint), "{path}");
        }
    }

    #[test]
    fn what_starts_something_else_is_not_known() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |path: &str| folder.path().join(path);
        for file in ["mise", "bin/sh", "bin/python3", "bin/perl", "shims/ruff", "cargo/rustup", "plain"] {
            write(&at(file), "\u{7f}ELF");
        }
        let by_shell = format!("#!{}\n", at("bin/sh").display());
        for file in ["script", "node_modules/.bin/script"] {
            write(&at(file), &by_shell);
        }
        let by_python = format!("#!{}\n", at("bin/python3").display());
        for file in ["loose.py", "env/bin/lint", "own/bin/lint", "node_modules/gyp/gyp"] {
            write(&at(file), &by_python);
        }
        for file in ["env", "own"].map(|env| at(env).join("lib/python3.12/site-packages/x.py")) {
            write(&file, "");
        }
        write(&at("own/bin/helpers/__init__.py"), "");
        write(&at("critic"), &format!("#!{}\n", at("bin/perl").display()));
        write(&at("orphan"), "#!/usr/bin/env none\n");
        symlink(at("mise"), at("tool")).expect("it is ours");
        symlink("rustup", at("cargo/rustfmt")).expect("it is ours");
        for (program, is_known) in [
            ("plain", true),
            ("script", false),
            ("node_modules/.bin/script", true),
            ("loose.py", false),
            ("env/bin/lint", true),
            ("own/bin/lint", false),
            ("node_modules/gyp/gyp", true),
            ("critic", false),
            ("mise", false),
            ("bin/sh", false),
            ("tool", false),
            ("shims/ruff", false),
            ("cargo/rustfmt", false),
            ("orphan", false),
            ("gone", false),
        ] {
            assert_eq!(told(&at(program), folder.path()).is_some(), is_known, "{program}");
        }
    }
}
