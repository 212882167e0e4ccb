//! JavaScript and TypeScript: relative paths, packages of the workspace, and the short names that `tsconfig.json` and
//! `package.json` give to folders.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::check::affected::files::{Files, ancestors, below, file_name, folder, is_in, resolved, split};
use crate::check::affected::graph::Graph;
use crate::check::affected::{Language, Reach, Suite};
use crate::check::hygiene::json_comments::blanked;

pub(super) const JAVASCRIPT: Language = Language {
    name: "source of JavaScript",
    extensions: &["js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts", "vue", "svelte", "astro", "mdx"],
    graph,
    reach: Reach::ByName,
};

/// What may stand for the extension that an import leaves out.
const ENDINGS: [&str; 12] = ["js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts", "json", "vue", "svelte", "d.ts"];

/// The modules of Node.
const BUILT_IN: &[&str] = &[
    "assert",
    "async_hooks",
    "buffer",
    "bun",
    "child_process",
    "cluster",
    "console",
    "constants",
    "crypto",
    "dgram",
    "diagnostics_channel",
    "dns",
    "domain",
    "events",
    "fs",
    "http",
    "http2",
    "https",
    "inspector",
    "module",
    "net",
    "os",
    "path",
    "perf_hooks",
    "process",
    "punycode",
    "querystring",
    "readline",
    "repl",
    "stream",
    "string_decoder",
    "sys",
    "timers",
    "tls",
    "trace_events",
    "tty",
    "url",
    "util",
    "v8",
    "vm",
    "wasi",
    "worker_threads",
    "zlib",
];

static IMPORTED: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"\b(?:from|import|require|require\.resolve|(?:jest|vi)\s*\.\s*(?:mock|doMock|unmock|importActual|requireActual|importMock))\s*\(?\s*(?:/\*[^*]*\*/\s*)*(?:"([^"\n]+)"|'([^'\n]+)'|`([^`$\n]+)`)"#,
    )
});
static RELATIVE: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"["'`](?:<rootDir>/)?(\.{0,2}/?[\w@~.+/-]*[\w@~+-])["'`]"#));
static LOADS: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?:(?:^|[^.\w$])(?:require|import)(?:\.resolve)?\s*\(\s*(?:/\*[^*]*\*/\s*)*([^"'`/\s)*]|`[^`]*\$\{)|\brequire\.context\b|\bimport\.meta\.glob)"#,
    )
});
static STARTS: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"["'](?:node:)?(child_process|execa|cross-spawn|zx|tinyexec|worker_threads)["']"#));

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("because a test uses every pattern")
}

fn graph(files: &Files<'_>, suite: &Suite<'_>) -> Result<Graph, String> {
    let is_test = tests(files, suite)?;
    let modules = Modules::new(files);
    let mut graph = Graph::default();
    for (path, text) in &files.texts {
        match text {
            None => graph.open(path, format!("{path} can't be read")),
            Some(text) => modules.read(path, text, &mut graph),
        }
        let helps_tests =
            is_test.contains(path) || path.split('/').any(|part| matches!(part, "test" | "tests" | "__tests__"));
        if let Some(what) = text
            .as_deref()
            .filter(|_| helps_tests)
            .and_then(|text| STARTS.captures(text))
            .and_then(|found| found.get(1))
        {
            graph.open(path, format!("{path} starts programs (`{}`)", what.as_str()));
        }
    }
    let settings: Vec<&str> = files.paths.iter().copied().filter(|path| is_settings(path)).collect();
    for path in &settings {
        for said in said(path, &files.text(path)) {
            modules.place(folder(path), &said).into_iter().for_each(|file| graph.add(path, file));
        }
    }
    for path in is_test {
        settings.iter().filter(|setting| is_in(path, folder(setting))).for_each(|setting| graph.add(path, *setting));
        let name = if suite.folder.is_empty() { path } else { path.strip_prefix(suite.folder).unwrap_or(path) };
        let name = name.trim_start_matches('/');
        graph.test(path, if name.starts_with('-') { format!("./{name}") } else { name.to_owned() });
    }
    Ok(graph)
}

/// What begins the names of files that tell test runners and compilers how to work.
const SETTINGS: [&str; 14] = [
    "ava",
    "babel",
    "babelrc",
    "cypress",
    "jest",
    "karma",
    "metro",
    "mocharc",
    "package",
    "playwright",
    "swcrc",
    "vite",
    "vitest",
    "wdio",
];

/// Whether a file tells test runners and compilers how to work.
fn is_settings(path: &str) -> bool {
    let name = file_name(path);
    let (_, stem, _) = split(path);
    let has_form =
        name.starts_with('.') || stem.ends_with(".config") || stem.ends_with(".conf") || stem == "vitest.workspace";
    SETTINGS.contains(&topic(path)) && (has_form || name == "package.json")
}

/// What a file is about, by the start of its name: `jest` of `jest.config.js`, `mocharc` of `.mocharc.cjs`.
fn topic(path: &str) -> &str {
    file_name(path).trim_start_matches('.').split('.').next().unwrap_or_default()
}

/// What a file with settings says that may be the paths of files which run before or around tests.
fn said(path: &str, text: &str) -> Vec<String> {
    if file_name(path) != "package.json" {
        return RELATIVE.captures_iter(text).filter_map(|found| Some(found.get(1)?.as_str().to_owned())).collect();
    }
    // Elsewhere in it are the entries of the package.
    let manifest = serde_json::from_str::<Value>(text).unwrap_or_default();
    let mut said = Vec::new();
    ["ava", "c8", "jest", "mocha", "nyc", "tap", "vitest"]
        .iter()
        .filter_map(|part| manifest.get(part))
        .for_each(|part| strings(part, 0, &mut said));
    let scripts = manifest.get("scripts").and_then(Value::as_object).into_iter().flatten();
    for line in scripts.filter(|(name, _)| name.starts_with("test")).filter_map(|(_, line)| line.as_str()) {
        // `--require ./setup.js`, `--import=./setup.js`
        let words: Vec<&str> = line.split_whitespace().collect();
        let pairs = words.windows(2).filter_map(|pair| pair.first().zip(pair.last()));
        said.extend(pairs.filter(|(option, _)| option.starts_with('-')).map(|(_, value)| (*value).to_owned()));
        said.extend(words.iter().filter_map(|word| Some(word.split_once('=')?.1.to_owned())));
    }
    said.iter().map(|word| word.trim_start_matches("<rootDir>/").to_owned()).collect()
}

/// Whether a file may say which files are tests.
fn chooses_tests(path: &str) -> bool {
    is_settings(path) && ["ava", "jest", "mocharc", "package", "vite", "vitest"].contains(&topic(path))
}

/// The files with tests.
fn tests<'a>(files: &Files<'a>, suite: &Suite<'_>) -> Result<BTreeSet<&'a str>, String> {
    if suite.tests.is_empty() {
        for path in files.paths.iter().filter(|path| chooses_tests(path)) {
            let text = files.text(path);
            let words = if file_name(path) == "package.json" {
                &["\"testMatch\"", "\"testRegex\"", "\"spec\""][..]
            } else {
                &["testMatch", "testRegex", "include", "spec:"]
            };
            if let Some(word) = words.iter().find(|word| text.contains(**word)) {
                return Err(format!(
                    "{path} has `{}`, which may name the files of tests; say them with `tests`",
                    word.trim_matches(['"', ':'])
                ));
            }
        }
    }
    let is_test = |path: &&str| {
        let (folder, stem, _) = split(path);
        let by_name =
            stem.ends_with(".test") || stem.ends_with(".spec") || folder.split('/').any(|part| part == "__tests__");
        let is_one = if suite.tests.is_empty() { by_name } else { suite.tests.matches(&(**path).into()) };
        is_one && is_in(path, suite.folder)
    };
    Ok(files.texts.keys().copied().filter(is_test).collect())
}

/// Where modules are.
struct Modules<'a> {
    files: &'a Files<'a>,
    /// The files by their names.
    by_name: BTreeMap<&'a str, Vec<&'a str>>,
    /// The folders of the packages of this repository, by name.
    packages: BTreeMap<String, Vec<&'a str>>,
    /// The packages from outside.
    outside: BTreeSet<String>,
    /// Short names: in files below a folder, a pattern stands for paths.
    aliases: Vec<Alias<'a>>,
    /// The folders from which paths are looked for.
    bases: Vec<String>,
}

/// A short name for paths.
struct Alias<'a> {
    /// What stands before and after the `*`; nothing after where there is none.
    pattern: (String, Option<String>),
    /// The paths that it stands for, from `folder`.
    targets: Vec<String>,
    folder: &'a str,
}

impl<'a> Modules<'a> {
    fn new(files: &'a Files<'a>) -> Self {
        let mut by_name: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        files.texts.keys().for_each(|path| by_name.entry(file_name(path)).or_default().push(path));
        let (packages, outside, aliases, bases) = Default::default();
        let mut modules = Self { files, by_name, packages, outside, aliases, bases };
        for path in files.named(&["package.json"]) {
            let Ok(manifest) = serde_json::from_str::<Value>(&files.text(path)) else { continue };
            if let Some(name) = manifest.get("name").and_then(Value::as_str) {
                modules.packages.entry(name.to_owned()).or_default().push(folder(path));
            }
            for kind in ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"] {
                let named = manifest.get(kind).and_then(Value::as_object);
                modules.outside.extend(named.into_iter().flat_map(|all| all.keys().cloned()));
            }
            modules.add_aliases(manifest.get("imports"), folder(path), "");
        }
        let is_compiler = |path: &&&str| {
            let name = file_name(path);
            (name.starts_with("tsconfig") || name.starts_with("jsconfig")) && name.ends_with(".json")
        };
        for path in files.paths.iter().filter(is_compiler) {
            let bytes = blanked(files.text(path).as_bytes());
            let Ok(settings) = serde_json::from_slice::<Value>(&bytes) else { continue };
            let options = settings.get("compilerOptions");
            let base = options.and_then(|options| options.get("baseUrl")).and_then(Value::as_str);
            modules.bases.extend(base.and_then(|base| resolved(folder(path), base)));
            modules.add_aliases(
                options.and_then(|options| options.get("paths")),
                folder(path),
                base.unwrap_or_default(),
            );
        }
        modules
    }

    fn add_aliases(&mut self, table: Option<&Value>, folder: &'a str, base: &str) {
        for (pattern, targets) in table.and_then(Value::as_object).into_iter().flatten() {
            let pattern = match pattern.split_once('*') {
                Some((before, after)) => (before.to_owned(), Some(after.to_owned())),
                None => (pattern.clone(), None),
            };
            let mut texts = Vec::new();
            strings(targets, 0, &mut texts);
            let targets = texts.into_iter().map(|text| format!("{base}/{text}")).collect();
            self.aliases.push(Alias { pattern, targets, folder });
        }
    }

    /// Notes what a file needs.
    fn read(&self, path: &str, text: &str, graph: &mut Graph) {
        for found in IMPORTED.captures_iter(text) {
            if let Some(what) = found.get(1).or(found.get(2)).or(found.get(3)) {
                self.need(path, what.as_str(), graph);
            }
        }
        // Paths in texts: what tests mock, fork or load by other ways.
        for found in RELATIVE.captures_iter(text).filter_map(|found| found.get(1)) {
            if found.as_str().contains(['/', '.']) {
                self.place(folder(path), found.as_str()).into_iter().for_each(|file| graph.add(path, file));
                let named = self.by_name.get(file_name(found.as_str()));
                named.into_iter().flatten().for_each(|file| graph.add(path, *file));
            }
        }
        if let Some(found) = LOADS.find(text) {
            let what = found.as_str().trim().split('\n').next().unwrap_or_default().trim_start_matches(['(', '=', ' ']);
            graph.open(path, format!("{path} loads what it is told to (`{what}`)"));
        }
    }

    fn need(&self, path: &str, what: &str, graph: &mut Graph) {
        let what = what.split(['?', '!']).next().unwrap_or_default();
        let found = if what.starts_with('.') || what.starts_with('/') {
            self.place(folder(path), what)
        } else {
            let name = package_name(what);
            let mut found = self.short(path, what);
            for inside in self.packages.get(name).into_iter().flatten() {
                found.extend(self.files.texts.keys().copied().filter(|file| is_in(file, inside)));
            }
            let is_outside = self.outside.contains(name) || what.contains(':') || BUILT_IN.contains(&name);
            if is_outside && found.is_empty() {
                return;
            }
            found
        };
        if found.is_empty() {
            graph.open(path, format!("{path} imports `{what}`, which is neither here nor in package.json"));
        }
        found.into_iter().for_each(|file| graph.add(path, file));
    }

    /// The files that a path from a folder may mean.
    fn place(&self, from: &str, path: &str) -> BTreeSet<&'a str> {
        // What begins with a slash is meant from some root of the project.
        let from = if path.starts_with('/') { "" } else { from };
        let Some(plain) = resolved(from, path) else { return BTreeSet::new() };
        let (before, stem, extension) = split(&plain);
        let mut names = vec![plain.clone()];
        names.extend(ENDINGS.iter().map(|ending| format!("{plain}.{ending}")));
        names.extend(ENDINGS.iter().map(|ending| below(&plain, &format!("index.{ending}"))));
        // TypeScript writes `a.js` for `a.ts`.
        if matches!(extension, "js" | "jsx" | "mjs" | "cjs") {
            names.extend(ENDINGS.iter().map(|ending| below(before, &format!("{stem}.{ending}"))));
        }
        let mut found: BTreeSet<&str> =
            names.iter().filter_map(|name| self.files.paths.get(name.as_str())).copied().collect();
        if self.files.paths.contains(below(&plain, "package.json").as_str()) {
            found.extend(self.files.texts.keys().copied().filter(|file| is_in(file, &plain)));
        }
        found
    }

    /// The files that a short name may mean.
    fn short(&self, path: &str, what: &str) -> BTreeSet<&'a str> {
        let mut found = BTreeSet::new();
        for alias in &self.aliases {
            let rest = match &alias.pattern {
                (whole, None) => (what == whole).then_some(""),
                (before, Some(after)) => {
                    what.strip_prefix(before.as_str()).and_then(|rest| rest.strip_suffix(after.as_str()))
                }
            };
            for target in
                rest.into_iter().flat_map(|rest| alias.targets.iter().map(move |target| target.replace('*', rest)))
            {
                found.extend(self.place(alias.folder, target.trim_start_matches('/')));
            }
        }
        let roots =
            self.bases.iter().map(String::as_str).chain(ancestors(folder(path)).filter(|_| !self.bases.is_empty()));
        for base in roots {
            found.extend(self.place(base, what));
        }
        found
    }
}

/// `a/b` is of the package `a`, `@a/b/c` of `@a/b`.
fn package_name(what: &str) -> &str {
    let n_parts = if what.starts_with('@') { 2 } else { 1 };
    let end = what.match_indices('/').nth(n_parts - 1).map_or(what.len(), |(at, _)| at);
    what.get(..end).unwrap_or(what)
}

/// The texts in a value, however they are nested.
fn strings(value: &Value, depth: usize, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.clone()),
        Value::Array(all) if depth < 8 => all.iter().for_each(|value| strings(value, depth + 1, into)),
        Value::Object(all) if depth < 8 => all.values().for_each(|value| strings(value, depth + 1, into)),
        _ => {}
    }
}
