//! Python: modules by their dotted names, from any folder that may be on the path; `conftest.py` and `__init__.py` without
//! an import.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use crate::check::affected::files::{Files, ancestors, below, file_name, folder, is_in, split};
use crate::check::affected::graph::Graph;
use crate::check::affected::{Language, Reach, Suite};

pub(super) const PYTHON: Language =
    Language { name: "source of Python", extensions: &["py", "pyi"], graph, reach: Reach::ByName };

/// Where pytest and the build are told how to work.
const CONFIGURATION: [&str; 6] = ["pytest.ini", ".pytest.ini", "pyproject.toml", "setup.cfg", "tox.ini", "setup.py"];

/// Words of it that say that tests are found, or modules loaded, in a way that imports do not show.
const UNUSUAL: [(&str, &str); 4] = [
    ("python_files", "names the files of tests; say them with `tests`"),
    ("doctest-", "lets doctests run"),
    ("pytest11", "has a plugin for pytest"),
    ("DJANGO_SETTINGS_MODULE", "is for Django, which finds modules by their names"),
];

/// The longest text that may name modules.
const MAX_TEXT: usize = 200;

static COMMENT: LazyLock<Regex> = LazyLock::new(|| regex(r"#[^\n]*|\\\r?\n"));
static FROM: LazyLock<Regex> =
    LazyLock::new(|| regex(r"\bfrom\s*(\.[.\s]*|\s)([\w.]*)\s*\bimport\b\s*(?:\(([^)]*)\)|([^\n;]*))"));
static IMPORT: LazyLock<Regex> = LazyLock::new(|| regex(r"(?:^|[\n;:>'\x22])[ \t]*import[ \t]+([^\n;'\x22]+)"));
static TEXT: LazyLock<Regex> = LazyLock::new(|| regex(r#""([^"\n]+)"|'([^'\n]+)'"#));
static LOADS: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?:(\bdef\s+)|\b)(__import__|import_module|import_string|find_spec|find_loader|run_module|run_path|spec_from_file_location|SourceFileLoader|walk_packages|iter_modules|iter_entry_points|entry_points|load_entry_point)\s*\(\s*([rRbBuU]{0,2}['\x22])?",
    )
});
static STARTS: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"\b(subprocess|os\.(?:system|popen|exec\w*|spawn\w*)|pexpect|pytester|testdir|script_runner)\b")
});
static PLUGIN: LazyLock<Regex> = LazyLock::new(|| regex(r#"-p["',\s]+([\w.]+)"#));
static TESTPATHS: LazyLock<Regex> = LazyLock::new(|| regex(r"testpaths\s*=\s*(\[[^\]]*\]|[^\n]*(?:\n[ \t]+[^\n]*)*)"));

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("because a test uses every pattern")
}

fn graph(files: &Files<'_>, suite: &Suite<'_>) -> Result<Graph, String> {
    let configuration: Vec<(&str, String)> = files.named(&CONFIGURATION).map(|path| (path, files.text(path))).collect();
    let is_test = tests(files, suite, &configuration)?;
    let modules = Modules::new(files, &configuration);
    modules.refuse_plugins(&configuration)?;
    let mut graph = Graph::default();
    for (path, text) in &files.texts {
        implied(files, path, &mut graph);
        match text {
            None => graph.open(path, format!("{path} can't be read")),
            Some(text) => modules.read(path, text, &mut graph),
        }
        let helps_tests = is_test.contains(path)
            || file_name(path) == "conftest.py"
            || path.split('/').any(|part| matches!(part, "test" | "tests"));
        if let Some(what) = text.as_deref().filter(|_| helps_tests).and_then(|text| STARTS.find(text)) {
            graph.open(path, format!("{path} starts programs (`{}`)", what.as_str()));
        }
    }
    for path in is_test {
        let relative = if suite.folder.is_empty() { Some(path) } else { path.strip_prefix(suite.folder) };
        let name = relative.unwrap_or(path).trim_start_matches('/');
        graph.test(path, if name.starts_with('-') { format!("./{name}") } else { name.to_owned() });
    }
    Ok(graph)
}

/// The files with tests.
fn tests<'a>(
    files: &Files<'a>,
    suite: &Suite<'_>,
    configuration: &[(&str, String)],
) -> Result<BTreeSet<&'a str>, String> {
    let says_all = !suite.tests.is_empty();
    for (path, text) in configuration {
        let unusual = UNUSUAL.iter().find(|(word, _)| text.contains(word) && !(says_all && *word == "python_files"));
        if let Some((_, why)) = unusual {
            return Err(format!("{path} {why}"));
        }
    }
    let folders = test_folders(configuration);
    let is_test = |path: &&str| {
        let (_, stem, extension) = split(path);
        let by_name = extension == "py" && (stem.starts_with("test_") || stem.ends_with("_test"));
        let by_place = folders.is_empty() || folders.iter().any(|folder| *path == folder || is_in(path, folder));
        let is_one = if says_all { suite.tests.matches(&(**path).into()) } else { by_name && by_place };
        is_one && is_in(path, suite.folder)
    };
    Ok(files.texts.keys().copied().filter(is_test).collect())
}

/// The folders to which the configuration limits tests; none if it does not, or if it says so by a pattern.
fn test_folders(configuration: &[(&str, String)]) -> BTreeSet<String> {
    let mut folders = BTreeSet::new();
    for (path, text) in configuration {
        for said in TESTPATHS.captures_iter(text).filter_map(|found| found.get(1)) {
            let words = said.as_str().split(|c: char| c.is_whitespace() || "[],'\"".contains(c));
            for word in words.map(|word| word.trim_end_matches('/')).filter(|word| !word.is_empty()) {
                if word == "." || word.contains(['*', '?', '#']) {
                    return BTreeSet::new();
                }
                folders.insert(below(folder(path), word.trim_start_matches("./")));
            }
        }
    }
    folders
}

/// What runs before a file without being imported by it.
fn implied(files: &Files<'_>, path: &str, graph: &mut Graph) {
    for above in ancestors(folder(path)) {
        for name in ["__init__.py", "conftest.py"] {
            let implied = below(above, name);
            if implied != *path && files.paths.contains(implied.as_str()) {
                graph.add(path, implied);
            }
        }
    }
}

/// What names are imported from.
struct Origin<'t> {
    /// How many dots stand in front.
    level: usize,
    /// The name behind them.
    module: &'t str,
}

/// Where modules are.
struct Modules<'a> {
    files: &'a Files<'a>,
    /// The files by the last part of the name of their module: `c` for `a/b/c.py` and `a/b/c/__init__.py`.
    by_name: BTreeMap<&'a str, Vec<&'a str>>,
    /// The folders with a file in or below them.
    folders: BTreeSet<&'a str>,
    /// The same by their last part.
    folders_by_name: BTreeMap<&'a str, Vec<&'a str>>,
    /// Whether some file changes where modules are looked for.
    has_own_paths: bool,
    /// What the configuration says, all together.
    configuration: String,
}

impl<'a> Modules<'a> {
    fn new(files: &'a Files<'a>, configuration: &[(&str, String)]) -> Self {
        let mut by_name: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for path in &files.paths {
            let (folder, stem, _) = split(path);
            // What comes of `c.pyx` or `c.cpython-313-x86_64-linux-gnu.so` is the module `c`.
            let name = if stem == "__init__" { file_name(folder) } else { stem.split('.').next().unwrap_or_default() };
            by_name.entry(name).or_default().push(path);
        }
        let folders: BTreeSet<&str> = files.texts.keys().flat_map(|path| ancestors(folder(path))).collect();
        let mut folders_by_name: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for folder in &folders {
            folders_by_name.entry(file_name(folder)).or_default().push(folder);
        }
        let has_own_paths = |text: &str| text.contains("sys.path") || text.contains("pythonpath");
        Self {
            has_own_paths: files.texts.values().flatten().any(|text| has_own_paths(text))
                || configuration.iter().any(|(_, text)| has_own_paths(text)),
            configuration: configuration.iter().map(|(_, text)| text.as_str()).collect(),
            files,
            by_name,
            folders,
            folders_by_name,
        }
    }

    /// An error where pytest is told to load a module of this repository, which may bear on any test.
    fn refuse_plugins(&self, configuration: &[(&str, String)]) -> Result<(), String> {
        for (path, text) in configuration {
            let named = PLUGIN.captures_iter(text).filter_map(|found| found.get(1));
            if let Some(plugin) = named.map(|name| name.as_str()).find(|name| !self.roots(name).is_empty()) {
                return Err(format!("{path} names the plugin `{plugin}` of pytest"));
            }
        }
        Ok(())
    }

    /// Notes what a file needs.
    fn read(&self, path: &str, text: &str, graph: &mut Graph) {
        let code = COMMENT.replace_all(text, " ");
        for found in FROM.captures_iter(&code) {
            let part = |at| found.get(at).map_or("", |part: regex::Match<'_>| part.as_str());
            let level = part(1).bytes().filter(|byte| *byte == b'.').count();
            let names = part(if found.get(3).is_some() { 3 } else { 4 });
            self.from(path, &Origin { level, module: part(2) }, names, graph);
        }
        for list in IMPORT.captures_iter(&code).filter_map(|found| found.get(1)) {
            for module in list.as_str().split(',').filter_map(|entry| entry.split_whitespace().next()) {
                self.need(path, module, graph);
            }
        }
        for found in LOADS.captures_iter(&code) {
            if found.get(1).is_none() && found.get(3).is_none() {
                let what = found.get(2).map_or("", |what| what.as_str());
                graph.open(path, format!("{path} loads what it is told to (`{what}`)"));
            }
        }
        for text in TEXT.captures_iter(&code).filter_map(|found| found.get(1).or(found.get(2))) {
            if text.len() <= MAX_TEXT {
                text.as_str().split_whitespace().for_each(|word| self.mentioned(path, word, graph));
            }
        }
    }

    /// `from MODULE import NAMES`.
    fn from(&self, path: &str, origin: &Origin<'_>, names: &str, graph: &mut Graph) {
        let Origin { level, module } = *origin;
        let names = names.split(',').filter_map(|entry| entry.split_whitespace().next());
        if level == 0 {
            self.need(path, module, graph);
            for name in names {
                self.member(path, &self.roots(module), name, graph);
            }
            return;
        }
        let Some(base) = ancestors(folder(path)).nth(level - 1) else {
            return graph.open(path, format!("{path} imports from above the top"));
        };
        let whole = if module.is_empty() { base.to_owned() } else { below(base, &module.replace('.', "/")) };
        let mut here = base.to_owned();
        for part in module.split('.').filter(|part| !part.is_empty()) {
            here = below(&here, part);
            if !self.module_at(path, &here, graph) && !self.folders.contains(here.as_str()) && !self.is_generated(part)
            {
                graph.open(path, format!("{path} imports `{here}`, which is not there"));
            }
        }
        if module.is_empty() {
            self.module_at(path, base, graph);
        }
        for name in names {
            self.member(path, std::slice::from_ref(&whole), name, graph);
        }
    }

    /// What `from` a module or package at one of these places is imported, where that is a module itself.
    fn member(&self, path: &str, places: &[String], name: &str, graph: &mut Graph) {
        for place in places {
            if name == "*" {
                let inside = self.files.texts.keys().filter(|file| folder(file) == place);
                inside.for_each(|file| graph.add(path, *file));
            } else {
                self.module_at(path, &below(place, name), graph);
            }
        }
    }

    /// Notes that the module at a place, a path without extension, is needed; whether there is one.
    fn module_at(&self, path: &str, place: &str, graph: &mut Graph) -> bool {
        let Some(all) = self.by_name.get(file_name(place)) else { return false };
        let is_it = |file: &&&str| {
            let (folder, stem, _) = split(file);
            folder == place && stem == "__init__" || folder == self::folder(place) && stem != "__init__"
        };
        let mut is_there = false;
        for file in all.iter().filter(is_it) {
            graph.add(path, *file);
            is_there = true;
        }
        is_there
    }

    /// The places that an absolute name may mean: paths without extension.
    fn roots(&self, module: &str) -> Vec<String> {
        let inside = module.replace('.', "/");
        let first = inside.split('/').next().unwrap_or_default();
        let last = file_name(&inside);
        let files = self.by_name.get(last).into_iter().flatten().map(|file| {
            let (folder, stem, _) = split(file);
            if stem == "__init__" { folder.to_owned() } else { below(folder, last) }
        });
        let folders = self.folders_by_name.get(last).into_iter().flatten().map(|folder| (*folder).to_owned());
        let mut places: Vec<String> = files
            .chain(folders)
            .filter(|place| {
                let root = place.strip_suffix(&inside).filter(|root| root.is_empty() || root.ends_with('/'));
                root.is_some_and(|root| self.is_root(root.trim_end_matches('/'))) && !first.is_empty()
            })
            .collect();
        places.sort();
        places.dedup();
        places
    }

    /// Whether modules may be looked for in a folder.
    fn is_root(&self, folder: &str) -> bool {
        self.has_own_paths || !self.files.paths.contains(below(folder, "__init__.py").as_str())
    }

    /// Notes that a module of an absolute name is needed, and the packages around it.
    fn need(&self, path: &str, module: &str, graph: &mut Graph) {
        let module = module.trim_matches('.');
        let first = module.split('.').next().unwrap_or_default();
        // Nothing here has the name: it is another's.
        if self.roots(first).is_empty() {
            return;
        }
        let ends = module.match_indices('.').map(|(at, _)| at).chain([module.len()]);
        for part in ends.filter_map(|end| module.get(..end)) {
            let places = self.roots(part);
            let last = part.rsplit('.').next().unwrap_or_default();
            if places.is_empty() && !self.is_generated(last) {
                graph.open(path, format!("{path} imports `{part}`, which is not there"));
            }
            for place in places {
                self.module_at(path, &place, graph);
            }
        }
    }

    /// Whether the build writes a module of that name, so that it is nobody's work here.
    fn is_generated(&self, name: &str) -> bool {
        self.configuration.contains(&format!("{name}.py"))
    }

    /// Notes what a word of a text may name: a module, or a file by its name.
    fn mentioned(&self, path: &str, word: &str, graph: &mut Graph) {
        let name = file_name(word);
        if word.contains(".py") {
            let named = self.files.texts.keys().filter(|file| file_name(file) == name);
            named.for_each(|file| graph.add(path, *file));
        }
        let dotted = word.split(':').next().unwrap_or_default().trim_matches('.');
        let is_name = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_');
        if dotted.is_empty() || !dotted.split('.').all(is_name) {
            return;
        }
        if word.starts_with('.') {
            let last = dotted.rsplit('.').next().unwrap_or_default();
            self.by_name.get(last).into_iter().flatten().for_each(|file| graph.add(path, *file));
        }
        let ends = dotted.match_indices('.').map(|(at, _)| at).chain([dotted.len()]);
        for part in ends.filter_map(|end| dotted.get(..end)) {
            let places = self.roots(part);
            if places.is_empty() {
                return;
            }
            for place in places {
                self.module_at(path, &place, graph);
                self.module_at(path, &below(&place, "__main__"), graph);
            }
        }
    }
}
