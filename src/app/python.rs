//! Commands that Python's variables don't reach: what is installed editable can't be led to what is judged by
//! `PYTHONPATH` where Python is told to pass over it, nor be looked for in an environment of which nobody knows the folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::check::external::Command;
use crate::tree::configuration::read;
use crate::tree::program::first_line;

/// Programs that run others in an environment that they know by name.
const MANAGERS: [&str; 3] = ["conda", "mamba", "micromamba"];
/// The folders in which they keep environments, from the home folder.
const HOMES: [&str; 8] = [
    ".conda/envs",
    "miniconda3/envs",
    "anaconda3/envs",
    "miniforge3/envs",
    "mambaforge/envs",
    "micromamba/envs",
    ".local/share/mamba/envs",
    "opt/miniconda3/envs",
];

/// The words of a command line, also of one for a shell.
fn words(command: &Command) -> Vec<&str> {
    let run = command.check.run.iter().flat_map(|run| run.value.iter());
    run.flat_map(|word| word.split(|letter: char| letter.is_whitespace() || "\"'`;()&|<>".contains(letter))).collect()
}

/// The name of a program without its folder, its version and its ending.
fn stem(word: &str) -> &str {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    name.trim_end_matches(".exe").trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '.')
}

/// Why a command does not hear of `PYTHONPATH`, as far as its words and the first line of its program, if that is a
/// script, tell.
pub(super) fn deaf(command: &Command, program: Option<&Path>) -> Option<String> {
    let words = words(command);
    if let Some(option) = isolating(&words) {
        return Some(format!("`python {option}` passes over PYTHONPATH"));
    }
    let line = first_line(program?)?;
    let option = isolating(&line.split_whitespace().collect::<Vec<_>>())?;
    Some(format!("{} starts Python with `{option}`, which passes over PYTHONPATH", program?.display()))
}

/// The option of Python among these words by which it passes over its variables.
fn isolating<'w>(words: &[&'w str]) -> Option<&'w str> {
    let starts = words.iter().enumerate().filter(|(_, word)| ["python", "pypy"].contains(&stem(word)));
    starts.into_iter().find_map(|(at, _)| {
        let options = words.iter().skip(at + 1).take_while(|word| word.starts_with('-') && !word.starts_with("--"));
        // What follows the code or the module is for that.
        let mut options = options.take_while(|word| !word.starts_with("-c") && !word.starts_with("-m"));
        options.find(|word| word.contains(['I', 'E'])).copied()
    })
}

/// The environment that a manager of environments is to run a command in, if it is known by name alone.
fn named(command: &Command) -> Option<&str> {
    let words = words(command);
    let at = words.iter().position(|word| MANAGERS.contains(&stem(word)))?;
    let mut rest = words.get(at + 1..)?.iter().skip_while(|word| **word != "run").skip(1);
    while let Some(word) = rest.next().filter(|word| word.starts_with('-') || word.is_empty()) {
        match word.strip_prefix("--name=") {
            Some(name) => return Some(name),
            None if ["-n", "--name"].contains(word) => return rest.next().copied(),
            None => {}
        }
    }
    None
}

/// Where the environment is that a command knows by name: each place in which there is one of that name.
pub(super) fn environments(command: &Command, variables: &BTreeMap<String, String>) -> Vec<PathBuf> {
    let Some(name) = named(command) else { return Vec::new() };
    let value = |name: &str| variables.get(name).map(PathBuf::from);
    let home = value("HOME").or_else(|| value("USERPROFILE")).unwrap_or_default();
    let mut places: Vec<PathBuf> = HOMES.iter().map(|folder| home.join(folder)).collect();
    places.extend(variables.get("CONDA_ENVS_PATH").into_iter().flat_map(std::env::split_paths));
    places.extend(value("MAMBA_ROOT_PREFIX").map(|root| root.join("envs")));
    // The manager is in `bin` or `condabin` of its own folder; an environment is beside the others.
    let programs = value("CONDA_EXE").into_iter().chain(value("MAMBA_EXE"));
    places.extend(programs.filter_map(|program| Some(program.parent()?.parent()?.join("envs"))));
    places.extend(value("CONDA_PREFIX").into_iter().flat_map(|prefix| [prefix.join("envs"), prefix.join("..")]));
    let path = variables.get("PATH").into_iter().flat_map(std::env::split_paths);
    places.extend(path.filter_map(|folder| folder.parent().map(|above| above.join("envs"))));
    let listed = read(&home.join(".conda/environments.txt")).unwrap_or_default();
    let listed = String::from_utf8_lossy(&listed);
    let listed = listed.lines().map(PathBuf::from).filter(|folder| folder.ends_with(name));
    let mut found: Vec<PathBuf> = places.into_iter().map(|place| place.join(name)).chain(listed).collect();
    found.retain(|folder| folder.is_dir());
    found
}

/// Why nobody can look into the environment that a command names, if that is so.
pub(super) fn unknown(command: &Command, variables: &BTreeMap<String, String>) -> Option<String> {
    let name = named(command).filter(|name| *name != "base")?;
    let is_found = !environments(command, variables).is_empty();
    (!is_found)
        .then(|| format!("the environment `{name}` is not where it was looked for, so it may lead to your work tree"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::PathBuf;

    use super::{deaf, environments, unknown};
    use crate::check::external::tests::command;
    use crate::config::Output;

    #[test]
    fn python_that_passes_over_its_variables_is_known() {
        for (line, expected) in [
            ("python -I tools/a.py", true),
            ("/usr/bin/python3.12 -sE -m pytest", true),
            ("sh -c 'cd x && python3 -I -c pass'", true),
            ("python -B tools/a.py -I", false),
            ("python -m pytest -E", false),
            ("python -c pass -I", false),
            ("pytest -I -E", false),
        ] {
            let words: Vec<&str> = line.split(' ').collect();
            assert_eq!(deaf(&command(&words, Output::ExitCode), None).is_some(), expected, "{line}");
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let script = folder.path().join("pytest");
        for (text, expected) in
            [("#!/usr/bin/python3 -I\n", true), ("#!/usr/bin/python3 -P\n", false), ("\x7fELF", false)]
        {
            fs::write(&script, text).expect("the folder is ours");
            assert_eq!(deaf(&command(&["pytest"], Output::ExitCode), Some(&script)).is_some(), expected, "{text}");
        }
    }

    #[test]
    fn environments_that_are_named_are_found_or_told() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (home, elsewhere) = (folder.path().join("home"), folder.path().join("elsewhere/listed"));
        for folder in [&home.join("miniconda3/envs/known"), &home.join(".conda"), &elsewhere] {
            fs::create_dir_all(folder).expect("the folder is ours");
        }
        fs::write(home.join(".conda/environments.txt"), format!("{}\n", elsewhere.display())).expect("it is ours");
        let variables = BTreeMap::from([("HOME".to_owned(), home.display().to_string())]);
        let nowhere: Vec<PathBuf> = Vec::new();
        for (line, expected, is_unknown) in [
            ("conda run -n known pytest", vec![home.join("miniconda3/envs/known")], false),
            ("mamba run --no-capture-output --name=listed pytest", vec![elsewhere], false),
            ("micromamba run -n gone pytest -n 4", nowhere.clone(), true),
            ("conda run -p /opt/env pytest -n 4", nowhere.clone(), false),
            ("pytest -n 4", nowhere, false),
        ] {
            let own = command(&line.split(' ').collect::<Vec<_>>(), Output::ExitCode);
            assert_eq!(environments(&own, &variables), expected, "{line}");
            assert_eq!(unknown(&own, &variables).is_some(), is_unknown, "{line}");
        }
    }
}
