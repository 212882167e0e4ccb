//! Which commands tell of each file by itself what may be believed again, and what that depends on as far as the
//! configuration says it.

use crate::check::external::Command;
use crate::config::check::is_outside;
use crate::config::patterns::{PatternError, Patterns};
use crate::config::{Fixing, Format, Output, Sight};
use crate::model::rule::Family;

/// Programs that start others, by what they are told, by versions that are chosen elsewhere: when those change is not
/// known.
const STARTERS: [&str; 47] = [
    "asdf", "bash", "bun", "bundle", "bunx", "busybox", "cargo", "cmd", "dash", "direnv", "docker", "dotnet", "env",
    "find", "fish", "go", "gradle", "hatch", "java", "just", "ksh", "make", "mise", "mvn", "nice", "nix", "nohup",
    "npm", "npx", "pdm", "pipx", "pnpm", "podman", "poetry", "pyenv", "rustup", "setsid", "sh", "stdbuf", "sudo",
    "time", "timeout", "uv", "uvx", "xargs", "yarn", "zsh",
];

/// Programs that run code that they are told of.
const INTERPRETERS: [&str; 16] = [
    "bun", "deno", "java", "julia", "lua", "luajit", "node", "perl", "php", "pwsh", "pypy", "python", "rscript",
    "ruby", "ts-node", "tsx",
];

impl Command {
    /// Whether what it finds in a file may be believed again: it looks at each file by itself as it is judged, the
    /// configuration says what else it looks at, and what it finds is no exit code of several files.
    pub(crate) fn is_remembered(&self) -> bool {
        let check = &self.check;
        let is_alone = check.output_file.is_empty() && check.coverage.is_none();
        let is_plain = is_alone && !check.shell && check.fix == Fixing::Off && check.sight != Sight::WorkTree;
        let tells_of_files = self.is_per_file() && self.takes_files() && self.family() == Family::Tools;
        let is_of_revisions = self.has("{base}") || self.has("{head}");
        // What is remembered of a file would not say of which tests.
        let is_plain = is_plain && self.runner().is_none();
        check.alone && is_plain && tells_of_files && !is_of_revisions && !self.starts_another() && !self.tells_code()
    }

    fn starts_another(&self) -> bool {
        self.programs().any(is_starter)
    }

    /// The programs that it names: its own, and one that tells the version.
    pub(crate) fn programs(&self) -> impl Iterator<Item = &str> {
        let programs = [self.words().first(), self.check.version_command.first()];
        programs.into_iter().flatten().map(String::as_str)
    }

    /// What it is told, as a text that differs wherever what it finds may differ by that.
    pub(crate) fn definition(&self) -> String {
        let check = &self.check;
        let version = check.version.as_ref().map(ToString::to_string);
        let command = (self.words(), &check.dir, check.stdin, &check.env, &check.pass_env);
        let reading = (&check.output, &check.finding_codes, check.level, check.sight);
        format!("{} {command:?} {reading:?} {version:?} {:?}", self.id, check.version_command)
    }

    /// Whether its findings depend on other files of the repository by a pattern.
    pub(crate) fn has_configuration(&self) -> bool {
        self.check.config.iter().flatten().any(|entry| !is_outside(entry))
    }

    /// The files of the repository that its findings depend on beside those that it is given.
    pub(crate) fn configuration(&self) -> Result<Patterns, PatternError> {
        let config = self.check.config.iter().flatten().filter(|entry| !is_outside(entry));
        Patterns::new(&config.cloned().collect::<Vec<_>>())
    }

    /// What may be the name of a file of the repository with code that it runs, from its folder: what that loads is known
    /// only where the configuration names it.
    pub(crate) fn code(&self) -> Vec<String> {
        let programs = self.programs().filter(|program| program.contains('/')).map(str::to_owned);
        if !self.programs().any(is_interpreter) {
            return programs.collect();
        }
        let pairs = self.words().iter().zip(self.words().iter().skip(1));
        let modules = pairs.filter(|(option, _)| *option == "-m").map(|(_, module)| module.replace('.', "/"));
        let files = |module: String| ["", "/__init__", "/__main__"].map(|name| format!("{module}{name}.py"));
        programs.chain(self.values().map(str::to_owned)).chain(modules.flat_map(files)).collect()
    }

    /// Whether it gives an interpreter code on its command line, which may load anything.
    fn tells_code(&self) -> bool {
        let is_code = |word: &String| ["-c", "-e", "-p", "-r", "--eval", "--print"].contains(&word.as_str());
        self.programs().any(is_interpreter) && self.words().iter().any(is_code)
    }

    /// The names of such files, as far as they are no patterns.
    pub(crate) fn configuration_names(&self) -> Vec<&str> {
        let config = self.check.config.iter().flatten().filter(|entry| !is_outside(entry));
        let names = config.filter_map(|pattern| pattern.rsplit('/').next());
        names.filter(|name| !name.is_empty() && !name.contains(['*', '?', '[', '\\', '!'])).collect()
    }

    /// The same in the home folder, from there.
    pub(crate) fn home_configuration(&self) -> impl Iterator<Item = &str> {
        self.check.config.iter().flatten().filter_map(|entry| entry.strip_prefix("~/"))
    }

    /// The words of its command line, of options that say what they are worth only that.
    fn values(&self) -> impl Iterator<Item = &str> {
        let values =
            self.words().iter().skip(1).map(|word| word.split_once('=').map_or(word.as_str(), |(_, value)| value));
        values.filter(|word| !word.is_empty() && !word.contains('{'))
    }

    /// What may be the name of a file among the words of its command line, from its folder; and what it reads lines by,
    /// from the top. A file may be one of several in a word, follow the letter of an option, or an `@`.
    pub(crate) fn named_files(&self) -> (impl Iterator<Item = &str>, Option<&str>) {
        let options = self.words().iter().skip(1).filter(|word| word.starts_with('-') && !word.contains('{'));
        let attached = options.filter_map(|option| option.get(2..));
        let several = self.values().chain(attached).flat_map(|word| word.split([',', ':', ';']).chain([word]));
        let names = several.map(|word| word.trim_start_matches('@')).filter(|word| !word.is_empty());
        let matcher = match &self.check.output {
            Output::Findings(Format::Matcher(file)) => Some(file.as_str()),
            _ => None,
        };
        (names, matcher)
    }
}

/// Whether a program of this name starts others that it is told of.
pub(crate) fn is_starter(program: &str) -> bool {
    STARTERS.contains(&stem(program).as_str())
}

/// Whether a program of this name, whatever its version, runs code that it is told of.
fn is_interpreter(program: &str) -> bool {
    INTERPRETERS.contains(&stem(program).trim_end_matches(|letter: char| letter.is_ascii_digit()))
}

/// The name of a program without its folder and what follows a dot.
fn stem(program: &str) -> String {
    let name = program.rsplit(['/', '\\']).next().unwrap_or(program);
    name.split('.').next().unwrap_or(name).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::is_starter;
    use crate::check::external::Command;
    use crate::check::external::tests::command;
    use crate::config::{Fixing, Inputs, Output, Sight};

    fn remembered() -> Command {
        let mut own = command(&["lint", "{files}"], Output::ExitCode);
        (own.check.config, own.check.alone) = (Some(Vec::new()), true);
        own
    }

    #[test]
    fn only_what_depends_on_each_file_and_on_what_is_known_is_remembered() {
        assert!(remembered().is_remembered());
        let changes: [fn(&mut Command); 10] = [
            |own| own.check.alone = false,
            |own| own.check.inputs = Some(Inputs::Project),
            |own| own.check.shell = true,
            |own| own.check.fix = Fixing::Safe,
            |own| own.check.sight = Sight::WorkTree,
            |own| own.check.output_file = "report".into(),
            |own| own.check = command(&["lint"], Output::ExitCode).check,
            |own| own.check.run = command(&["lint", "{files}", "{base}"], Output::ExitCode).check.run,
            |own| own.check.run = command(&["npx", "lint", "{files}"], Output::ExitCode).check.run,
            |own| own.check.run = command(&["python3", "-c", "import own", "{files}"], Output::ExitCode).check.run,
        ];
        for (index, change) in changes.iter().enumerate() {
            let mut own = remembered();
            change(&mut own);
            assert!(!own.is_remembered(), "{index}");
        }
    }

    #[test]
    fn whatever_it_is_told_is_part_of_its_definition() {
        let changes: [fn(&mut Command); 7] = [
            |own| own.check.run = command(&["lint", "-x", "{files}"], Output::ExitCode).check.run,
            |own| own.check.dir = "sub".into(),
            |own| own.check.stdin = true,
            |own| drop(own.check.env.insert("A".into(), "b".into())),
            |own| own.check.output = Output::Sarif,
            |own| own.check.level = Some(crate::model::rule::Level::Note),
            |own| own.check.version = crate::config::version::Requirement::parse(">=1"),
        ];
        for (index, change) in changes.iter().enumerate() {
            let mut own = remembered();
            change(&mut own);
            assert_ne!(own.definition(), remembered().definition(), "{index}");
        }
    }

    #[test]
    fn files_that_the_command_line_names_are_told() {
        let run =
            ["python", "tools/a.py", "--config=b.toml", "-Ic.txt", "@d/rules", "--in=e,f", "{files}", "--in={file}"];
        let own = command(&run, Output::ExitCode);
        let named: Vec<&str> = own.named_files().0.collect();
        for file in ["tools/a.py", "b.toml", "c.txt", "d/rules", "e", "f"] {
            assert!(named.contains(&file), "{file} {named:?}");
        }
        assert!(!named.iter().any(|name| name.contains('{')), "{named:?}");
    }

    #[test]
    fn code_that_is_run_is_told_from_what_is_looked_at() {
        for (run, expected) in [
            (&["python3.12", "tools/a.py", "{files}"][..], &["tools/a.py"][..]),
            (
                &["python", "-m", "own.lint", "{files}"],
                &["-m", "own.lint", "own/lint.py", "own/lint/__init__.py", "own/lint/__main__.py"],
            ),
            (&["node", "--import=./a.mjs", "b.mjs", "{files}"], &["./a.mjs", "b.mjs"]),
            (&["tools/lint", "--config=b.toml", "{files}"], &["tools/lint"]),
            (&["lint", "--config=b.toml", "{files}"], &[]),
        ] {
            assert_eq!(command(run, Output::ExitCode).code(), expected, "{run:?}");
        }
    }

    #[test]
    fn programs_that_start_others_are_known_by_name() {
        for (program, expected) in
            [("npx", true), ("/usr/bin/npx", true), ("npx.cmd", true), ("npxy", false), ("ruff", false)]
        {
            assert_eq!(is_starter(program), expected, "{program}");
        }
    }
}
