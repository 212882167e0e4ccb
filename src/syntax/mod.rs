//! Syntax trees and pattern rules: the only module that names tree-sitter and ast-grep. Knows no policy: no levels, no
//! findings, no configuration.

pub(crate) mod rules;
pub(crate) mod tree;

use ast_grep_language::SupportLang;

use crate::model::path::RepoPath;

/// A language whose grammar is built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Language {
    /// Rust.
    Rust,
    /// Python.
    Python,
    /// JavaScript.
    JavaScript,
    /// JavaScript with JSX. The grammar of JavaScript knows JSX too, but refuses attributes such as `class` and `for`,
    /// which that of TypeScript with JSX takes.
    Jsx,
    /// TypeScript.
    TypeScript,
    /// TypeScript with JSX.
    Tsx,
    /// Go.
    Go,
}

/// What is known of a language.
struct Entry {
    language: Language,
    /// Its name in rule files; also in lower case the name of its folder in `rules/`.
    name: &'static str,
    grammar: SupportLang,
    extensions: &'static [&'static str],
    /// Node kinds that enclose others under a name, and the field that holds the name.
    scopes: &'static [(&'static str, &'static str)],
}

const SCRIPT_SCOPES: &[(&str, &str)] = &[
    ("function_declaration", "name"),
    ("generator_function_declaration", "name"),
    ("class_declaration", "name"),
    ("abstract_class_declaration", "name"),
    ("interface_declaration", "name"),
    ("enum_declaration", "name"),
    ("method_definition", "name"),
    ("variable_declarator", "name"),
];

const LANGUAGES: [Entry; 7] = [
    Entry {
        language: Language::Rust,
        name: "Rust",
        grammar: SupportLang::Rust,
        extensions: &["rs"],
        scopes: &[
            ("function_item", "name"),
            ("struct_item", "name"),
            ("enum_item", "name"),
            ("union_item", "name"),
            ("trait_item", "name"),
            ("impl_item", "type"),
            ("mod_item", "name"),
            ("macro_definition", "name"),
        ],
    },
    Entry {
        language: Language::Python,
        name: "Python",
        grammar: SupportLang::Python,
        extensions: &["py", "pyi", "pyw"],
        scopes: &[("function_definition", "name"), ("class_definition", "name")],
    },
    Entry {
        language: Language::JavaScript,
        name: "JavaScript",
        grammar: SupportLang::JavaScript,
        extensions: &["js", "mjs", "cjs"],
        scopes: SCRIPT_SCOPES,
    },
    Entry {
        language: Language::Jsx,
        name: "Jsx",
        grammar: SupportLang::Tsx,
        extensions: &["jsx"],
        scopes: SCRIPT_SCOPES,
    },
    Entry {
        language: Language::TypeScript,
        name: "TypeScript",
        grammar: SupportLang::TypeScript,
        extensions: &["ts", "mts", "cts"],
        scopes: SCRIPT_SCOPES,
    },
    Entry {
        language: Language::Tsx,
        name: "Tsx",
        grammar: SupportLang::Tsx,
        extensions: &["tsx"],
        scopes: SCRIPT_SCOPES,
    },
    Entry {
        language: Language::Go,
        name: "Go",
        grammar: SupportLang::Go,
        extensions: &["go"],
        scopes: &[("function_declaration", "name"), ("method_declaration", "name"), ("type_spec", "name")],
    },
];

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
