//! The languages whose grammars are built in: their names, files and scopes.

use ast_grep_language::SupportLang;

use Grammar::{Containerfile, Known};
use NamedBy::{Children, Field, Innermost};

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
    /// Java.
    Java,
    /// Kotlin.
    Kotlin,
    /// C.
    C,
    /// C++.
    Cpp,
    /// C#.
    CSharp,
    /// Ruby.
    Ruby,
    /// PHP.
    Php,
    /// The shell languages that Bash can read.
    Bash,
    /// YAML.
    Yaml,
    /// JSON.
    Json,
    /// HTML.
    Html,
    /// CSS.
    Css,
    /// The language of Terraform.
    Hcl,
    /// Files that say how an image is built.
    Dockerfile,
    /// Dart.
    #[cfg(feature = "all-languages")]
    Dart,
    /// Elixir.
    #[cfg(feature = "all-languages")]
    Elixir,
    /// Haskell.
    #[cfg(feature = "all-languages")]
    Haskell,
    /// Lua.
    #[cfg(feature = "all-languages")]
    Lua,
    /// Markdown.
    #[cfg(feature = "all-languages")]
    Markdown,
    /// Nix.
    #[cfg(feature = "all-languages")]
    Nix,
    /// Scala.
    #[cfg(feature = "all-languages")]
    Scala,
    /// Solidity.
    #[cfg(feature = "all-languages")]
    Solidity,
    /// Swift.
    #[cfg(feature = "all-languages")]
    Swift,
    /// Zig.
    #[cfg(feature = "all-languages")]
    Zig,
}

/// Where a grammar comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grammar {
    /// The engine below brings it.
    Known(SupportLang),
    /// That of Dockerfiles, which the engine below lacks.
    Containerfile,
}

/// Where a node that encloses others has its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NamedBy {
    /// In that field.
    Field(&'static str),
    /// In its children of these kinds, all of them.
    Children(&'static [&'static str]),
    /// In that field of that field and so on, as the declarators of C have it: the last one.
    Innermost(&'static str),
}

/// What is known of a language.
pub(super) struct Entry {
    pub(super) language: Language,
    /// Its name in rule files.
    pub(super) name: &'static str,
    pub(super) grammar: Grammar,
    pub(super) extensions: &'static [&'static str],
    /// Names of files that are in the language whatever their extension; `*` at the end stands for anything.
    pub(super) names: &'static [&'static str],
    /// Programs that run files of the language, as `#!` names them, without a version.
    pub(super) interpreters: &'static [&'static str],
    /// Node kinds that enclose others under a name, and where that is.
    pub(super) scopes: &'static [(&'static str, NamedBy)],
}

const SCRIPT_SCOPES: &[(&str, NamedBy)] = &[
    ("function_declaration", Field("name")),
    ("generator_function_declaration", Field("name")),
    ("class_declaration", Field("name")),
    ("abstract_class_declaration", Field("name")),
    ("interface_declaration", Field("name")),
    ("enum_declaration", Field("name")),
    ("method_definition", Field("name")),
    ("variable_declarator", Field("name")),
];

pub(super) static LANGUAGES: &[Entry] = &[
    Entry {
        language: Language::Rust,
        name: "Rust",
        grammar: Known(SupportLang::Rust),
        extensions: &["rs"],
        names: &[],
        interpreters: &[],
        scopes: &[
            ("function_item", Field("name")),
            ("struct_item", Field("name")),
            ("enum_item", Field("name")),
            ("union_item", Field("name")),
            ("trait_item", Field("name")),
            ("impl_item", Field("type")),
            ("mod_item", Field("name")),
            ("macro_definition", Field("name")),
        ],
    },
    Entry {
        language: Language::Python,
        name: "Python",
        grammar: Known(SupportLang::Python),
        extensions: &["py", "pyi", "pyw"],
        names: &["SConstruct", "SConscript", "wscript"],
        interpreters: &["python", "pypy"],
        scopes: &[("function_definition", Field("name")), ("class_definition", Field("name"))],
    },
    Entry {
        language: Language::JavaScript,
        name: "JavaScript",
        grammar: Known(SupportLang::JavaScript),
        extensions: &["js", "mjs", "cjs"],
        names: &["Jakefile"],
        interpreters: &["node", "nodejs"],
        scopes: SCRIPT_SCOPES,
    },
    Entry {
        language: Language::Jsx,
        name: "Jsx",
        grammar: Known(SupportLang::Tsx),
        extensions: &["jsx"],
        names: &[],
        interpreters: &[],
        scopes: SCRIPT_SCOPES,
    },
    Entry {
        language: Language::TypeScript,
        name: "TypeScript",
        grammar: Known(SupportLang::TypeScript),
        extensions: &["ts", "mts", "cts"],
        names: &[],
        interpreters: &["deno", "bun", "ts-node", "tsx"],
        scopes: SCRIPT_SCOPES,
    },
    Entry {
        language: Language::Tsx,
        name: "Tsx",
        grammar: Known(SupportLang::Tsx),
        extensions: &["tsx"],
        names: &[],
        interpreters: &[],
        scopes: SCRIPT_SCOPES,
    },
    Entry {
        language: Language::Go,
        name: "Go",
        grammar: Known(SupportLang::Go),
        extensions: &["go"],
        names: &[],
        interpreters: &[],
        scopes: &[
            ("function_declaration", Field("name")),
            ("method_declaration", Field("name")),
            ("type_spec", Field("name")),
        ],
    },
    Entry {
        language: Language::Java,
        name: "Java",
        grammar: Known(SupportLang::Java),
        extensions: &["java"],
        names: &[],
        interpreters: &[],
        scopes: &[
            ("class_declaration", Field("name")),
            ("interface_declaration", Field("name")),
            ("enum_declaration", Field("name")),
            ("record_declaration", Field("name")),
            ("annotation_type_declaration", Field("name")),
            ("method_declaration", Field("name")),
            ("constructor_declaration", Field("name")),
        ],
    },
    Entry {
        language: Language::Kotlin,
        name: "Kotlin",
        grammar: Known(SupportLang::Kotlin),
        extensions: &["kt", "kts"],
        names: &[],
        interpreters: &[],
        scopes: &[
            ("class_declaration", Children(&["type_identifier"])),
            ("object_declaration", Children(&["type_identifier"])),
            ("function_declaration", Children(&["simple_identifier"])),
        ],
    },
    Entry {
        language: Language::C,
        name: "C",
        grammar: Known(SupportLang::C),
        extensions: &["c", "h"],
        names: &[],
        interpreters: &[],
        scopes: &[
            ("function_definition", Innermost("declarator")),
            ("struct_specifier", Field("name")),
            ("union_specifier", Field("name")),
            ("enum_specifier", Field("name")),
        ],
    },
    Entry {
        language: Language::Cpp,
        name: "Cpp",
        grammar: Known(SupportLang::Cpp),
        extensions: &["cc", "cpp", "cxx", "c++", "hh", "hpp", "hxx", "h++", "ipp", "tpp"],
        names: &[],
        interpreters: &[],
        scopes: &[
            ("function_definition", Innermost("declarator")),
            ("class_specifier", Field("name")),
            ("struct_specifier", Field("name")),
            ("union_specifier", Field("name")),
            ("enum_specifier", Field("name")),
            ("namespace_definition", Field("name")),
        ],
    },
    Entry {
        language: Language::CSharp,
        name: "CSharp",
        grammar: Known(SupportLang::CSharp),
        extensions: &["cs"],
        names: &[],
        interpreters: &[],
        scopes: &[
            ("class_declaration", Field("name")),
            ("struct_declaration", Field("name")),
            ("interface_declaration", Field("name")),
            ("enum_declaration", Field("name")),
            ("record_declaration", Field("name")),
            ("method_declaration", Field("name")),
            ("constructor_declaration", Field("name")),
            ("property_declaration", Field("name")),
            ("namespace_declaration", Field("name")),
        ],
    },
    Entry {
        language: Language::Ruby,
        name: "Ruby",
        grammar: Known(SupportLang::Ruby),
        extensions: &["rb", "rake", "gemspec", "ru"],
        names: &[
            "Rakefile",
            "Gemfile",
            "Guardfile",
            "Vagrantfile",
            "Podfile",
            "Fastfile",
            "Brewfile",
            "Capfile",
            "Dangerfile",
            ".irbrc",
        ],
        interpreters: &["ruby"],
        scopes: &[
            ("class", Field("name")),
            ("module", Field("name")),
            ("method", Field("name")),
            ("singleton_method", Field("name")),
        ],
    },
    Entry {
        language: Language::Php,
        name: "Php",
        grammar: Known(SupportLang::Php),
        extensions: &["php", "phtml"],
        names: &[],
        interpreters: &["php"],
        scopes: &[
            ("class_declaration", Field("name")),
            ("interface_declaration", Field("name")),
            ("trait_declaration", Field("name")),
            ("enum_declaration", Field("name")),
            ("function_definition", Field("name")),
            ("method_declaration", Field("name")),
        ],
    },
    Entry {
        language: Language::Bash,
        name: "Bash",
        grammar: Known(SupportLang::Bash),
        extensions: &["sh", "bash", "bats"],
        names: &[
            ".bashrc",
            ".bash_profile",
            ".bash_login",
            ".bash_logout",
            ".bash_aliases",
            ".profile",
            ".kshrc",
            "PKGBUILD",
            "APKBUILD",
        ],
        interpreters: &["sh", "bash", "dash", "ksh", "ash", "bats"],
        scopes: &[("function_definition", Field("name"))],
    },
    Entry {
        language: Language::Yaml,
        name: "Yaml",
        grammar: Known(SupportLang::Yaml),
        extensions: &["yaml", "yml"],
        names: &[".clang-format", ".clang-tidy", ".yamllint", "CITATION.cff"],
        interpreters: &[],
        scopes: &[("block_mapping_pair", Field("key"))],
    },
    Entry {
        language: Language::Json,
        name: "Json",
        grammar: Known(SupportLang::Json),
        extensions: &["json"],
        names: &["composer.lock", "Pipfile.lock"],
        interpreters: &[],
        scopes: &[("pair", Field("key"))],
    },
    Entry {
        language: Language::Html,
        name: "Html",
        grammar: Known(SupportLang::Html),
        extensions: &["html", "htm", "xhtml"],
        names: &[],
        interpreters: &[],
        scopes: &[],
    },
    Entry {
        language: Language::Css,
        name: "Css",
        grammar: Known(SupportLang::Css),
        extensions: &["css"],
        names: &[],
        interpreters: &[],
        scopes: &[("rule_set", Children(&["selectors"]))],
    },
    Entry {
        language: Language::Hcl,
        name: "Hcl",
        grammar: Known(SupportLang::Hcl),
        extensions: &["hcl", "tf", "tfvars"],
        names: &[],
        interpreters: &[],
        scopes: &[("block", Children(&["identifier", "string_lit"]))],
    },
    Entry {
        language: Language::Dockerfile,
        name: "Dockerfile",
        grammar: Containerfile,
        extensions: &["dockerfile", "containerfile"],
        names: &["Dockerfile", "Containerfile", "Dockerfile.*", "Containerfile.*"],
        interpreters: &[],
        scopes: &[],
    },
    #[cfg(feature = "all-languages")]
    Entry {
        language: Language::Dart,
        name: "Dart",
        grammar: Known(SupportLang::Dart),
        extensions: &["dart"],
        names: &[],
        interpreters: &[],
        scopes: &[("class_declaration", Field("name"))],
    },
    #[cfg(feature = "all-languages")]
    Entry {
        language: Language::Elixir,
        name: "Elixir",
        grammar: Known(SupportLang::Elixir),
        extensions: &["ex", "exs"],
        names: &[],
        interpreters: &["elixir"],
        scopes: &[],
    },
    #[cfg(feature = "all-languages")]
    Entry {
        language: Language::Haskell,
        name: "Haskell",
        grammar: Known(SupportLang::Haskell),
        extensions: &["hs"],
        names: &[],
        interpreters: &[],
        scopes: &[],
    },
    #[cfg(feature = "all-languages")]
    Entry {
        language: Language::Lua,
        name: "Lua",
        grammar: Known(SupportLang::Lua),
        extensions: &["lua"],
        names: &[],
        interpreters: &["lua", "luajit"],
        scopes: &[("function_declaration", Field("name"))],
    },
    #[cfg(feature = "all-languages")]
    Entry {
        language: Language::Markdown,
        name: "Markdown",
        grammar: Known(SupportLang::Markdown),
        extensions: &["md", "markdown"],
        names: &[],
        interpreters: &[],
        scopes: &[],
    },
    #[cfg(feature = "all-languages")]
    Entry {
        language: Language::Nix,
        name: "Nix",
        grammar: Known(SupportLang::Nix),
        extensions: &["nix"],
        names: &[],
        interpreters: &[],
        scopes: &[("binding", Field("attrpath"))],
    },
    #[cfg(feature = "all-languages")]
    Entry {
        language: Language::Scala,
        name: "Scala",
        grammar: Known(SupportLang::Scala),
        extensions: &["scala", "sc", "sbt"],
        names: &[],
        interpreters: &["scala"],
        scopes: &[
            ("class_definition", Field("name")),
            ("object_definition", Field("name")),
            ("trait_definition", Field("name")),
            ("function_definition", Field("name")),
        ],
    },
    #[cfg(feature = "all-languages")]
    Entry {
        language: Language::Solidity,
        name: "Solidity",
        grammar: Known(SupportLang::Solidity),
        extensions: &["sol"],
        names: &[],
        interpreters: &[],
        scopes: &[("contract_declaration", Field("name")), ("function_definition", Field("name"))],
    },
    #[cfg(feature = "all-languages")]
    Entry {
        language: Language::Swift,
        name: "Swift",
        grammar: Known(SupportLang::Swift),
        extensions: &["swift"],
        names: &[],
        interpreters: &["swift"],
        scopes: &[
            ("class_declaration", Field("name")),
            ("protocol_declaration", Field("name")),
            ("function_declaration", Field("name")),
        ],
    },
    #[cfg(feature = "all-languages")]
    Entry {
        language: Language::Zig,
        name: "Zig",
        grammar: Known(SupportLang::Zig),
        extensions: &["zig"],
        names: &[],
        interpreters: &[],
        scopes: &[],
    },
];
