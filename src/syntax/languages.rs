//! The languages whose grammars are built in: their names, files and scopes.

use ast_grep_language::SupportLang;

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
}

/// What is known of a language.
pub(super) struct Entry {
    pub(super) language: Language,
    /// Its name in rule files.
    pub(super) name: &'static str,
    pub(super) grammar: SupportLang,
    pub(super) extensions: &'static [&'static str],
    /// Node kinds that enclose others under a name, and the field that holds the name.
    pub(super) scopes: &'static [(&'static str, &'static str)],
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

pub(super) const LANGUAGES: [Entry; 20] = [
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
    Entry {
        language: Language::Java,
        name: "Java",
        grammar: SupportLang::Java,
        extensions: &["java"],
        scopes: &[
            ("class_declaration", "name"),
            ("interface_declaration", "name"),
            ("enum_declaration", "name"),
            ("record_declaration", "name"),
            ("annotation_type_declaration", "name"),
            ("method_declaration", "name"),
            ("constructor_declaration", "name"),
        ],
    },
    Entry {
        language: Language::Kotlin,
        name: "Kotlin",
        grammar: SupportLang::Kotlin,
        extensions: &["kt", "kts"],
        scopes: &[],
    },
    Entry { language: Language::C, name: "C", grammar: SupportLang::C, extensions: &["c", "h"], scopes: &[] },
    Entry {
        language: Language::Cpp,
        name: "Cpp",
        grammar: SupportLang::Cpp,
        extensions: &["cc", "cpp", "cxx", "c++", "hh", "hpp", "hxx", "h++", "ipp", "tpp"],
        scopes: &[("class_specifier", "name"), ("struct_specifier", "name"), ("namespace_definition", "name")],
    },
    Entry {
        language: Language::CSharp,
        name: "CSharp",
        grammar: SupportLang::CSharp,
        extensions: &["cs"],
        scopes: &[
            ("class_declaration", "name"),
            ("struct_declaration", "name"),
            ("interface_declaration", "name"),
            ("enum_declaration", "name"),
            ("record_declaration", "name"),
            ("method_declaration", "name"),
            ("constructor_declaration", "name"),
            ("property_declaration", "name"),
            ("namespace_declaration", "name"),
        ],
    },
    Entry {
        language: Language::Ruby,
        name: "Ruby",
        grammar: SupportLang::Ruby,
        extensions: &["rb", "rake", "gemspec", "ru"],
        scopes: &[("class", "name"), ("module", "name"), ("method", "name"), ("singleton_method", "name")],
    },
    Entry {
        language: Language::Php,
        name: "Php",
        grammar: SupportLang::Php,
        extensions: &["php", "phtml"],
        scopes: &[
            ("class_declaration", "name"),
            ("interface_declaration", "name"),
            ("trait_declaration", "name"),
            ("enum_declaration", "name"),
            ("function_definition", "name"),
            ("method_declaration", "name"),
        ],
    },
    Entry {
        language: Language::Bash,
        name: "Bash",
        grammar: SupportLang::Bash,
        extensions: &["sh", "bash", "bats"],
        scopes: &[("function_definition", "name")],
    },
    Entry {
        language: Language::Yaml,
        name: "Yaml",
        grammar: SupportLang::Yaml,
        extensions: &["yaml", "yml"],
        scopes: &[("block_mapping_pair", "key")],
    },
    Entry {
        language: Language::Json,
        name: "Json",
        grammar: SupportLang::Json,
        extensions: &["json"],
        scopes: &[("pair", "key")],
    },
    Entry {
        language: Language::Html,
        name: "Html",
        grammar: SupportLang::Html,
        extensions: &["html", "htm", "xhtml"],
        scopes: &[],
    },
    Entry { language: Language::Css, name: "Css", grammar: SupportLang::Css, extensions: &["css"], scopes: &[] },
    Entry {
        language: Language::Hcl,
        name: "Hcl",
        grammar: SupportLang::Hcl,
        extensions: &["hcl", "tf", "tfvars"],
        scopes: &[],
    },
];
