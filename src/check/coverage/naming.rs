//! Which file of the repository a report means. Names are absolute or relative, from another machine or container, have
//! a package or a module in front or a source folder missing; a name that leads out of the repository means no file.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::coverage::gathered::Site;
use crate::model::path::RepoPath;
use crate::sarif::uri::{Target, resolve_path};

/// Of so many files that did not change it is looked whether they are there: enough to see how names are meant.
const N_PROBED: usize = 100;
/// The most ambiguous names that are told.
const MAX_AMBIGUOUS: usize = 10;
/// The most extensions that are kept, and the most bytes of one.
const MAX_EXTENSIONS: usize = 100;
const MAX_EXTENSION: usize = 20;
/// The most folders of a name that are tried as its start.
const MAX_DEPTH: usize = 40;

/// A file of the change that a report may mean.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Claim {
    path: RepoPath,
    /// What stands before the path in a name from another place; `None` where the name leads to the path by itself.
    elsewhere: Option<String>,
}

/// How the names of one report are understood.
pub(super) struct Naming<'a> {
    site: Site<'a>,
    changed: &'a BTreeSet<RepoPath>,
    /// The changed files by their names without folders.
    by_name: BTreeMap<&'a [u8], Vec<&'a RepoPath>>,
    /// The starts of names from another place, with how many names have them.
    starts: BTreeMap<String, usize>,
    n_probed: usize,
    pub(super) extensions: BTreeSet<Vec<u8>>,
    pub(super) ambiguous: Vec<String>,
    pub(super) example: String,
    /// How many of the names that were looked at mean a file of the repository.
    pub(super) n_found: usize,
    /// How many of them mean it as they are.
    n_here: usize,
}

impl<'a> Naming<'a> {
    pub(super) fn new(changed: &'a BTreeSet<RepoPath>, site: Site<'a>) -> Self {
        let mut by_name: BTreeMap<&[u8], Vec<&RepoPath>> = BTreeMap::new();
        for path in changed {
            by_name.entry(path.file_name()).or_default().push(path);
        }
        Self {
            site,
            changed,
            by_name,
            starts: BTreeMap::new(),
            n_probed: 0,
            extensions: BTreeSet::new(),
            ambiguous: Vec::new(),
            example: String::new(),
            n_found: 0,
            n_here: 0,
        }
    }

    /// The file of the change that a name means, if it means one.
    pub(super) fn claim(&mut self, name: &str, sources: &[String]) -> Option<Claim> {
        let plain = name.replace('\\', "/");
        if self.example.is_empty() {
            plain.clone_into(&mut self.example);
        }
        let last = plain.rsplit('/').next().unwrap_or_default();
        let extension = last.rsplit_once('.').map(|(_, extension)| extension.as_bytes());
        let is_new = |extension: &&[u8]| extension.len() <= MAX_EXTENSION && !self.extensions.contains(*extension);
        if let Some(extension) = extension.filter(is_new).filter(|_| self.extensions.len() < MAX_EXTENSIONS) {
            self.extensions.insert(extension.to_vec());
        }
        if !self.by_name.contains_key(last.as_bytes()) {
            if self.n_probed >= N_PROBED {
                return None;
            }
            self.n_probed += 1;
        }
        let mut names: Vec<String> = sources.iter().map(|source| joined(source, &plain)).collect();
        names.push(plain);
        let found = self.here(&names).or_else(|| self.in_some_folder(names.last()?)).or_else(|| self.elsewhere(&names));
        let claim = found?;
        self.n_found += 1;
        self.n_here += usize::from(claim.elsewhere.is_none());
        self.changed.contains(&claim.path).then_some(claim)
    }

    /// The path that a claim stands for in the end. The start of a path on another machine has to be that of most names,
    /// and is none where other names are those of this one.
    pub(super) fn settled<'c>(&self, claim: &'c Claim) -> Option<&'c RepoPath> {
        let Some(start) = &claim.elsewhere else { return Some(&claim.path) };
        let is_absolute = |start: &str| start.starts_with('/') || start.as_bytes().get(1) == Some(&b':');
        let most = self.starts.iter().filter(|(start, _)| is_absolute(start)).max_by_key(|(_, n_names)| **n_names);
        let is_meant = self.n_here == 0 && most.is_some_and(|(most, _)| most == start);
        (!is_absolute(start) || is_meant).then_some(&claim.path)
    }

    /// A file to which a name leads from the folder or from the top.
    fn here(&self, names: &[String]) -> Option<Claim> {
        let top = RepoPath::from("");
        let folders = [self.site.folder, &top];
        let folders = if self.site.folder.as_bytes().is_empty() { &folders[1..] } else { &folders[..] };
        let targets = names.iter().flat_map(|name| folders.iter().map(move |folder| (name, *folder)));
        targets.filter_map(|(name, folder)| self.inside(name, folder)).next()
    }

    fn inside(&self, name: &str, folder: &RepoPath) -> Option<Claim> {
        match resolve_path(name, self.site.top, folder) {
            Target::Inside(path) => self.is_there(&path).then_some(Claim { path, elsewhere: None }),
            Target::Outside(_) => None,
        }
    }

    fn is_there(&self, path: &RepoPath) -> bool {
        self.changed.contains(path) || (self.site.is_there)(path)
    }

    /// The one changed file whose path ends with the name, which has a folder: where source folders are left out.
    fn in_some_folder(&mut self, name: &str) -> Option<Claim> {
        let name = name.strip_prefix("./").unwrap_or(name);
        if !name.contains('/') || name.starts_with('/') {
            return None;
        }
        let last = name.rsplit('/').next().unwrap_or_default();
        let ends_so = |path: &&&RepoPath| {
            let before = path.as_bytes().strip_suffix(name.as_bytes());
            before.is_some_and(|before| before.ends_with(b"/"))
        };
        let mut meant: Vec<&RepoPath> =
            self.by_name.get(last.as_bytes()).into_iter().flatten().filter(ends_so).copied().collect();
        let folder = [self.site.folder.as_bytes(), b"/"].concat();
        if meant.len() > 1 && meant.iter().any(|path| path.as_bytes().starts_with(&folder)) {
            meant.retain(|path| path.as_bytes().starts_with(&folder));
        }
        match meant.as_slice() {
            [path] => Some(Claim { path: (*path).clone(), elsewhere: None }),
            [one, other, ..] => {
                if self.ambiguous.len() < MAX_AMBIGUOUS {
                    self.ambiguous.push(format!("`{name}` may be {one} or {other}"));
                }
                None
            }
            [] => None,
        }
    }

    /// A file to which the end of a name leads: it has the path of another machine, or that of a module, in front.
    fn elsewhere(&mut self, names: &[String]) -> Option<Claim> {
        for name in names {
            if name.split('/').any(|part| part == "..") {
                continue;
            }
            let slashes = name.match_indices('/').map(|(at, _)| at + 1).take(MAX_DEPTH);
            for (start, end) in slashes.filter_map(|at| name.split_at_checked(at)) {
                let within = |folder: &RepoPath| Some(folder.join(end.as_bytes())).filter(|path| self.is_there(path));
                let path = within(self.site.folder).or_else(|| within(&RepoPath::from("")));
                if let Some(path) = path.filter(|_| !end.is_empty() && !end.starts_with('/')) {
                    *self.starts.entry(start.to_owned()).or_default() += 1;
                    return Some(Claim { path, elsewhere: Some(start.to_owned()) });
                }
            }
        }
        None
    }
}

/// A name below a source folder; one that is absolute stays as it is.
fn joined(source: &str, name: &str) -> String {
    let is_absolute = name.starts_with('/') || name.as_bytes().get(1) == Some(&b':');
    match is_absolute {
        true => name.to_owned(),
        false => format!("{}/{name}", source.replace('\\', "/").trim_end_matches('/')),
    }
}

#[cfg(test)]
mod tests {
    use crate::check::coverage::formats::recorded::told;
    use crate::model::coverage::CoverageFormat;

    /// Which of the changed files `names` mean, with other files that are there.
    #[track_caller]
    fn check(changed: &[&str], there: &[&str], names: &[&str], expected: &[&str]) {
        let report: String = names.iter().map(|name| format!("SF:{name}\nDA:1,1\nend_of_record\n")).collect();
        let report = told(CoverageFormat::Lcov, report.as_bytes(), changed, there).expect("it can be read");
        let found: Vec<String> = report.files.keys().map(ToString::to_string).collect();
        assert_eq!(found, expected);
        assert_eq!(report.ambiguous, [""; 0]);
    }

    #[test]
    fn names_are_led_back_to_the_repository() {
        let changed = ["src/a.py", "b.py"];
        check(&changed, &[], &["src/a.py", "./b.py"], &["b.py", "src/a.py"]);
        check(&changed, &[], &["/srv/project/src/a.py", "/srv/project/x/../b.py"], &["b.py", "src/a.py"]);
        check(&changed, &[], &["src\\a.py", "/SRV/project/b.py"], &["src/a.py"]);
        check(&["a.py"], &[], &["../a.py", "/srv/project/../a.py", "/etc/../a.py", ""], &[]);
    }

    #[test]
    fn names_of_another_machine_are_led_back_by_what_they_share() {
        let changed = ["src/a.py", "setup.py"];
        let names = ["/app/src/a.py", "/app/src/c.py", "/usr/lib/x/setup.py", "/app/setup.py"];
        check(&changed, &["src/c.py"], &names, &["setup.py", "src/a.py"]);
        // Where names are those of this machine, the others are of other files.
        check(&changed, &[], &["/srv/project/src/a.py", "/usr/lib/x/setup.py"], &["src/a.py"]);
        check(&changed, &["src/c.py"], &["/app/src/a.py", "/app/src/c.py", "/usr/lib/x/setup.py"], &["src/a.py"]);
        check(&changed, &[], &["C:\\work\\src\\a.py"], &["src/a.py"]);
    }

    #[test]
    fn names_with_a_module_or_without_a_source_folder_are_understood() {
        check(&["main.go"], &["cmd/main.go"], &["example.org/team/x/cmd/main.go"], &[]);
        check(&["main.go"], &["cmd/main.go"], &["example.org/team/x/main.go"], &["main.go"]);
        check(
            &["app/src/main/java/org/x/A.java"],
            &[],
            &["org/x/A.java", "A.java"],
            &["app/src/main/java/org/x/A.java"],
        );
        check(&["deep/a.py"], &[], &["a.py"], &[]);
    }

    #[test]
    fn a_name_that_may_be_either_is_told() {
        let report = "SF:org/x/A.java\nDA:1,1\nend_of_record\n";
        let changed = ["one/src/org/x/A.java", "two/src/org/x/A.java"];
        let report = told(CoverageFormat::Lcov, report.as_bytes(), &changed, &[]).expect("it can be read");
        assert_eq!(report.ambiguous, ["`org/x/A.java` may be one/src/org/x/A.java or two/src/org/x/A.java"]);
    }
}
