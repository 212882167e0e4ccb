//! Whether the ids and options that a policy names exist.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::nearest::nearest;
use crate::config::places::joined;
use crate::config::problem::{Error, Problem};
use crate::config::{Check, Config, defaults, tool};
use crate::model::option::{OptionKind, OptionSpec, OptionValue};
use crate::model::rule::Family;

/// What a policy can name beside its own checks.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    /// The built-in checks by id, with the options that they accept.
    pub(crate) checks: BTreeMap<String, &'static [OptionSpec]>,
    /// The ids of the rules.
    pub(crate) rules: BTreeSet<String>,
    /// The types that files can be of.
    pub(crate) types: BTreeSet<&'static str>,
}

/// Compares every id and option that the policy names with those that exist.
pub(crate) fn verify(config: &Config, vocabulary: &Vocabulary) -> Result<(), Error> {
    let mut review = Review { config, outer: None, vocabulary, problems: Vec::new() };
    review.stages();
    review.checks_and_levels();
    review.cycle();
    Error::check(review.problems)
}

/// The same for the policy of a folder, which may also name the commands of the policy around it.
pub(crate) fn verify_nested(outer: &Config, config: &Config, vocabulary: &Vocabulary) -> Result<(), Error> {
    let mut review = Review { config, outer: Some(outer), vocabulary, problems: Vec::new() };
    review.checks_and_levels();
    review.cycle();
    Error::check(review.problems)
}

/// Compares words that were given to `--only` or `--skip` (`given`) with what can be chosen.
pub(crate) fn verify_words(
    config: &Config,
    vocabulary: &Vocabulary,
    given: &str,
    words: &[String],
) -> Result<(), Error> {
    let review = Review { config, outer: None, vocabulary, problems: Vec::new() };
    let unknown = words.iter().filter(|word| !review.can_be_chosen(word));
    let problem = |word: &String| {
        let (message, hint) = review.unknown_choice(word);
        Problem { name: given.to_owned(), excerpt: None, message, hint }
    };
    Error::check(unknown.map(problem).collect())
}

struct Review<'a> {
    config: &'a Config,
    /// The policy around it, whose commands it may name.
    outer: Option<&'a Config>,
    vocabulary: &'a Vocabulary,
    problems: Vec<Problem>,
}

impl<'a> Review<'a> {
    fn checks_and_levels(&mut self) {
        for (id, check) in &self.config.checks {
            self.check(id, check);
        }
        self.levels("rules.levels", self.config.levels.keys());
        for (index, entry) in self.config.overrides.iter().enumerate() {
            self.levels(&format!("overrides[{index}].levels"), entry.levels.keys());
        }
    }

    /// The ids of all checks, built in and the policy's own.
    fn check_ids(&self) -> impl Iterator<Item = &'a str> {
        let policies = [Some(self.config), self.outer].into_iter().flatten();
        let own = policies
            .flat_map(|config| &config.checks)
            .filter(|(_, check)| check.run.is_some())
            .map(|(id, _)| id.as_str());
        self.vocabulary.checks.keys().map(String::as_str).chain(own)
    }

    fn is_check(&self, id: &str) -> bool {
        self.vocabulary.checks.contains_key(id) || self.is_command(id)
    }

    fn is_command(&self, id: &str) -> bool {
        let policies = [Some(self.config), self.outer].into_iter().flatten();
        policies.filter_map(|config| config.checks.get(id)).any(|check| check.run.is_some())
    }

    /// Whether a level can be given to `id`: a rule, a check, or a rule of a command of the policy.
    fn has_level(&self, id: &str) -> bool {
        self.vocabulary.rules.contains(id)
            || self.is_check(id)
            || id.split_once('/').is_some_and(|(command, rule)| !rule.is_empty() && self.is_command(command))
    }

    fn can_be_chosen(&self, word: &str) -> bool {
        word == "*" || Family::from_name(word).is_some() || self.vocabulary.rules.contains(word) || self.is_check(word)
    }

    fn unknown_choice(&self, word: &str) -> (String, String) {
        let message = format!("there is no check, rule or family called `{word}`");
        if let Some((command, _)) = word.split_once('/').filter(|(command, _)| self.is_command(command)) {
            return (message, format!("`{command}` chooses the command with all of its rules"));
        }
        let families = Family::NAMES.iter().map(|(name, _)| *name);
        let rules = self.vocabulary.rules.iter().map(String::as_str);
        let hint = match nearest(word, families.chain(rules).chain(self.check_ids())) {
            Some(known) => format!("did you mean `{known}`?"),
            None => "`tollgate rules list` lists them; a command of your own needs [checks.ID] with `run`".to_owned(),
        };
        (message, hint)
    }

    fn stages(&mut self) {
        let (follower, _) = defaults::FOLLOWER;
        for (name, stage) in &self.config.stages {
            let path = joined("stages", name);
            if name == follower && !self.config.places.has(&path) {
                continue;
            }
            for (index, word) in stage.checks.value.iter().enumerate() {
                let place = format!("{path}.checks[{index}]");
                if !self.can_be_chosen(word) {
                    let (message, hint) = self.unknown_choice(word);
                    self.value_problem(&place, message, hint);
                } else if name == MESSAGE_STAGE && self.is_command(word) {
                    let message = format!("`{word}` is a command, and no command is run on a commit message");
                    self.value_problem(&place, message, "name it in another stage".to_owned());
                }
            }
        }
    }

    fn check(&mut self, id: &str, check: &Check) {
        let path = joined("checks", id);
        let is_rule = self.vocabulary.rules.contains(id);
        match self.vocabulary.checks.get(id) {
            Some(_) if check.run.is_some() => {
                let hint = format!("call your command something else, like [checks.my-{id}]");
                self.key_problem(&path, format!("`{id}` is a built-in check and can't have `run`"), hint);
            }
            Some(specs) => self.options(&path, id, check, specs),
            None if is_rule => {
                let hint = format!("set its level: [rules.levels], {id} = \"warning\"");
                self.key_problem(&path, format!("`{id}` is a rule, not a check"), hint);
            }
            None if check.run.is_none() => {
                let hint = match nearest(id, self.vocabulary.checks.keys().map(String::as_str)) {
                    _ if tool::find(id).is_some() => format!("write `tool = \"{id}\"` into [checks.{id}]"),
                    Some(known) => format!("did you mean [checks.{known}]? A command of your own needs `run`"),
                    None => "a command of your own needs `run = [\"program\", \"argument\"]`, a known tool `tool`"
                        .to_owned(),
                };
                self.key_problem(&path, format!("there is no built-in check `{id}`"), hint);
            }
            None => {}
        }
        for (index, types) in check.types.iter().enumerate() {
            let tags = types.strip_prefix('!').map_or_else(|| types.split('|').collect(), |tag| vec![tag]);
            if let Some(tag) = tags.into_iter().find(|tag| !self.vocabulary.types.contains(tag)) {
                let hint = match nearest(tag, self.vocabulary.types.iter().copied()) {
                    Some(known) => format!("did you mean `{known}`?"),
                    None => "choose the files by name: `files = [\"*.x\"]`".to_owned(),
                };
                self.value_problem(
                    &format!("{path}.types[{index}]"),
                    format!("there is no type of files `{tag}`"),
                    hint,
                );
            }
        }
        for (index, need) in check.needs.iter().enumerate() {
            if !self.is_check(need) {
                let hint = match nearest(need, self.check_ids()) {
                    Some(known) => format!("did you mean `{known}`?"),
                    None => "`needs` takes ids of checks".to_owned(),
                };
                self.value_problem(&format!("{path}.needs[{index}]"), format!("there is no check `{need}`"), hint);
            }
        }
    }

    fn options(&mut self, path: &str, id: &str, check: &Check, specs: &'static [OptionSpec]) {
        for (name, value) in check.options.iter() {
            let place = joined(&format!("{path}.options"), name);
            let Some(spec) = specs.iter().find(|spec| spec.name == name) else {
                let known: Vec<&str> = specs.iter().map(|spec| spec.name).collect();
                let hint = match nearest(name, known.iter().copied()) {
                    Some(known) => format!("did you mean `{known}`?"),
                    None if known.is_empty() => "it has no options".to_owned(),
                    None => format!("its options: {}", known.join(", ")),
                };
                self.key_problem(&place, format!("`{id}` has no option `{name}`"), hint);
                continue;
            };
            if let Some(wanted) = mismatch(spec.kind, value) {
                self.value_problem(&place, format!("option `{name}` of `{id}` takes {wanted}"), spec.help.to_owned());
            }
        }
    }

    fn levels(&mut self, path: &str, ids: impl Iterator<Item = &'a String>) {
        for id in ids.filter(|id| !self.has_level(id)).collect::<Vec<_>>() {
            let rules = self.vocabulary.rules.iter().map(String::as_str);
            let hint = match nearest(id, rules.chain(self.check_ids())) {
                _ if Family::from_name(id).is_some() => "levels are for single rules and checks".to_owned(),
                Some(known) => format!("did you mean `{known}`?"),
                None => "`tollgate rules list` lists them".to_owned(),
            };
            self.key_problem(&joined(path, id), format!("there is no rule or check `{id}`"), hint);
        }
    }

    /// Reports one circle of needs, if there is one.
    fn cycle(&mut self) {
        let Some(circle) = circle_of_needs(&self.config.checks) else { return };
        let Some(first) = circle.first() else { return };
        let is_cut = circle.len() > MAX_CIRCLE;
        let end = if is_cut { "..." } else { *first };
        let shown: Vec<&str> = circle.iter().copied().take(MAX_CIRCLE).chain([end]).collect();
        let message = format!("these checks wait for each other: {}", shown.join(" -> "));
        let path = format!("{}.needs", joined("checks", first));
        self.key_problem(&path, message, "take one of them out of `needs`".to_owned());
    }

    fn key_problem(&mut self, path: &str, message: String, hint: String) {
        self.problems.push(self.config.places.key_problem(path, message, hint));
    }

    fn value_problem(&mut self, path: &str, message: String, hint: String) {
        self.problems.push(self.config.places.value_problem(path, message, hint));
    }
}

/// The stage that judges a message, and nothing that a command could look at.
const MESSAGE_STAGE: &str = "commit-msg";
/// The most checks of a circle that are named.
const MAX_CIRCLE: usize = 12;

/// Checks each of which needs the next, and the last the first; in the order of their names as far as that goes.
fn circle_of_needs(checks: &BTreeMap<String, Check>) -> Option<Vec<&str>> {
    let needs = |id: &str| checks.get(id).into_iter().flat_map(|check| check.needs.iter().map(String::as_str));
    // What waits for nothing that is left can't be in a circle; what remains in the end leads into one.
    let mut left: BTreeSet<&str> = checks.keys().map(String::as_str).collect();
    let mut n_waiting: BTreeMap<&str, usize> = BTreeMap::new();
    let mut waiting_for: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for id in checks.keys() {
        let open: BTreeSet<&str> = needs(id).filter(|need| checks.contains_key(*need)).collect();
        n_waiting.insert(id, open.len());
        for need in open {
            waiting_for.entry(need).or_default().push(id);
        }
    }
    let mut ready: Vec<&str> = n_waiting.iter().filter(|(_, n)| **n == 0).map(|(id, _)| *id).collect();
    while let Some(id) = ready.pop() {
        left.remove(id);
        for waiting in waiting_for.get(id).into_iter().flatten() {
            let n = n_waiting.entry(waiting).or_default();
            *n = n.saturating_sub(1);
            if *n == 0 {
                ready.push(waiting);
            }
        }
    }
    let mut trail = vec![*left.first()?];
    let mut seen_at = BTreeMap::from([(*left.first()?, 0)]);
    loop {
        let next = needs(trail.last()?).find(|need| left.contains(need))?;
        if let Some(&start) = seen_at.get(next) {
            return trail.get(start..).map(<[&str]>::to_vec);
        }
        seen_at.insert(next, trail.len());
        trail.push(next);
    }
}

/// What the option takes, if the value is not that.
fn mismatch(kind: OptionKind, value: &OptionValue) -> Option<String> {
    let wanted = match (kind, value) {
        (OptionKind::Flag, OptionValue::Flag(_))
        | (OptionKind::Number, OptionValue::Number(_))
        | (OptionKind::Text, OptionValue::Text(_))
        | (OptionKind::List, OptionValue::List(_)) => return None,
        (OptionKind::Choice(words), OptionValue::Text(text)) if words.contains(&text.as_str()) => return None,
        (OptionKind::Flag, _) => "`true` or `false`".to_owned(),
        (OptionKind::Number, _) => "a whole number, without quotes".to_owned(),
        (OptionKind::Text, _) => "a text in quotes".to_owned(),
        (OptionKind::List, _) => "a list of texts: [\"one\", \"two\"]".to_owned(),
        (OptionKind::Choice(words), _) => format!("one of \"{}\"", words.join("\", \"")),
    };
    Some(wanted)
}

#[cfg(test)]
mod tests {
    use super::{Vocabulary, verify, verify_words};
    use crate::config::Config;
    use crate::model::option::{OptionKind, OptionSpec};

    const OPTIONS: &[OptionSpec] = &[
        OptionSpec { name: "maxkb", kind: OptionKind::Number, help: "The most kilobytes." },
        OptionSpec { name: "enforce-all", kind: OptionKind::Flag, help: "Old files too." },
        OptionSpec { name: "fix", kind: OptionKind::Choice(&["auto", "lf"]), help: "The line end." },
        OptionSpec { name: "branches", kind: OptionKind::List, help: "Their names." },
    ];

    fn vocabulary() -> Vocabulary {
        Vocabulary {
            checks: [("large-files".to_owned(), OPTIONS), ("trailing-whitespace".to_owned(), &[][..])].into(),
            rules: ["debug-print".to_owned(), "large-files".to_owned()].into(),
            types: ["python", "text"].into(),
        }
    }

    /// Each problem as `line: message (hint)`.
    #[track_caller]
    fn check(policy: &str, expected: &[&str]) {
        let config = Config::load(Some(("tollgate.toml", policy.as_bytes()))).expect("the policy is well formed");
        let found: Vec<String> = match verify(&config, &vocabulary()) {
            Ok(()) => Vec::new(),
            Err(error) => error
                .problems()
                .iter()
                .map(|problem| {
                    let line = problem.excerpt.as_ref().map_or(0, |excerpt| excerpt.line);
                    format!("{line}: {} ({})", problem.message, problem.hint)
                })
                .collect(),
        };
        assert_eq!(found, expected, "{policy}");
    }

    #[test]
    fn what_exists_can_be_named() {
        assert_eq!(verify(&Config::defaults(), &vocabulary()), Ok(()));
        check(
            "[stages.pre-commit]\nchecks = [\"*\", \"hygiene\", \"debug-print\", \"large-files\", \"lint\"]\n\
             [checks.lint]\nrun = [\"lint\"]\nneeds = [\"trailing-whitespace\"]\n\
             [rules.levels]\ndebug-print = \"off\"\n\"lint/E1\" = \"note\"\nlint = \"error\"\n",
            &[],
        );
        check("[checks.large-files.options]\nmaxkb = 1\nenforce-all = true\nfix = \"lf\"\nbranches = []\n", &[]);
    }

    #[test]
    fn an_unknown_choice_of_a_stage_has_its_own_line() {
        check(
            "[stages.pre-commit]\nchecks = [\n  \"hygene\",\n  \"debug-prnt\",\n  \"zzz\",\n]\n",
            &[
                "3: there is no check, rule or family called `hygene` (did you mean `hygiene`?)",
                "4: there is no check, rule or family called `debug-prnt` (did you mean `debug-print`?)",
                "5: there is no check, rule or family called `zzz` (`tollgate rules list` lists them; a command of your \
                 own needs [checks.ID] with `run`)",
            ],
        );
        check(
            "[checks.lint]\nrun = [\"lint\"]\n[stages.x]\nchecks = [\"lint/E1\"]\n",
            &[
                "4: there is no check, rule or family called `lint/E1` (`lint` chooses the command with all of its rules)",
            ],
        );
    }

    #[test]
    fn a_table_of_a_check_must_be_a_command_or_built_in() {
        check(
            "[checks.large-file]\nlevel = \"note\"\n",
            &["1: there is no built-in check `large-file` (did you mean [checks.large-files]? A command of your own \
               needs `run`)"],
        );
        check(
            "[checks.large-files]\nrun = [\"x\"]\n",
            &["1: `large-files` is a built-in check and can't have `run` (call your command something else, like \
               [checks.my-large-files])"],
        );
        check(
            "[checks.debug-print]\nlevel = \"note\"\n",
            &["1: `debug-print` is a rule, not a check (set its level: [rules.levels], debug-print = \"warning\")"],
        );
    }

    #[test]
    fn no_command_waits_for_a_message() {
        check("[checks.x]\nrun = [\"x\"]\n[stages.commit-msg]\nchecks = [\"*\", \"message\"]\n", &[]);
        check(
            "[checks.x]\nrun = [\"x\"]\n[stages.commit-msg]\nchecks = [\"x\"]\n",
            &["4: `x` is a command, and no command is run on a commit message (name it in another stage)"],
        );
    }

    #[test]
    fn types_are_those_that_files_can_be_of() {
        check("[checks.x]\nrun = [\"x\"]\ntypes = [\"python\"]\n", &[]);
        check(
            "[checks.x]\nrun = [\"x\"]\ntypes = [\"text\", \"pyton\"]\n",
            &["3: there is no type of files `pyton` (did you mean `python`?)"],
        );
    }

    #[test]
    fn options_are_compared_with_what_the_check_accepts() {
        check(
            "[checks.large-files.options]\nmax-kb = 1\nmaxkb = \"1\"\nenforce-all = 1\nfix = \"cr\"\nbranches = \"a\"\n",
            &[
                "2: `large-files` has no option `max-kb` (did you mean `maxkb`?)",
                "3: option `maxkb` of `large-files` takes a whole number, without quotes (The most kilobytes.)",
                "4: option `enforce-all` of `large-files` takes `true` or `false` (Old files too.)",
                "5: option `fix` of `large-files` takes one of \"auto\", \"lf\" (The line end.)",
                "6: option `branches` of `large-files` takes a list of texts: [\"one\", \"two\"] (Their names.)",
            ],
        );
        check(
            "[checks.trailing-whitespace]\noptions = { x = true }\n",
            &["2: `trailing-whitespace` has no option `x` (it has no options)"],
        );
    }

    #[test]
    fn levels_are_for_rules_and_checks() {
        check(
            "[rules.levels]\nhygiene = \"off\"\ndebug-prin = \"off\"\n[[overrides]]\nfiles = [\"a\"]\n\
             [overrides.levels]\n\"lint/E1\" = \"off\"\n",
            &[
                "2: there is no rule or check `hygiene` (levels are for single rules and checks)",
                "3: there is no rule or check `debug-prin` (did you mean `debug-print`?)",
                "7: there is no rule or check `lint/E1` (`tollgate rules list` lists them)",
            ],
        );
    }

    #[test]
    fn needs_name_checks_and_form_no_circle() {
        check(
            "[checks.a]\nrun = [\"a\"]\nneeds = [\"bb\", \"trailing-whitespaces\", \"tests\"]\n",
            &[
                "3: there is no check `bb` (`needs` takes ids of checks)",
                "3: there is no check `trailing-whitespaces` (did you mean `trailing-whitespace`?)",
                "3: there is no check `tests` (`needs` takes ids of checks)",
            ],
        );
        check(
            "[checks.a]\nrun = [\"a\"]\nneeds = [\"b\"]\n[checks.b]\nrun = [\"b\"]\nneeds = [\"d\", \"c\"]\n\
             [checks.c]\nrun = [\"c\"]\nneeds = [\"b\"]\n[checks.d]\nrun = [\"d\"]\n",
            &["6: these checks wait for each other: b -> c -> b (take one of them out of `needs`)"],
        );
        check(
            "[checks.a]\nrun = [\"a\"]\nneeds = [\"a\"]\n",
            &["3: these checks wait for each other: a -> a (take one of them out of `needs`)"],
        );
    }

    #[test]
    fn words_of_the_command_line_are_compared_too() {
        let config = Config::defaults();
        let words = ["secrets".to_owned(), "debug-print".to_owned(), "scerets".to_owned()];
        let error = verify_words(&config, &vocabulary(), "--only", &words).expect_err("one word is wrong");
        let expected = "error: --only: there is no check, rule or family called `scerets`\n\nhint: did you mean \
                        `secrets`?";
        assert_eq!(error.to_string(), expected);
        assert_eq!(verify_words(&config, &vocabulary(), "--only", &["*".to_owned()]), Ok(()));
    }
}
