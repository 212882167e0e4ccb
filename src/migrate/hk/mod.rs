//! hk: its configuration is a program in Pkl, of which what only lists steps can be read.

mod pkl;

use crate::check::builtin;
use crate::migrate::hk::pkl::{Entry, Node, parse};
use crate::migrate::patterns::of_glob;
use crate::migrate::policy::Check;
use crate::migrate::shell::{Line, is_taken, understood};
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

fn one(draft: &mut Draft<'_>, (file, hook): (&str, &str), (step, value): (&str, &Node), fix: bool) {
    let shown = format!("{hook}: {step}");
    let stage = hook.to_owned();
    if !matches!(hook, "pre-commit" | "pre-push" | "commit-msg") {
        return draft.lose(file, &shown, format!("tollgate does not serve {hook}"));
    }
    let (base, members) = match value {
        Node::Name(name) => (name.as_str(), &[][..]),
        Node::Object(base, members) => (base.as_str(), members.as_slice()),
        _ => return draft.lose(file, &shown, "it is computed"),
    };
    let own = base.strip_prefix("Builtins.").unwrap_or_default();
    let text = |key: &str| match members.iter().find(|entry| entry.key == key).map(|entry| &entry.value) {
        Some(Node::Text(text)) => Some(text.as_str()),
        _ => None,
    };
    let line = text("fix").filter(|_| fix).or(text("check")).or(text("check_diff"));
    let Some(line) = line else {
        let id =
            ALIASES.iter().find(|(name, _)| *name == own).map_or(own.replace('_', "-"), |(_, id)| (*id).to_owned());
        if members.is_empty() && builtin::find(&id).is_some() && hook != "commit-msg" {
            draft.policy.fix |= fix && hook == "pre-commit";
            draft.policy.add(Check { id: id.clone(), ..Check::default() }, &[stage]);
            return draft.report(file, &shown, Fate::Translated(vec![id]), "");
        }
        let is_plain = members.iter().all(|entry| entry.key == "profiles");
        if let Some(check) = draft.tool_of_step(own).filter(|_| is_plain && hook != "commit-msg") {
            draft.policy.fix |= fix && hook == "pre-commit";
            let id = draft.command(step, check, &[stage]);
            return draft.report(file, &shown, Fate::Translated(vec![id]), "the program is to be installed");
        }
        return draft.lose(file, &shown, format!("what `{base}` runs is said in hk: say the command with `run`"));
    };
    let known = [
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
    if let Some(other) = members.iter().find(|entry| !known.contains(&entry.key.as_str())) {
        return draft.lose(file, &shown, format!("it has `{}`, which tollgate does not follow", other.key));
    }
    let filled = line.replace("{{ files }}", "{files}").replace("{{files}}", "{files}");
    if filled.contains("{{") || is_taken(&filled.replace("{files}", "")) {
        return draft.lose(file, &shown, "its command has other placeholders than `{{files}}`");
    }
    let globs = match members.iter().find(|entry| entry.key == "glob").map(|entry| &entry.value) {
        Some(Node::Text(glob)) => vec![glob.clone()],
        Some(Node::List(globs)) => globs.clone(),
        None if own.is_empty() => Vec::new(),
        _ => return draft.lose(file, &shown, "its files are computed, or said in hk"),
    };
    let dir = text("dir").unwrap_or_default();
    let lines: Result<Vec<Vec<String>>, _> = globs.iter().map(|glob| of_glob(glob, dir, true)).collect();
    let files = match lines {
        Ok(lines) => lines.concat(),
        Err(why) => return draft.lose(file, &shown, why.to_string()),
    };
    match understood(&filled) {
        Line::Command(check, _) if hook != "commit-msg" => {
            let mends = check.fix || (fix && text("fix").is_some());
            draft.policy.fix |= mends && fix && hook == "pre-commit";
            let id = draft.command(step, Check { files, dir: dir.to_owned(), fix: mends, ..check }, &[stage]);
            draft.report(file, &shown, Fate::Translated(vec![id]), "");
        }
        Line::Commitlint if hook == "commit-msg" => draft.commitlint(file, &shown),
        _ => draft.lose(file, &shown, "tollgate runs no command on a message"),
    }
}
