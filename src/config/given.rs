//! What the command line says over the policy, and choosing a stage.

use crate::config::nearest::nearest;
use crate::config::problem::{Error, Problem};
use crate::config::{Config, Origin, Scope, Sourced, Stage};
use crate::model::rule::Level;

/// What the command line says; `None` leaves the policy as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Overrides {
    /// `--fail-on`: the lowest level of a finding that blocks; `Some(None)` if no finding does.
    pub(crate) fail_on: Option<Option<Level>>,
    /// `--scope`: which findings count.
    pub(crate) scope: Option<Scope>,
    /// `--jobs`: how many commands run at once.
    pub(crate) jobs: Option<usize>,
}

impl Config {
    /// Lets the command line have the last word, in `[gate]` and in every stage.
    pub(crate) fn with_overrides(&mut self, overrides: Overrides) {
        let gates = self.stages.values_mut().map(|stage| &mut stage.gate);
        for gate in gates.chain([&mut self.gate]) {
            put(&mut gate.fail_on, overrides.fail_on, "--fail-on");
            put(&mut gate.scope, overrides.scope, "--scope");
        }
        if overrides.scope.is_some() {
            self.checks.values_mut().for_each(|check| check.scope = None);
        }
        for stage in self.stages.values_mut() {
            put(&mut stage.jobs, overrides.jobs.map(Some), "--jobs");
        }
    }

    /// The stage of that name; the error names the nearest one.
    pub(crate) fn stage(&self, name: &str) -> Result<&Stage, Error> {
        self.stages.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.stages.keys().map(String::as_str).collect();
            let hint = match nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the stages are: {}", known.join(", ")),
            };
            let message = format!("there is no stage `{name}`");
            Problem { name: "--stage".to_owned(), excerpt: None, message, hint }.into()
        })
    }
}

fn put<T>(sourced: &mut Sourced<T>, given: Option<T>, name: &'static str) {
    if let Some(value) = given {
        *sourced = Sourced { value, origin: Origin::Given(name) };
    }
}

#[cfg(test)]
mod tests {
    use super::Overrides;
    use crate::config::{Config, Origin, Scope};
    use crate::model::rule::Level;

    #[test]
    fn the_command_line_has_the_last_word_in_every_stage() {
        let policy = b"[gate]\nfail-on = \"error\"\n[stages.nightly]\nfail-on = \"note\"\njobs = 1\n";
        let mut config = Config::load(Some(("tollgate.toml", policy))).expect("the policy is valid");
        config.with_overrides(Overrides { fail_on: Some(None), scope: Some(Scope::All), jobs: Some(3) });
        for gate in config.stages.values().map(|stage| &stage.gate).chain([&config.gate]) {
            assert_eq!((gate.fail_on.value, &gate.fail_on.origin), (None, &Origin::Given("--fail-on")));
            assert_eq!((gate.scope.value, &gate.scope.origin), (Scope::All, &Origin::Given("--scope")));
        }
        assert!(config.stages.values().all(|stage| stage.jobs.value == Some(3)));
    }

    #[test]
    fn what_is_not_given_leaves_the_policy_as_it_is() {
        let mut config = Config::defaults();
        config.with_overrides(Overrides { scope: Some(Scope::All), ..Overrides::default() });
        assert_eq!(config.gate.fail_on.value, Some(Level::Error));
        assert_eq!(config.gate.fail_on.origin, Origin::Default);
        config.with_overrides(Overrides::default());
        assert_eq!(config.gate.scope.value, Scope::All);
    }

    #[test]
    fn a_stage_that_is_not_there_names_the_nearest() {
        let config = Config::defaults();
        assert!(config.stage("pre-push").is_ok());
        let error = config.stage("pre-pusch").expect_err("there is no such stage").to_string();
        assert_eq!(error, "error: --stage: there is no stage `pre-pusch`\n\nhint: did you mean `pre-push`?");
    }
}
