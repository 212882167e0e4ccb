//! Where a command's program is looked for: the project's own programs come before those of the machine.

use std::path::{Path, PathBuf};

use crate::check::external::{Command, join};
use crate::model::command::Surroundings;

/// Where projects keep their own programs, below the folder that they are for.
const OWN: [&str; 3] = if cfg!(windows) {
    ["node_modules/.bin", ".venv/Scripts", "venv/Scripts"]
} else {
    ["node_modules/.bin", ".venv/bin", "venv/bin"]
};

impl Command {
    /// The folders in which its program is looked up by name, in order: the project's own from the command's folder up
    /// to the top, then those of a manager of versions, then the PATH.
    pub(crate) fn lookup(&self, top: &Path, surroundings: &Surroundings) -> Vec<PathBuf> {
        let shims = surroundings.shims.iter().filter(|_| !self.check.env.contains_key("PATH"));
        let path = match self.check.env.get("PATH") {
            Some(own) => std::env::split_paths(own).collect(),
            None => surroundings.path.clone(),
        };
        // What is not absolute depends on the folder that a program is started from.
        let path = path.into_iter().filter(|folder| folder.is_absolute());
        self.own_folders(top).chain(shims.cloned()).chain(path).collect()
    }

    /// The folders for the project's own programs, whether they are there or not.
    pub(crate) fn own_folders(&self, top: &Path) -> impl Iterator<Item = PathBuf> {
        let places = Path::new(&self.check.dir).ancestors().filter_map(Path::to_str);
        places.flat_map(move |place| OWN.map(|own| join(top, place).join(own)))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::path::Path;

    use crate::check::external::tests::command;
    use crate::config::Output;
    use crate::model::command::Surroundings;

    #[track_caller]
    fn check(dir: &str, path: Option<&str>, expected: &[&str]) {
        let mut own = command(&["lint"], Output::ExitCode);
        own.check.dir = dir.into();
        own.check.env = path.map(|path| ("PATH".to_owned(), path.to_owned())).into_iter().collect();
        let surroundings = Surroundings {
            path: ["/usr/bin", ".", "", "/bin"].map(Into::into).into(),
            shims: Some("/shims".into()),
            ..Surroundings::default()
        };
        let folders = own.lookup(Path::new("/top"), &surroundings);
        assert_eq!(folders, expected.iter().map(Path::new).collect::<Vec<_>>());
    }

    #[test]
    fn the_project_comes_before_the_machine() {
        let top = ["/top/node_modules/.bin", "/top/.venv/bin", "/top/venv/bin"];
        let below = ["/top/a/b", "/top/a", "/top"]
            .map(|at| ["node_modules/.bin", ".venv/bin", "venv/bin"].map(|own| format!("{at}/{own}")))
            .concat();
        let machine = ["/shims", "/usr/bin", "/bin"];
        check("", None, &[&top[..], &machine].concat());
        check("a/b", None, &below.iter().map(String::as_str).chain(machine).collect::<Vec<_>>());
        check("", Some("/own:rel"), &[&top[..], &["/own"]].concat());
    }
}
