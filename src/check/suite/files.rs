//! Which file of the judged tree a report means: runners name files from other folders, from inside of containers, or by
//! their last name alone.

use std::collections::HashMap;
use std::path::Path;

use crate::model::path::RepoPath;
use crate::sarif::uri::{Target, resolve_path};

/// Folders in which what a project installs lies; a file below one is nobody's of the project.
const INSTALLED: [&str; 7] =
    ["/node_modules/", "/site-packages/", "/dist-packages/", "/.cargo/registry/", "/rustc/", "/gems/", "/pkg/mod/"];

/// The endings of files in which classes and modules stand, as those are named.
const ENDINGS: [&str; 8] = ["py", "java", "kt", "scala", "groovy", "cs", "php", "rb"];

/// The files of the judged tree.
pub(crate) struct Files<'a> {
    top: &'a Path,
    folder: RepoPath,
    by_name: HashMap<&'a [u8], Vec<&'a RepoPath>>,
    /// The names that classes may stand in, by what is in front of their endings.
    by_stem: HashMap<&'a [u8], Vec<&'a str>>,
}

impl<'a> Files<'a> {
    /// These files, seen in `top` by a command that runs in `folder`.
    pub(crate) fn new(files: &'a [RepoPath], top: &'a Path, folder: RepoPath) -> Self {
        let mut by_name: HashMap<&[u8], Vec<&RepoPath>> = HashMap::new();
        for file in files {
            by_name.entry(file.file_name()).or_default().push(file);
        }
        let mut by_stem: HashMap<&[u8], Vec<&str>> = HashMap::new();
        for (stem, ending) in by_name.keys().filter_map(|name| std::str::from_utf8(name).ok()?.rsplit_once('.')) {
            if let Some(ending) = ENDINGS.into_iter().find(|known| *known == ending) {
                by_stem.entry(stem.as_bytes()).or_default().push(ending);
            }
        }
        Self { top, folder, by_name, by_stem }
    }

    /// The file that a report means by a path; of several that end with it the one whose folders are named in `near`.
    pub(crate) fn find(&self, named: &str, near: &str) -> Option<RepoPath> {
        // Most names are of no file here.
        let last = named.rsplit(['/', '\\']).next().unwrap_or_default();
        if !matches!(last, "" | "." | "..") && self.with_name(last.as_bytes()).is_empty() {
            return None;
        }
        let plain = named.replace('\\', "/");
        if INSTALLED.iter().any(|folder| plain.contains(folder)) {
            return None;
        }
        if let Target::Inside(path) = resolve_path(plain.trim_start_matches("file://"), self.top, &self.folder)
            && self.with_name(path.file_name()).contains(&&path)
        {
            return Some(path);
        }
        let wanted: Vec<&str> = plain.split('/').filter(|part| !matches!(*part, "" | "." | "..")).collect();
        let candidates = self.with_name(wanted.last()?.as_bytes()).iter().filter(|file| is_meant(&wanted, file));
        let rank = |file: &RepoPath| (n_common(&wanted, file), n_named(file, near));
        let mut ranked: Vec<_> = candidates.map(|&file| (rank(file), file)).collect();
        ranked.sort();
        match ranked.as_slice() {
            [.., (other, _), (best, _)] if other == best => None,
            [.., (_, file)] => Some((*file).clone()),
            [] => None,
        }
    }

    /// The file that a class or module stands in, by its name: `org.x.ATest` in `src/org/x/ATest.java`.
    pub(crate) fn of_class(&self, class: &str) -> Option<RepoPath> {
        let outer = class.split(['$', '+', '(']).next().unwrap_or_default();
        let parts: Vec<&str> = outer.split(['\\', '.', '/', ':']).filter(|part| !part.is_empty()).collect();
        // The classes inside of a module of Python are parts of the name too.
        (2..=parts.len()).rev().take(3).find_map(|n| {
            let (last, folders) = parts.get(..n)?.split_last()?;
            let there = self.by_stem.get(last.as_bytes())?;
            let mut endings = ENDINGS.iter().filter(|ending| there.contains(ending));
            endings.find_map(|ending| self.find(&format!("{}/{last}.{ending}", folders.join("/")), ""))
        })
    }

    fn with_name(&self, name: &[u8]) -> &[&'a RepoPath] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }
}

fn parts(file: &RepoPath) -> impl DoubleEndedIterator<Item = &[u8]> {
    file.as_bytes().split(|&byte| byte == b'/')
}

/// How many of their last parts two paths share.
fn n_common(wanted: &[&str], file: &RepoPath) -> usize {
    wanted.iter().rev().zip(parts(file).rev()).take_while(|(one, other)| one.as_bytes() == *other).count()
}

/// Whether the path is the end of the file's, or the file's is the end of the path. Then one name alone says too little,
/// unless the path is hardly longer.
fn is_meant(wanted: &[&str], file: &RepoPath) -> bool {
    let (n_common, n_parts) = (n_common(wanted, file), parts(file).count());
    n_common == wanted.len() || (n_common == n_parts && (n_parts > 1 || wanted.len() <= 2))
}

/// How many folders of a file are named in a text.
fn n_named(file: &RepoPath, near: &str) -> usize {
    let words: Vec<&str> = near.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').collect();
    let is_named = |part: &&[u8]| words.iter().any(|word| word.as_bytes() == *part);
    parts(file).rev().skip(1).filter(is_named).count()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Files;
    use crate::model::path::RepoPath;

    #[track_caller]
    fn check(named: &str, near: &str, expected: Option<&str>) {
        let files = [
            "a.py",
            "pkg/a.py",
            "pkg/tests/test_a.py",
            "go/x/a_test.go",
            "go/y/a_test.go",
            "pkg/src/test/java/org/x/ATest.java",
            "pkg/node_modules/z/i.js",
            "web/src/a.test.ts",
        ];
        let files: Vec<RepoPath> = files.into_iter().map(RepoPath::from).collect();
        let files = Files::new(&files, Path::new("/w"), RepoPath::from("pkg"));
        assert_eq!(files.find(named, near), expected.map(RepoPath::from), "{named}");
    }

    #[test]
    fn a_report_names_files_in_its_own_way() {
        check("a.py", "", Some("pkg/a.py"));
        check("./tests/test_a.py", "", Some("pkg/tests/test_a.py"));
        check("/w/a.py", "", Some("a.py"));
        check("/app/pkg/tests/test_a.py", "", Some("pkg/tests/test_a.py"));
        check("C:\\build\\pkg\\tests\\test_a.py", "", Some("pkg/tests/test_a.py"));
        check("org/x/ATest.java", "", Some("pkg/src/test/java/org/x/ATest.java"));
        check("org/y/ATest.java", "", None);
        check("a_test.go", "", None);
        check("a_test.go", "example.org/go/y", Some("go/y/a_test.go"));
        check("/usr/lib/python3/a.py", "", None);
        check("/w/pkg/node_modules/z/i.js", "", None);
        check("file:///w/web/src/a.test.ts", "", Some("web/src/a.test.ts"));
        check("../../../../etc/passwd", "", None);
        check("", "", None);
    }

    #[test]
    fn a_class_stands_in_a_file() {
        let files: Vec<RepoPath> =
            ["tests/test_a.py", "src/test/java/org/x/ATest.java"].into_iter().map(RepoPath::from).collect();
        let files = Files::new(&files, Path::new("/w"), RepoPath::from(""));
        let of = |class| files.of_class(class).map(|file| file.to_string());
        assert_eq!(of("tests.test_a.TestX"), Some("tests/test_a.py".to_owned()));
        assert_eq!(of("org.x.ATest$Inner"), Some("src/test/java/org/x/ATest.java".to_owned()));
        assert_eq!(of("ATest"), None);
    }
}
