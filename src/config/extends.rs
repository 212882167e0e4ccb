//! `extends`: the policies and packs that a policy builds on. Says which file is meant; somebody else reads it.

use std::collections::BTreeMap;
use std::fmt;

use crate::config::layer::Layer;
use crate::config::problem::Error;
use crate::config::{Config, Sourced};
use crate::model::change::ObjectId;
use crate::model::path::RepoPath;

/// How many policies may build on each other.
const MAX_LEVELS: usize = 16;
/// The most files of one policy.
const MAX_FILES: usize = 64;
/// The ways to a repository. Others run programs, or let whoever sits on the line watch.
const PROTOCOLS: [&str; 3] = ["https://", "ssh://", "file://"];

/// Where a file of a policy is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Site {
    /// In the repository, on the side of its policy.
    Here,
    /// In a commit of another repository.
    Pinned {
        /// What git fetches it from.
        url: String,
        /// The whole name of the commit.
        commit: ObjectId,
    },
}

/// A file of a policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Location {
    /// The tree that it is in.
    pub(crate) site: Site,
    /// Its path there.
    pub(crate) path: RepoPath,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.site {
            Site::Here => write!(f, "{}", self.path),
            Site::Pinned { url, commit } => write!(f, "{url}@{}#{}", commit.short(), self.path),
        }
    }
}

/// What a policy builds on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reference {
    /// A numbered pack of built-in rules.
    Pack(String),
    /// Another policy.
    File(Location),
}

/// Why a reference leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// What is wrong.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: String,
}

impl Refusal {
    fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }
}

/// Reads what is referred to: the bytes of a file, nothing for a pack that exists.
pub(crate) type Reader<'a> = &'a mut dyn FnMut(&Reference) -> Result<Vec<u8>, Refusal>;

impl Config {
    /// The policy that a file says together with all that it builds on: its name for people, its bytes, where it is, and
    /// who reads the others. Tables are merged, and what the extending file says beats what it builds on; `exclude` and
    /// `overrides` are appended. The ids that it names are not yet compared with those that exist.
    pub(crate) fn load_with(source: (&str, &[u8]), at: Location, read: Reader<'_>) -> Result<Self, Error> {
        let mut chain = Chain { read, open: Vec::new(), n_files: 0 };
        chain.layer(source.0, source.1, at)?.resolve()
    }
}

/// The files that are being read, from the policy itself to the one that is looked at.
struct Chain<'a> {
    read: Reader<'a>,
    open: Vec<Location>,
    n_files: usize,
}

impl Chain<'_> {
    /// A file over all that it builds on.
    fn layer(&mut self, name: &str, bytes: &[u8], at: Location) -> Result<Layer, Error> {
        let mut layer = Layer::read(name, bytes, at.site.clone())?;
        let mut below: Option<Layer> = None;
        self.open.push(at.clone());
        for (index, written) in layer.take_extends().into_iter().enumerate() {
            let problem = |refusal: Refusal| -> Error { layer.extends_problem(index, refusal).into() };
            match parse(&written, &at).map_err(problem)? {
                Reference::Pack(pack) => {
                    (self.read)(&Reference::Pack(pack.clone())).map_err(problem)?;
                    layer.add_pack(index, pack);
                }
                Reference::File(location) => {
                    let bytes = self.file(&location).map_err(problem)?;
                    let mut next = self.layer(&location.to_string(), &bytes, location)?;
                    if next.site != layer.site {
                        next.keep_rules();
                    }
                    below = Some(match below {
                        Some(below) => next.over(below)?,
                        None => next,
                    });
                }
            }
        }
        self.open.pop();
        match below {
            Some(below) => layer.over(below),
            None => Ok(layer),
        }
    }

    fn file(&mut self, location: &Location) -> Result<Vec<u8>, Refusal> {
        if let Some(start) = self.open.iter().position(|open| open == location) {
            let circle = self.open.iter().skip(start).chain([location]).map(ToString::to_string);
            let shown = circle.collect::<Vec<_>>().join(" -> ");
            return Err(Refusal::new(format!("these policies extend each other: {shown}"), "take one of them out"));
        }
        self.n_files += 1;
        if self.open.len() > MAX_LEVELS || self.n_files > MAX_FILES {
            let message =
                format!("more than {MAX_LEVELS} policies build on each other, or more than {MAX_FILES} in all");
            return Err(Refusal::new(message, "let this file extend fewer, or copy what it needs of them"));
        }
        (self.read)(&Reference::File(location.clone()))
    }
}

/// Reads `tollgate:NAME@NUMBER`, `git:URL@COMMIT#PATH`, or a path from the folder of the file that says it.
fn parse(written: &str, at: &Location) -> Result<Reference, Refusal> {
    if let Some(pack) = written.strip_prefix("tollgate:") {
        return Ok(Reference::Pack(pack.to_owned()));
    }
    if let Some(pinned) = written.strip_prefix("git:") {
        return parse_pinned(pinned).map(Reference::File);
    }
    let has_scheme = written.split_once(':').is_some_and(|(scheme, _)| scheme.len() > 1 && !scheme.contains('/'));
    if has_scheme || written.is_empty() {
        let hint = "write `tollgate:recommended@1`, `git:URL@COMMIT#PATH`, or the path of a file in this repository";
        return Err(Refusal::new(format!("`{written}` is nothing that a policy can extend"), hint));
    }
    match inside(at.path.parent(), written) {
        Some(path) => Ok(Reference::File(Location { site: at.site.clone(), path })),
        None => {
            let hint = "name a file of this repository by its path from this file's folder; for another repository write \
                        `git:URL@COMMIT#PATH`";
            Err(Refusal::new(format!("`{written}` leads out of the repository"), hint))
        }
    }
}

/// The path that is written from a folder; none if it leads out of the tree or to no file.
fn inside(folder: Option<RepoPath>, written: &str) -> Option<RepoPath> {
    if written.starts_with('/') || written.ends_with('/') || written.contains(['\\', '\0']) {
        return None;
    }
    let folder = folder.unwrap_or_else(|| RepoPath::from(""));
    let mut parts: Vec<&[u8]> = folder.as_bytes().split(|&byte| byte == b'/').filter(|part| !part.is_empty()).collect();
    for part in written.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name.as_bytes()),
        }
    }
    if parts.is_empty() { None } else { Some(RepoPath::new(parts.join(&b'/'))) }
}

/// Reads `URL@COMMIT#PATH`.
fn parse_pinned(written: &str) -> Result<Location, Refusal> {
    const SHAPE: &str =
        "write `git:https://example.org/policy.git@COMMIT#tollgate.toml` with all 40 digits of the commit";
    let parts = written.split_once('#').and_then(|(place, path)| Some((place.rsplit_once('@')?, path)));
    let Some(((url, revision), path)) = parts.filter(|((url, _), _)| !url.is_empty()) else {
        return Err(Refusal::new(format!("`git:{written}` is not `git:URL@COMMIT#PATH`"), SHAPE));
    };
    let is_scp = !url.contains("://") && url.split_once(':').is_some_and(|(host, _)| host.contains('@'));
    let is_plain = !url.starts_with('-') && !url.contains(|c: char| c.is_control() || c.is_whitespace());
    if !is_plain || !(is_scp || PROTOCOLS.iter().any(|protocol| url.starts_with(protocol))) {
        let hint = "fetch it by https://, ssh:// (or user@host:path) or file://";
        return Err(Refusal::new(format!("a policy is not fetched from `{url}`"), hint));
    }
    let Some(commit) =
        ObjectId::from_hex(revision.as_bytes()).filter(|_| revision.bytes().all(|byte| byte.is_ascii_hexdigit()))
    else {
        let hint = format!("pin it: `git ls-remote {url} {revision}` tells the commit; write all of its 40 digits");
        return Err(Refusal::new(
            format!("`{revision}` can move; a policy is pinned by the whole name of a commit"),
            hint,
        ));
    };
    match inside(None, path) {
        Some(path) => Ok(Location { site: Site::Pinned { url: url.to_owned(), commit }, path }),
        None => Err(Refusal::new(format!("`{path}` is not the path of a file in that repository"), SHAPE)),
    }
}

/// The packs that a policy names, each by its name without the number.
pub(crate) type Packs = BTreeMap<String, Sourced<String>>;

#[cfg(test)]
mod tests {
    use crate::config::PinnedRules;
    use std::collections::BTreeMap;

    use crate::config::extends::{Location, Reference, Refusal, Site, parse};
    use crate::config::show::{Origins, show};
    use crate::config::{Config, Origin};
    use crate::model::path::RepoPath;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    fn at(path: &str) -> Location {
        Location { site: Site::Here, path: RepoPath::from(path) }
    }

    /// Loads `tollgate.toml` of these files.
    fn load(files: &[(&str, &str)]) -> Result<Config, String> {
        let files: BTreeMap<String, &str> = files.iter().map(|(name, text)| ((*name).to_owned(), *text)).collect();
        let text = files.get("tollgate.toml").expect("the files have a policy");
        let mut read = |reference: &Reference| match reference {
            Reference::Pack(_) => Ok(Vec::new()),
            Reference::File(location) => match files.get(&location.to_string()) {
                Some(text) => Ok(text.as_bytes().to_vec()),
                None => Err(Refusal { message: format!("there is no {location}"), hint: String::new() }),
            },
        };
        Config::load_with(("tollgate.toml", text.as_bytes()), at("tollgate.toml"), &mut read)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_reference_names_a_pack_a_file_or_a_pinned_file() {
        let file = |path: &str| Ok(Reference::File(at(path)));
        for (from, written, expected) in [
            ("tollgate.toml", "tollgate:recommended@1", Ok(Reference::Pack("recommended@1".to_owned()))),
            ("tollgate.toml", "policy/base.toml", file("policy/base.toml")),
            ("tollgate.toml", "./policy//base.toml", file("policy/base.toml")),
            ("policy/a/b.toml", "../base.toml", file("policy/base.toml")),
            ("tollgate.toml", "../base.toml", Err("`../base.toml` leads out of the repository")),
            ("policy/a.toml", "../../base.toml", Err("`../../base.toml` leads out of the repository")),
            ("tollgate.toml", "/etc/base.toml", Err("`/etc/base.toml` leads out of the repository")),
            ("tollgate.toml", "policy/..", Err("`policy/..` leads out of the repository")),
            ("tollgate.toml", "https://x/y.toml", Err("`https://x/y.toml` is nothing that a policy can extend")),
            ("tollgate.toml", "", Err("`` is nothing that a policy can extend")),
        ] {
            let parsed = parse(written, &at(from)).map_err(|refusal| refusal.message);
            assert_eq!(parsed, expected.map_err(str::to_owned), "{written}");
        }
    }

    #[test]
    fn a_policy_of_another_repository_is_pinned_by_a_whole_commit() {
        for (written, expected) in [
            (format!("https://h/p.git@{COMMIT}#gate.toml"), "https://h/p.git@0123456789#gate.toml"),
            (format!("git@h:p.git@{COMMIT}#a/gate.toml"), "git@h:p.git@0123456789#a/gate.toml"),
            (
                "https://h/p.git@main#gate.toml".to_owned(),
                "`main` can move; a policy is pinned by the whole name of a commit",
            ),
            (
                "https://h/p.git@0123456#a".to_owned(),
                "`0123456` can move; a policy is pinned by the whole name of a commit",
            ),
            (
                format!("https://h/p.git@{COMMIT}"),
                &format!("`git:https://h/p.git@{COMMIT}` is not `git:URL@COMMIT#PATH`"),
            ),
            ("https://h/p.git#a".to_owned(), "`git:https://h/p.git#a` is not `git:URL@COMMIT#PATH`"),
            (format!("ext::sh -c id@{COMMIT}#a"), "a policy is not fetched from `ext::sh -c id`"),
            (format!("--upload-pack=x@y:@{COMMIT}#a"), "a policy is not fetched from `--upload-pack=x@y:`"),
            (format!("/srv/p.git@{COMMIT}#a"), "a policy is not fetched from `/srv/p.git`"),
            (format!("https://h/p@{COMMIT}#../a"), "`../a` is not the path of a file in that repository"),
        ] {
            let said = match parse(&format!("git:{written}"), &at("tollgate.toml")) {
                Ok(Reference::File(location)) => location.to_string(),
                Ok(other) => panic!("{other:?}"),
                Err(refusal) => refusal.message,
            };
            assert_eq!(said, expected, "{written}");
        }
    }

    #[test]
    fn what_extends_beats_what_it_builds_on_and_lists_of_files_grow() {
        let config = load(&[
            (
                "tollgate.toml",
                "extends = [\"a.toml\", \"b.toml\"]\nexclude = [\"own\"]\n[rules.levels]\nx = \"note\"\n\
                 [checks.lint]\nfiles = [\"*.py\"]\n[[overrides]]\nfiles = [\"own\"]\nlevels = {}\n",
            ),
            (
                "a.toml",
                "exclude = [\"a\"]\n[gate]\nscope = \"all\"\nfail-on = \"note\"\n[rules.levels]\nx = \"error\"\ny = \"error\"\n\
                 [[overrides]]\nfiles = [\"a\"]\nlevels = {}\n",
            ),
            (
                "b.toml",
                "exclude = [\"b\"]\n[gate]\nfail-on = \"warning\"\n[checks.lint]\nrun = [\"lint\"]\nfiles = [\"*\", \"x\"]\n\
                 [stages.nightly]\nchecks = [\"lint\"]\n[rules.levels]\ny = \"warning\"\n",
            ),
        ])
        .expect("all of it is valid");
        let shown = show(&config, Origins::Shown);
        for line in [
            "exclude = [\"a\", \"b\", \"own\"]  # tollgate.toml:2",
            "gate.fail-on = \"warning\"  # b.toml:3",
            "gate.scope = \"all\"  # a.toml:3",
            "rules.levels.x = \"note\"  # tollgate.toml:4",
            "rules.levels.y = \"warning\"  # b.toml:10",
            "checks.lint.run = [\"lint\"]  # b.toml:5",
            "checks.lint.files = [\"*.py\"]  # tollgate.toml:6",
            "stages.nightly.checks = [\"lint\"]  # b.toml:8",
            "files = [\"a\"]  # a.toml:9",
            "files = [\"own\"]  # tollgate.toml:8",
        ] {
            assert!(shown.lines().any(|shown| shown == line), "no `{line}` in\n{shown}");
        }
    }

    #[test]
    fn a_fault_is_told_where_it_stands() {
        let base = "# one\nexclude = [\"ok\", \"#\"]\n[checks.lint]\nrun = []\n";
        let error = load(&[("tollgate.toml", "extends = [\"a.toml\"]\nexclude = [\"x\"]\n"), ("a.toml", base)]);
        let error = error.expect_err("two faults");
        assert!(error.contains("a.toml:2: `#` is not a pattern"), "{error}");
        assert!(error.contains("a.toml:4: `run` is empty"), "{error}");
        let error = load(&[("tollgate.toml", "extends = [\n\"x.toml\"]\n")]).expect_err("there is none");
        assert!(error.starts_with("error: tollgate.toml:2: there is no x.toml"), "{error}");
        let error = load(&[("tollgate.toml", "extends = [\"a.toml\"]\n"), ("a.toml", "x = 1\n")]).expect_err("a slip");
        assert!(error.starts_with("error: a.toml:1: unknown key `x`"), "{error}");
    }

    #[test]
    fn circles_and_towers_are_refused() {
        let error = load(&[("tollgate.toml", "extends = [\"a.toml\"]"), ("a.toml", "extends = [\"tollgate.toml\"]")]);
        let expected = "these policies extend each other: tollgate.toml -> a.toml -> tollgate.toml";
        assert!(error.expect_err("a circle").contains(expected));
        let tower = |n: usize| {
            let names: Vec<String> = (0..=n).map(|n| format!("{n}.toml")).collect();
            let texts: Vec<String> =
                (1..=n).map(|n| format!("extends = [\"{n}.toml\"]")).chain([String::new()]).collect();
            let mut files: Vec<(&str, &str)> = vec![("tollgate.toml", "extends = [\"0.toml\"]")];
            files.extend(names.iter().map(String::as_str).zip(texts.iter().map(String::as_str)));
            load(&files)
        };
        assert!(tower(15).is_ok());
        assert!(tower(16).expect_err("too high").contains("more than 16 policies"));
        let wide: Vec<String> = (0..6).map(|n| format!("extends = [\"{n}a.toml\", \"{n}b.toml\"]")).collect();
        let mut files = vec![("tollgate.toml".to_owned(), wide[0].clone())];
        for n in 0..6 {
            let text = wide.get(n + 1).cloned().unwrap_or_default();
            files.extend([(format!("{n}a.toml"), text.clone()), (format!("{n}b.toml"), text)]);
        }
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        assert!(load(&files).expect_err("too many").contains("or more than 64 in all"));
    }

    #[test]
    fn the_last_pack_of_a_name_holds() {
        let config = load(&[
            ("tollgate.toml", "extends = [\"a.toml\", \"tollgate:recommended@2\"]"),
            ("a.toml", "extends = [\"tollgate:recommended@1\", \"tollgate:strict@1\"]"),
        ])
        .expect("it is valid");
        let packs: Vec<(&str, String)> =
            config.packs.iter().map(|pack| (pack.value.as_str(), pack.origin.to_string())).collect();
        assert_eq!(packs, [("recommended@2", "tollgate.toml:1".to_owned()), ("strict@1", "a.toml:1".to_owned())]);
        assert_ne!(config.packs.first().map(|pack| pack.origin.clone()), Some(Origin::Default));
    }

    #[test]
    fn rules_of_a_pinned_policy_stay_with_it() {
        let pinned = format!("https://h/p.git@{}#gate.toml", &COMMIT[..10]);
        let policy =
            format!("extends = [\"git:https://h/p.git@{COMMIT}#gate.toml\"]\n[rules]\npaths = [\"own/*.yml\"]\n");
        let files = [
            ("tollgate.toml", policy.as_str()),
            (pinned.as_str(), "extends = [\"more.toml\"]\n[rules]\npaths = [\"a/*.yml\"]\nutils = [\"u/*.yml\"]\n"),
        ];
        let more = pinned.replace("gate.toml", "more.toml");
        let config = load(&[files[0], files[1], (more.as_str(), "[rules]\npaths = [\"b/*.yml\"]\n")]);
        let config = config.expect("it is valid");
        assert_eq!(config.rule_paths.value, ["own/*.yml"]);
        let [PinnedRules { site: Site::Pinned { .. }, paths, utilities }] = config.pinned_rules.as_slice() else {
            panic!("{:?}", config.pinned_rules)
        };
        assert_eq!(
            (paths.as_slice(), utilities.as_slice()),
            (["a/*.yml".to_owned()].as_slice(), ["u/*.yml".to_owned()].as_slice())
        );
    }
}
