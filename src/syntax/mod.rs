//! Syntax trees and pattern rules: the only module that names tree-sitter and ast-grep. Knows no policy: no levels, no
//! findings, no configuration.

pub(crate) mod comments;
#[cfg(test)]
mod every_language;
pub(crate) mod functions;
mod grammar;
pub(crate) mod imports;
mod keywords;
pub(crate) mod languages;
pub(crate) mod literals;
mod opening;
pub(crate) mod places;
mod query;
#[cfg(test)]
mod reference;
pub(crate) mod rules;
mod semicolons;
pub(crate) mod standing;
pub(crate) mod tree;
mod twins;
mod watched;

use std::collections::BTreeSet;

use ast_grep_core::tree_sitter::LanguageExt;

use crate::model::change::{FileSide, Mode};
use crate::model::path::RepoPath;
use crate::syntax::languages::{Entry, LANGUAGES, Language, NamedBy};

/// The most bytes of the line that names an interpreter.
const MAX_SHEBANG: usize = 512;

impl Language {
    /// The language of a file, told by its name.
    pub(crate) fn of_path(path: &RepoPath) -> Option<Self> {
        let name = path.file_name();
        let by_name = LANGUAGES.iter().find(|entry| entry.names.iter().any(|known| is_named(name, known)));
        let by_extension = || {
            let extension = path.extension()?;
            let is_it = |known: &&str| known.as_bytes().eq_ignore_ascii_case(extension);
            LANGUAGES.iter().find(|entry| entry.extensions.iter().any(is_it))
        };
        by_name.or_else(by_extension).map(|entry| entry.language)
    }

    /// The language of a file, told by its name, else by the interpreter that its first line names.
    pub(crate) fn of(path: &RepoPath, bytes: &[u8]) -> Option<Self> {
        let by_first_line = || {
            let is_version = |character: char| character.is_ascii_digit() || character == '.';
            let interpreter = interpreter(bytes)?.trim_end_matches(is_version);
            let has = |entry: &&Entry| entry.interpreters.contains(&interpreter);
            LANGUAGES.iter().find(has).map(|entry| entry.language)
        };
        Self::of_path(path).or_else(by_first_line)
    }

    /// The languages that a file may be in, as far as that can be told before it is read: a program whose name tells
    /// nothing is in any that has an interpreter.
    pub(crate) fn candidates(side: &FileSide) -> impl Iterator<Item = Self> {
        let by_path = Self::of_path(&side.path);
        let may_be_script = by_path.is_none() && side.mode == Mode::Executable && side.path.extension().is_none();
        let scripts = LANGUAGES.iter().filter(move |entry| may_be_script && !entry.interpreters.is_empty());
        by_path.into_iter().chain(scripts.map(|entry| entry.language))
    }

    /// The language of that name in a rule file, upper or lower case; the short names of ast-grep are known, too.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        let by_name = LANGUAGES.iter().find(|entry| entry.name.eq_ignore_ascii_case(name));
        by_name.or_else(|| LANGUAGES.iter().find(|entry| entry.is_known_as(name))).map(|entry| entry.language)
    }

    /// The language whose files the rules of this one are for as well.
    pub(crate) fn dialect(self) -> Option<Self> {
        (self == Self::JavaScript).then_some(Self::Jsx)
    }

    /// Every language.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        LANGUAGES.iter().map(|entry| entry.language)
    }

    /// Its name in rule files.
    pub(crate) fn name(self) -> &'static str {
        self.entry().name
    }

    /// The extension that its files have most often.
    #[cfg(test)]
    pub(crate) fn extension(self) -> &'static str {
        self.entry().extensions.first().expect("because every language has an extension")
    }

    /// The kinds of nodes that its grammar has, each once.
    pub(crate) fn kinds(self) -> BTreeSet<String> {
        let grammar = self.get_ts_language();
        let ids = 0..u16::try_from(grammar.node_kind_count()).unwrap_or(u16::MAX);
        ids.filter(|id| grammar.node_kind_is_named(*id))
            .filter_map(|id| grammar.node_kind_for_id(id))
            .map(str::to_owned)
            .collect()
    }

    /// The names that its grammar gives to parts of nodes.
    pub(crate) fn fields(self) -> BTreeSet<String> {
        let grammar = self.get_ts_language();
        let ids = 1..=u16::try_from(grammar.field_count()).unwrap_or(u16::MAX);
        ids.filter_map(|id| grammar.field_name_for_id(id)).map(str::to_owned).collect()
    }

    fn entry(self) -> &'static Entry {
        LANGUAGES.get(self as usize).expect("because the table has every language in the order of the enum")
    }

    fn named_by(self, kind: &str) -> Option<NamedBy> {
        self.entry().scopes.iter().find(|(scope, _)| *scope == kind).map(|(_, named_by)| *named_by)
    }
}

/// Whether a file name is the known one, or begins with it if that ends with `*`; upper or lower case.
fn is_named(name: &[u8], known: &str) -> bool {
    match known.strip_suffix('*') {
        Some(start) => name.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start.as_bytes())),
        None => name.eq_ignore_ascii_case(known.as_bytes()),
    }
}

/// The program that the first line names after `#!`, without its folder; that which `env` is to find, if it is that.
pub(crate) fn interpreter(bytes: &[u8]) -> Option<&str> {
    let line = bytes.strip_prefix(b"#!")?;
    let line = line.get(..MAX_SHEBANG.min(line.len()))?.split(|byte| *byte == b'\n').next()?;
    let mut words = str::from_utf8(line).ok().filter(|line| line.is_ascii())?.split_ascii_whitespace();
    let program = words.next()?.trim_matches(['"', '\'']).rsplit('/').next()?;
    match program {
        "env" => words.find(|word| !word.starts_with('-') && !word.contains('='))?.rsplit('/').next(),
        program => Some(program),
    }
}

#[cfg(test)]
mod tests {
    use super::Language;
    use crate::syntax::languages::LANGUAGES;

    #[test]
    fn the_table_has_the_order_of_the_languages() {
        for (index, entry) in LANGUAGES.iter().enumerate() {
            assert_eq!(entry.language as usize, index, "{}", entry.name);
            assert_eq!(Language::from_name(&entry.name.to_lowercase()), Some(entry.language));
        }
    }

    #[track_caller]
    fn told(path: &str, first_line: &str, expected: Option<Language>) {
        assert_eq!(Language::of(&path.into(), first_line.as_bytes()), expected, "{path} {first_line}");
    }

    #[test]
    fn a_language_is_told_by_name_extension_and_interpreter() {
        told("a/b.py", "", Some(Language::Python));
        told("a/B.PY", "", Some(Language::Python));
        told("Dockerfile", "", Some(Language::Dockerfile));
        told("ci/dockerfile.dev", "", Some(Language::Dockerfile));
        told("app.Dockerfile", "", Some(Language::Dockerfile));
        told("Containerfile", "", Some(Language::Dockerfile));
        told("Dockerfiles", "", None);
        told("Rakefile", "", Some(Language::Ruby));
        told(".bashrc", "", Some(Language::Bash));
        told("bin/run", "#!/usr/bin/env -S FOO=1 python3.12 -u\nx", Some(Language::Python));
        told("bin/run", "#! /bin/sh", Some(Language::Bash));
        told("bin/run", "#!/usr/local/bin/node", Some(Language::JavaScript));
        told("bin/run", "#!/usr/bin/env", None);
        told("bin/run.txt", "no", None);
    }

    #[test]
    fn the_short_names_of_ast_grep_are_known() {
        let known = |name| Language::from_name(name);
        assert_eq!(known("py"), Some(Language::Python));
        assert_eq!(known("golang"), Some(Language::Go));
        assert_eq!(known("tsx"), Some(Language::Tsx));
        assert_eq!(known("docker"), Some(Language::Dockerfile));
        assert_eq!(known("klingon"), None);
    }
}
