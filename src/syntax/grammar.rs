//! How the engine below asks about a language of ours.

use std::borrow::Cow;
use std::fmt;

use ast_grep_core::Pattern;
use ast_grep_core::language::Language as EngineLanguage;
use ast_grep_core::matcher::{PatternBuilder, PatternError};
use ast_grep_core::tree_sitter::{LanguageExt, StrDoc, TSLanguage};
use ast_grep_language::SupportLang;
use serde::de::{Deserialize, Deserializer, Error};

use crate::syntax::languages::{Entry, Grammar, Language};

/// What stands for `$` in a pattern while a grammar reads it that has a use of its own for it.
const STAND_IN: char = 'µ';
/// The other names that Dockerfiles go by.
const DOCKER: [&str; 2] = ["docker", "containerfile"];

impl Entry {
    /// Whether it is the language of that short name.
    pub(super) fn is_known_as(&self, name: &str) -> bool {
        match self.grammar {
            Grammar::Known(grammar) => name.parse::<SupportLang>().is_ok_and(|known| known == grammar),
            Grammar::Containerfile => DOCKER.iter().any(|known| known.eq_ignore_ascii_case(name)),
        }
    }
}

impl<'de> Deserialize<'de> for Language {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Cow::<'de, str>::deserialize(deserializer)?;
        Self::from_name(&name).ok_or_else(|| D::Error::custom(format!("there is no language `{name}`")))
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl EngineLanguage for Language {
    fn pre_process_pattern<'q>(&self, query: &'q str) -> Cow<'q, str> {
        match self.entry().grammar {
            Grammar::Known(grammar) => grammar.pre_process_pattern(query),
            Grammar::Containerfile => Cow::Owned(with_stand_ins(query)),
        }
    }

    fn meta_var_char(&self) -> char {
        match self.entry().grammar {
            Grammar::Known(grammar) => grammar.meta_var_char(),
            Grammar::Containerfile => '$',
        }
    }

    fn expando_char(&self) -> char {
        match self.entry().grammar {
            Grammar::Known(grammar) => grammar.expando_char(),
            Grammar::Containerfile => STAND_IN,
        }
    }

    fn kind_to_id(&self, kind: &str) -> u16 {
        self.get_ts_language().id_for_node_kind(kind, true)
    }

    fn field_to_id(&self, field: &str) -> Option<u16> {
        self.get_ts_language().field_id_for_name(field).map(|id| id.get())
    }

    fn build_pattern(&self, builder: &PatternBuilder<'_>) -> Result<Pattern, PatternError> {
        builder.build(|text| StrDoc::try_new(text, *self))
    }
}

impl LanguageExt for Language {
    fn get_ts_language(&self) -> TSLanguage {
        match self.entry().grammar {
            Grammar::Known(grammar) => grammar.get_ts_language(),
            Grammar::Containerfile => tree_sitter_containerfile::LANGUAGE.into(),
        }
    }
}

/// The pattern with [`STAND_IN`] for each `$` that begins a variable of the pattern: those before a capital letter or
/// `_`, and three in a row.
fn with_stand_ins(query: &str) -> String {
    let mut out = String::with_capacity(query.len());
    let mut rest = query;
    while let Some(start) = rest.find('$') {
        let (before, from) = rest.split_at(start);
        let after = from.trim_start_matches('$');
        let n_signs = from.len() - after.len();
        let is_variable = after.starts_with(|next: char| next.is_ascii_uppercase() || next == '_') || n_signs == 3;
        out.push_str(before);
        out.extend(std::iter::repeat_n(if is_variable { STAND_IN } else { '$' }, n_signs));
        rest = after;
    }
    out + rest
}
