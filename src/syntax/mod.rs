//! Syntax trees and pattern rules: the only module that names tree-sitter and ast-grep. Knows no policy: no levels, no
//! findings, no configuration.

pub(crate) mod languages;
pub(crate) mod rules;
pub(crate) mod tree;

use std::collections::BTreeSet;

use ast_grep_core::tree_sitter::LanguageExt;
use ast_grep_language::SupportLang;

use crate::model::path::RepoPath;
use crate::syntax::languages::{Entry, LANGUAGES, Language};

impl Language {
    /// The language of a file, told by its extension.
    pub(crate) fn of_path(path: &RepoPath) -> Option<Self> {
        let extension = path.extension()?;
        LANGUAGES
            .iter()
            .find(|entry| entry.extensions.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(extension)))
            .map(|entry| entry.language)
    }

    /// The language of that name in a rule file, upper or lower case.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        LANGUAGES.iter().find(|entry| entry.name.eq_ignore_ascii_case(name)).map(|entry| entry.language)
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
        let grammar = &self.grammar().get_ts_language();
        let ids = 0..u16::try_from(grammar.node_kind_count()).unwrap_or(u16::MAX);
        ids.filter(|id| grammar.node_kind_is_named(*id))
            .filter_map(|id| grammar.node_kind_for_id(id))
            .map(str::to_owned)
            .collect()
    }

    /// The names that its grammar gives to parts of nodes.
    pub(crate) fn fields(self) -> BTreeSet<String> {
        let grammar = &self.grammar().get_ts_language();
        let ids = 1..=u16::try_from(grammar.field_count()).unwrap_or(u16::MAX);
        ids.filter_map(|id| grammar.field_name_for_id(id)).map(str::to_owned).collect()
    }

    fn entry(self) -> &'static Entry {
        LANGUAGES.iter().find(|entry| entry.language == self).expect("because every language has an entry in the table")
    }

    fn grammar(self) -> SupportLang {
        self.entry().grammar
    }

    fn scope_name_field(self, kind: &str) -> Option<&'static str> {
        self.entry().scopes.iter().find(|(scope, _)| *scope == kind).map(|(_, field)| *field)
    }
}
