//! The version of a command's program: how to ask for it, and whether it is the one that the configuration wants.

use std::ffi::OsString;
use std::time::Duration;

use crate::check::external::Command;
use crate::check::external::read::log_tail;
use crate::config::version::Version;
use crate::model::command::{CommandOutput, CommandSpec, Exit};
use crate::model::outcome::Breakage;

/// How long a program may take to tell its version.
const PATIENCE: Duration = Duration::from_secs(30);
/// The most bytes that are read of what it tells.
const MAX_TOLD: usize = 64 << 10;

impl Command {
    /// How to ask the program for its version, if the configuration wants one; `spec` is the command that would run.
    pub(crate) fn version_spec(&self, spec: &CommandSpec) -> Option<CommandSpec> {
        self.check.version.as_ref()?;
        let mut words = self.check.version_command.iter().map(OsString::from);
        let (program, args) = match words.next() {
            Some(program) => (program, words.collect()),
            None => (OsString::from(self.words().first()?), vec![OsString::from("--version")]),
        };
        let timeout = spec.timeout.map_or(PATIENCE, |left| left.min(PATIENCE));
        Some(CommandSpec { program, args, timeout: Some(timeout), max_output: MAX_TOLD, ..spec.clone() })
    }

    /// The version that a program told, which must be one that the configuration wants.
    pub(crate) fn accept_version(&self, output: &CommandOutput) -> Result<String, Breakage> {
        let Some(required) = &self.check.version else { return Ok(String::new()) };
        let found = [&output.stdout, &output.stderr].map(|text| Version::find(&String::from_utf8_lossy(text)));
        let found = found.into_iter().flatten().next().filter(|_| output.exit == Exit::Code(0));
        let key = format!("`version-command` of [checks.{}]", self.id);
        match found {
            Some(version) if required.accepts(&version) => Ok(version.to_string()),
            Some(version) => Err(Breakage {
                why: format!("its version is {version}, and {required} is wanted"),
                hint: format!("install a version that fits, or change `version` of [checks.{}]", self.id),
                log: String::new(),
            }),
            None => Err(Breakage {
                why: format!("its version could not be found out, and {required} is wanted"),
                hint: format!("say with {key} how the program tells its version"),
                log: log_tail(output),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::check::external::tests::command;
    use crate::check::external::{Command, Setting};
    use crate::config::Output;
    use crate::config::version::Requirement;
    use crate::model::command::{CommandOutput, Exit};

    fn versioned(required: &str, version_command: &[&str]) -> Command {
        let mut own = command(&["lint", "all"], Output::ExitCode);
        own.check.version = Requirement::parse(required);
        own.check.version_command = version_command.iter().map(|&word| word.to_owned()).collect();
        own
    }

    #[test]
    fn the_program_is_asked_as_the_configuration_says() {
        let line = |own: &Command| {
            let spec = own.specs(&[], &Setting::default()).remove(0);
            own.version_spec(&spec).map(|spec| (spec.program, spec.args))
        };
        assert_eq!(line(&command(&["lint"], Output::ExitCode)), None);
        assert_eq!(line(&versioned("1", &[])), Some(("lint".into(), vec!["--version".into()])));
        let own = versioned("1", &["java", "-jar", "x.jar", "-v"]);
        assert_eq!(line(&own), Some(("java".into(), ["-jar", "x.jar", "-v"].map(Into::into).into())));
    }

    #[test]
    fn another_version_is_broken_and_told() {
        let output = |exit, stdout: &str, stderr: &str| CommandOutput {
            exit,
            stdout: stdout.into(),
            stderr: stderr.into(),
            n_dropped: 0,
            duration: Duration::ZERO,
        };
        let own = versioned(">=0.9, <2", &[]);
        let accept = |exit, stdout: &str, stderr: &str| {
            own.accept_version(&output(exit, stdout, stderr)).map_err(|breakage| breakage.why)
        };
        assert_eq!(accept(Exit::Code(0), "lint 0.9.3\n", ""), Ok("0.9.3".to_owned()));
        assert_eq!(accept(Exit::Code(0), "", "lint 1.2"), Ok("1.2".to_owned()));
        let other = "its version is 0.8.1, and >=0.9, <2 is wanted";
        assert_eq!(accept(Exit::Code(0), "lint 0.8.1\n", "using libz 1.3"), Err(other.to_owned()));
        let none = Err("its version could not be found out, and >=0.9, <2 is wanted".to_owned());
        assert_eq!(accept(Exit::Code(0), "lint", ""), none);
        assert_eq!(accept(Exit::Code(2), "no option --version in 1.0", ""), none);
        assert_eq!(accept(Exit::TimedOut, "1.0", ""), none);
    }
}
