//! The programs that commands name: found where the project or the machine has them, and asked for their version once.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::check::external::Command;
use crate::model::command::{CommandOutput, CommandSpec, Surroundings};
use crate::model::outcome::Breakage;
use crate::process::lookup::find;
use crate::run::Site;
use crate::tree::report_file::Stamp;

/// The question for a version, with the time and the size of the program that is asked.
type Question = (CommandSpec, Stamp);
/// An answer that is there, or that somebody has asked for.
type Answer = Arc<OnceLock<Result<CommandOutput, Breakage>>>;

/// What is known of programs in one run.
#[derive(Default)]
pub(super) struct Programs {
    answers: Mutex<HashMap<Question, Answer>>,
}

impl Site {
    /// Where programs are looked for: not in the user's own folders where what is judged is laid out elsewhere.
    pub(super) fn surroundings(&self, given: &Surroundings) -> Surroundings {
        let path = self.env.get(OsStr::new("PATH")).map(|path| std::env::split_paths(path).collect());
        Surroundings { path: path.unwrap_or_else(|| given.path.clone()), ..given.clone() }
    }
}

impl Programs {
    /// The command line with the program that its name means. A name that means none stays as it is, and the system
    /// will say so. A shell looks for programs itself, and gets the project's own folders to look into.
    pub(super) fn located(
        command: &Command,
        mut spec: CommandSpec,
        top: &Path,
        surroundings: &Surroundings,
    ) -> CommandSpec {
        let folders = command.lookup(top, surroundings);
        if let Some(program) = find(&spec.program, &folders, &surroundings.endings) {
            spec.program = program.into_os_string();
        }
        let has_own = || command.own_folders(top).any(|folder| folder.is_dir());
        if command.check.shell && has_own() {
            spec.env.extend(std::env::join_paths(folders).map(|path| (OsString::from("PATH"), path)));
        }
        spec
    }

    /// What a program answers to the question for its version; it is asked once in a run.
    pub(super) fn version(
        &self,
        asking: &CommandSpec,
        ask: impl FnOnce(&CommandSpec) -> Result<CommandOutput, Breakage>,
    ) -> Result<CommandOutput, Breakage> {
        // Whose question it is and when it must be answered changes no answer.
        let question = CommandSpec { mark: OsString::new(), timeout: None, ..asking.clone() };
        let question = (question, Stamp::of(Path::new(&asking.program)));
        let answer = {
            let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            answers.entry(question).or_default().clone()
        };
        answer.get_or_init(|| ask(asking)).clone()
    }
}
