//! hk: its configuration is a program in Pkl, of which what only lists steps can be read.

mod pkl;

use crate::check::builtin;
use crate::migrate::hk::pkl::{Entry, Node, parse};
use crate::migrate::patterns::of_glob;
use crate::migrate::policy::Check;
use crate::migrate::shell::{Line, is_taken, understood};
use crate::migrate::tools::tool_of_step;
use crate::migrate::{Draft, Fate};

/// The configurations, in the order in which hk looks for them.
const FILES: [&str; 3] = ["hk.pkl", ".config/hk.pkl", ".hk.pkl"];

/// The most steps that are read; what is spread into itself is not followed further.
const MAX_STEPS: usize = 500;

/// Steps of hk's own with another name than the check of ours.
const ALIASES: [(&str, &str); 5] = [
    ("newlines", "end-of-file-fixer"),
    ("byte_order_marker", "fix-byte-order-marker"),
    ("fix_byte_order_marker", "fix-byte-order-marker"),
    ("python_debug_statements", "debug-statements"),
    ("python_check_ast", "check-ast"),
];

/// Takes over what can be read of hk's configuration, if there is one.
pub(super) fn migrate(draft: &mut Draft<'_>) {
    let Some((file, text)) = FILES.iter().find_map(|file| Some((*file, draft.tree.text(file)?))) else { return };
    draft.found("hk", file);
    let module = parse(&text);
    let hooks = module.iter().find(|entry| entry.key == "hooks").map(|entry| &entry.value);
    let Some(Node::Object(_, hooks)) = hooks else {
        return draft.lose(file, "hooks", "the list of hooks is computed, or comes from elsewhere");
    };
    for Entry { key: name, value } in hooks {
        if matches!(name.as_str(), "check" | "fix") {
            draft.note(format!("{file}: `{name}` is hk's command of that name; `tollgate {name}` does as much"));
            continue;
        }
        let Node::Object(_, members) = value else {
            draft.lose(file, name, "it is computed");
            continue;
        };
        let fix = members.iter().any(|entry| entry.key == "fix" && entry.value == Node::Name("true".to_owned()));
        let mut steps = Vec::new();
        if let Some(listed) = members.iter().find(|entry| entry.key == "steps") {
            flatten(&listed.value, &module, &mut steps, 0);
        }
        for (step, value) in &steps {
            one(draft, (file, name), (step, value), fix);
        }
    }
    draft.steps.push(format!(
        "`hk uninstall` takes the hooks of hk out, so that they do not run twice; {file} is not needed any more"
    ));
}

/// The steps of a hook, with those that are spread into it and those in groups.
fn flatten<'a>(node: &'a Node, module: &'a [Entry], into: &mut Vec<(String, &'a Node)>, depth: usize) {
    if depth > 8 || into.len() > MAX_STEPS {
        return;
    }
    let named = |name: &str| module.iter().find(|entry| entry.key == name).map(|entry| &entry.value);
    match node {
        Node::Name(name) => match named(name) {
            Some(found) => flatten(found, module, into, depth + 1),
            None => into.push((name.clone(), &Node::Unread)),
        },
        Node::Object(_, members) => {
            for Entry { key, value } in members {
                let group = match value {
                    Node::Object(_, inner) => inner.iter().find(|entry| entry.key == "steps"),
                    _ => None,
                };
                match (key.as_str(), group) {
                    ("...", _) => flatten(value, module, into, depth + 1),
                    (_, Some(group)) => flatten(&group.value, module, into, depth + 1),
                    _ => into.push((key.clone(), value)),
                }
            }
        }
        _ => into.push(("steps".to_owned(), &Node::Unread)),
    }
}

/// What a step may say; `depends` only orders, and everything that looks can be in any order.
const KEYS: [&str; 15] = [
    "check",
    "fix",
    "check_diff",
    "check_list_files",
    "glob",
    "dir",
    "exclusive",
    "stomp",
    "stage",
    "batch",
    "check_first",
    "profiles",
    "depends",
    "output_summary",
    "workspace_indicator",
];

/// A step, with what it amends: `Builtins.prettier`.
struct Step<'a> {
    base: &'a str,
    members: &'a [Entry],
    fix: bool,
}

impl<'a> Step<'a> {
    fn member(&self, key: &str) -> Option<&'a Node> {
        self.members.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    fn text(&self, key: &str) -> Option<&'a str> {
        match self.member(key) {
            Some(Node::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// What hk has by itself, if tollgate has it too.
    fn own(&self) -> Option<Check> {
        let name = self.base.strip_prefix("Builtins.")?;
        let alias = ALIASES.iter().find(|(own, _)| *own == name);
        let id = alias.map_or_else(|| name.replace('_', "-"), |(_, id)| (*id).to_owned());
        let is_plain = self.members.iter().all(|entry| ["profiles", "exclusive", "glob"].contains(&entry.key.as_str()));
        let files = self.member("glob").map_or(Ok(Vec::new()), |_| self.files()).ok()?;
        match builtin::find(&id) {
            Some(_) => Some(Check { id, files, ..Check::default() }),
            None => tool_of_step(name).map(|check| Check { files, ..check }),
        }
        .filter(|_| is_plain)
    }

    /// The command that it says itself; an error if it can't be followed.
    fn command(&self) -> Result<Line, String> {
        let line = self.text("fix").filter(|_| self.fix).or(self.text("check")).or(self.text("check_diff"));
        let Some(line) = line else {
            return Err(format!("what `{}` runs is said in hk: say the command with `run`", self.base));
        };
        if let Some(other) = self.members.iter().find(|entry| !KEYS.contains(&entry.key.as_str())) {
            return Err(format!("it has `{}`, which tollgate does not follow", other.key));
        }
        let filled = line.replace("{{ files }}", "{files}").replace("{{files}}", "{files}");
        if filled.contains("{{") || is_taken(&filled.replace("{files}", "")) {
            return Err("its command has other placeholders than `{{files}}`".to_owned());
        }
        Ok(understood(&filled))
    }

    /// The patterns of its files.
    fn files(&self) -> Result<Vec<String>, String> {
        let dir = self.text("dir").unwrap_or_default();
        let globs = match self.member("glob") {
            Some(Node::Text(glob)) => vec![glob.clone()],
            Some(Node::List(globs)) => globs.clone(),
            None if !self.base.is_empty() => return Err("its files are said in hk".to_owned()),
            None if dir.is_empty() => Vec::new(),
            None => return Ok(vec![format!("/{}/", dir.trim_matches('/'))]),
            _ => return Err("its files are computed".to_owned()),
        };
        let lines = globs.iter().map(|glob| of_glob(glob, dir, true));
        Ok(lines.collect::<Result<Vec<_>, _>>().map_err(|why| why.to_string())?.concat())
    }
}

/// Where a step stands.
#[derive(Clone, Copy)]
struct Position<'a> {
    file: &'a str,
    hook: &'a str,
    name: &'a str,
    /// How it is told of.
    shown: &'a str,
    is_on_message: bool,
    /// Whether what it mends goes into the commit.
    mends: bool,
}

fn one(draft: &mut Draft<'_>, (file, hook): (&str, &str), (name, value): (&str, &Node), fix: bool) {
    let shown = &format!("{hook}: {name}");
    let (base, members) = match value {
        Node::Name(name) => (name.as_str(), &[][..]),
        Node::Object(base, members) => (base.as_str(), members.as_slice()),
        _ => return draft.lose(file, shown, "it is computed"),
    };
    let step = Step { base, members, fix };
    let is_on_message = match hook {
        "pre-commit" | "pre-push" => false,
        "commit-msg" => true,
        _ => return draft.lose(file, shown, format!("tollgate does not serve {hook}")),
    };
    let at = Position { file, hook, name, shown, is_on_message, mends: fix && hook == "pre-commit" };
    match step.own().filter(|_| !is_on_message) {
        Some(check) => known(draft, at, check),
        None => own_command(draft, at, &step),
    }
}

/// A step that hk has by itself.
fn known(draft: &mut Draft<'_>, at: Position<'_>, check: Check) {
    draft.policy.fix |= at.mends;
    let why = if check.tool.is_empty() { "" } else { "the program is to be installed" };
    let hooks = [at.hook.to_owned()];
    let id = match check.id.is_empty() {
        true => draft.command(at.name, check, &hooks),
        false => {
            draft.policy.add(check.clone(), &hooks);
            check.id
        }
    };
    draft.report(at.file, at.shown, Fate::Translated(vec![id]), why);
}

/// A step that says its command.
fn own_command(draft: &mut Draft<'_>, at: Position<'_>, step: &Step<'_>) {
    match step.command().and_then(|line| Ok((line, step.files()?))) {
        Err(why) => draft.lose(at.file, at.shown, why),
        Ok((Line::Commitlint, _)) if at.is_on_message => draft.commitlint(at.file, at.shown),
        Ok((Line::Command(check, _), files)) if !at.is_on_message => {
            let fix = check.fix || (step.fix && step.text("fix").is_some());
            draft.policy.fix |= fix && at.mends;
            let dir = step.text("dir").unwrap_or_default().to_owned();
            let id = draft.command(at.name, Check { files, dir, fix, ..*check }, &[at.hook.to_owned()]);
            draft.report(at.file, at.shown, Fate::Translated(vec![id]), "");
        }
        Ok(_) => draft.lose(at.file, at.shown, "tollgate runs no command on a message"),
    }
}
