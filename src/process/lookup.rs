//! Programs found by name, as the system's own search does it, in folders that the caller names.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The first program with this name in these folders. `endings` are those that a name may lack, where the system has
/// such. A name that holds a separator is a path and is not looked up.
pub(crate) fn find(name: &OsStr, folders: &[PathBuf], endings: &[String]) -> Option<PathBuf> {
    if Path::new(name).components().count() != 1 || Path::new(name).file_name() != Some(name) {
        return None;
    }
    let is_complete = |ending: &String| {
        let (name, ending) = (name.to_string_lossy().to_ascii_lowercase(), ending.to_ascii_lowercase());
        name.ends_with(&ending)
    };
    let whole = endings.is_empty() || endings.iter().any(is_complete);
    folders.iter().find_map(|folder| {
        let with = |ending: &str| {
            let mut file = folder.join(name).into_os_string();
            file.push(ending);
            PathBuf::from(file)
        };
        let candidates = whole.then(|| with("")).into_iter().chain(endings.iter().map(|ending| with(ending)));
        candidates.into_iter().find(|file| is_program(file))
    })
}

#[cfg(unix)]
fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(file: &Path) -> bool {
    file.is_file()
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use super::find;

    #[test]
    fn the_first_folder_with_such_a_program_counts() {
        let top = tempfile::tempdir().unwrap();
        for (file, mode) in
            [("a/text", 0o644), ("b/text", 0o755), ("b/tool", 0o755), ("c/tool", 0o755), ("c/cmd.EXE", 0o755)]
        {
            let file = top.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, "").unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        }
        fs::create_dir(top.path().join("a/tool")).unwrap();
        let folders: Vec<PathBuf> = ["none", "a", "b", "c"].iter().map(|name| top.path().join(name)).collect();
        let endings = [".COM".to_owned(), ".EXE".to_owned()];
        for (name, endings, expected) in [
            ("text", &[][..], Some("b/text")),
            ("tool", &[], Some("b/tool")),
            ("cmd", &[], None),
            ("cmd", &endings, Some("c/cmd.EXE")),
            ("cmd.EXE", &endings, Some("c/cmd.EXE")),
            ("tool", &endings, None),
            ("./tool", &[], None),
            ("../b/tool", &[], None),
            ("b/tool", &[], None),
            ("..", &[], None),
            ("", &[], None),
        ] {
            assert_eq!(find(name.as_ref(), &folders, endings), expected.map(|file| top.path().join(file)), "{name}");
        }
    }
}
