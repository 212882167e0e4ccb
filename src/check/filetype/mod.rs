//! What kind of file a path is, told by its name, and whether content is text. The kinds are those that the tags of
//! `identify` tell apart, as far as checks need them; the tags themselves are those of [`tags()`].

mod tags;

use std::collections::BTreeSet;

use memchr::memchr;

use crate::check::filetype::tags::{EXTENSIONS, INTERPRETERS, NAMES};
use crate::model::change::{FileSide, Mode};
use crate::model::path::RepoPath;
use crate::syntax::interpreter;

/// What a file's name says of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// JSON.
    Json,
    /// JSON that its tools read with comments and trailing commas.
    JsonWithComments,
    /// YAML.
    Yaml,
    /// TOML.
    Toml,
    /// XML.
    Xml,
    /// A patch: its blanks at line ends mean something.
    Patch,
    /// A format in which a byte-order mark means something.
    Marked,
    /// Texts of a user interface and their translations, where bidirectional controls are at home.
    Translation,
    /// Other text.
    Text,
    /// Never text.
    Binary,
}

/// How many bytes are looked at to tell text from binary; the same as `identify` and libmagic take.
const SAMPLE: usize = 1024;

/// The kind of a file; none if its name does not tell.
pub(crate) fn kind(path: &RepoPath) -> Option<Kind> {
    of_name(path.file_name()).or_else(|| of_folder(path)).or_else(|| of_extension(path.extension()?))
}

/// Whether content is text: its name does not say that it is binary, and its first kilobyte holds no byte that text
/// never has. Where the name says that it is text, only NUL and UTF-16 speak against it.
pub(crate) fn is_text(path: &RepoPath, bytes: &[u8]) -> bool {
    let sample = bytes.get(..SAMPLE).unwrap_or(bytes);
    if sample.starts_with(b"\xff\xfe") || sample.starts_with(b"\xfe\xff") {
        return false;
    }
    match kind(path) {
        Some(Kind::Binary) => false,
        Some(_) => memchr(0, sample).is_none(),
        None => is_plain(sample),
    }
}

/// The tags of a file: by what it is, its name and extension, where these tell nothing and it is executable by the
/// interpreter that its first line names, and whether it is text. Source: the rules of `identify`, whose names they are.
pub(crate) fn tags(side: &FileSide, bytes: &[u8]) -> BTreeSet<&'static str> {
    let mut tags = of_mode(side.mode);
    if !side.mode.is_regular() {
        return tags;
    }
    let by_name = tags_of_name(&side.path);
    if by_name.is_empty() && side.mode == Mode::Executable {
        tags.extend(interpreter(bytes).into_iter().flat_map(tags_of_interpreter));
    }
    tags.extend(by_name);
    if !has_encoding(&tags) {
        tags.insert(if is_plain(bytes) { "text" } else { "binary" });
    }
    tags
}

/// Whether a file may bear a tag, as far as that can be told before it is read.
pub(crate) fn may_be(side: &FileSide, tag: &str) -> bool {
    let by_name = tags_of_name(&side.path);
    if by_name.contains(tag) || of_mode(side.mode).contains(tag) {
        return true;
    }
    match tag {
        "text" | "binary" => side.mode.is_regular() && !has_encoding(&by_name),
        tag => side.mode == Mode::Executable && by_name.is_empty() && tags_of_interpreters().any(|it| it == tag),
    }
}

/// Whether a file bears a tag whatever is in it.
pub(crate) fn is_surely(side: &FileSide, tag: &str) -> bool {
    of_mode(side.mode).contains(tag) || (side.mode.is_regular() && tags_of_name(&side.path).contains(tag))
}

/// Whether the tags of a file depend on what is in it.
pub(crate) fn needs_content(side: &FileSide) -> bool {
    side.mode.is_regular() && !has_encoding(&tags_of_name(&side.path))
}

fn has_encoding(tags: &BTreeSet<&str>) -> bool {
    tags.contains("text") || tags.contains("binary")
}

/// Whether the language of a file is one of programs: names in it mean something.
pub(crate) fn may_be_code(side: &FileSide) -> bool {
    const NO_CODE: [&str; 9] = ["css", "html", "json", "markdown", "svg", "toml", "xml", "yaml", "plain-text"];
    let tags = tags_of_name(&side.path);
    !tags.is_empty() && !tags.iter().any(|tag| NO_CODE.contains(tag))
}

/// Every tag that a file can bear.
pub(crate) fn all_tags() -> BTreeSet<&'static str> {
    let tables = [EXTENSIONS, NAMES, INTERPRETERS].concat();
    let tags = tables.iter().flat_map(|(tags, _)| tags.iter().copied());
    tags.chain(["text", "binary", "file", "symlink", "executable", "non-executable"]).collect()
}

fn of_mode(mode: Mode) -> BTreeSet<&'static str> {
    match mode {
        Mode::File => BTreeSet::from(["file", "non-executable"]),
        Mode::Executable => BTreeSet::from(["file", "executable"]),
        Mode::Symlink => BTreeSet::from(["symlink"]),
        Mode::Submodule => BTreeSet::from(["directory"]),
    }
}

fn tags_of_name(path: &RepoPath) -> BTreeSet<&'static str> {
    let name = path.file_name();
    let known = |part: &[u8]| NAMES.iter().find(|(_, names)| names.iter().any(|name| name.as_bytes() == part));
    let parts = std::iter::once(name).chain(name.split(|byte| *byte == b'.'));
    let by_name = parts.into_iter().find_map(known);
    let extension = path.extension().map(<[u8]>::to_ascii_lowercase).unwrap_or_default();
    let by_extension = EXTENSIONS.iter().find(|(_, known)| known.iter().any(|known| known.as_bytes() == extension));
    by_name.into_iter().chain(by_extension).flat_map(|(tags, _)| tags.iter().copied()).collect()
}

fn tags_of_interpreters() -> impl Iterator<Item = &'static str> {
    INTERPRETERS.iter().flat_map(|(tags, _)| tags.iter().copied())
}

/// The tags of an interpreter; one with a version is that without it.
fn tags_of_interpreter(name: &str) -> &'static [&'static str] {
    let mut name = name;
    loop {
        if let Some((tags, _)) = INTERPRETERS.iter().find(|(_, known)| known.contains(&name)) {
            return tags;
        }
        match name.rsplit_once('.') {
            Some((shorter, _)) => name = shorter,
            None => return &[],
        }
    }
}

/// Whether the first kilobyte holds only bytes that text has.
fn is_plain(bytes: &[u8]) -> bool {
    let sample = bytes.get(..SAMPLE).unwrap_or(bytes);
    sample.iter().all(|byte| matches!(byte, 7..=13 | 27 | 32..=126 | 128..))
}

/// The most bytes of a pointer of Git LFS.
const MAX_POINTER: usize = 1024;

/// Whether content is a pointer that Git LFS keeps in place of a large file, and nothing but that: the lines `version`,
/// `ext-...`, `oid` and `size` with what belongs there. Source: the specification of git-lfs, `docs/spec.md`.
pub(crate) fn is_lfs_pointer(bytes: &[u8]) -> bool {
    const VERSIONS: [&str; 2] =
        ["version https://git-lfs.github.com/spec/v1", "version https://hawser.github.com/spec/v1"];
    let is_hash = |hash: &str| hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    let Some(text) = bytes.get(..bytes.len().min(MAX_POINTER + 1)).and_then(|start| str::from_utf8(start).ok()) else {
        return false;
    };
    let mut lines = text.lines();
    if text.len() > MAX_POINTER || !lines.next().is_some_and(|line| VERSIONS.contains(&line)) {
        return false;
    }
    let rest: Vec<(&str, &str)> = lines.map(|line| line.split_once(' ').unwrap_or_default()).collect();
    let has = |wanted: &str| rest.iter().filter(|(key, _)| *key == wanted).count() == 1;
    let fits = |(key, value): &(&str, &str)| match *key {
        "size" => !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()),
        key => (key == "oid" || key.starts_with("ext-")) && value.strip_prefix("sha256:").is_some_and(is_hash),
    };
    has("oid") && has("size") && rest.iter().all(fits)
}

/// Files known by their whole name.
fn of_name(name: &[u8]) -> Option<Kind> {
    let kind = match name {
        b".babelrc"
        | b".devcontainer.json"
        | b".eslintrc.json"
        | b".hintrc"
        | b".jscsrc"
        | b".jshintrc"
        | b".jslintrc"
        | b".markdownlint.json"
        | b".swcrc"
        | b"api-extractor.json"
        | b"cspell.json"
        | b"deno.json"
        | b"devcontainer.json"
        | b"language-configuration.json"
        | b"nx.json"
        | b"tslint.json"
        | b"turbo.json"
        | b"wrangler.json" => Kind::JsonWithComments,
        b".bowerrc" | b".csslintrc" | b".mention-bot" | b"Pipfile.lock" | b"composer.lock" | b"flake.lock" => {
            Kind::Json
        }
        b".ansible-lint" | b".clang-format" | b".clang-tidy" | b".clangd" | b".gemrc" | b".salt-lint"
        | b".yamllint" => Kind::Yaml,
        b"Cargo.lock" | b"Pipfile" | b"poetry.lock" | b"uv.lock" | b"pdm.lock" => Kind::Toml,
        b"AUTHORS" | b"CHANGELOG" | b"CONTRIBUTING" | b"COPYING" | b"Dockerfile" | b"LICENSE" | b"Makefile"
        | b"NEWS" | b"NOTICE" | b"README" => Kind::Text,
        config if is_compiler_config(config) => Kind::JsonWithComments,
        _ => return None,
    };
    Some(kind)
}

/// `tsconfig.json`, `tsconfig.build.json`, `jsconfig.json`, `tsconfig-base.json`.
fn is_compiler_config(name: &[u8]) -> bool {
    name.ends_with(b".json") && (name.starts_with(b"tsconfig") || name.starts_with(b"jsconfig"))
}

/// Files known by the folder that holds them: the settings of Visual Studio Code.
fn of_folder(path: &RepoPath) -> Option<Kind> {
    let is_setting = path.parent()?.file_name() == b".vscode" && path.extension() == Some(b"json");
    is_setting.then_some(Kind::JsonWithComments)
}

/// Files known by their extension, whose letters may be of either case.
fn of_extension(extension: &[u8]) -> Option<Kind> {
    let mut lower = [0; 20];
    let lower = lower.get_mut(..extension.len())?;
    lower.copy_from_slice(extension);
    lower.make_ascii_lowercase();
    let kind = match &*lower {
        b"json" | b"ejson" | b"geojson" | b"ipynb" | b"jsonld" | b"piskel" | b"webmanifest" | b"xctestplan" => {
            Kind::Json
        }
        b"jsonc" | b"code-workspace" | b"code-snippets" => Kind::JsonWithComments,
        b"yaml" | b"yml" | b"eyaml" | b"yamlld" => Kind::Yaml,
        b"toml" => Kind::Toml,
        b"xml" | b"csproj" | b"fsproj" | b"gpx" | b"inx" | b"kml" | b"lpi" | b"mscx" | b"pom" | b"props"
        | b"pyproj" | b"rng" | b"slnx" | b"svg" | b"targets" | b"urdf" | b"vbproj" | b"vcxproj" | b"wixproj"
        | b"wsdl" | b"wxi" | b"wxl" | b"wxs" | b"xacro" | b"xaml" | b"xcscheme" | b"xcworkspacedata" | b"xhtml"
        | b"xsd" | b"xsl" | b"xslt" | b"yin" | b"zcml" => Kind::Xml,
        b"diff" | b"patch" => Kind::Patch,
        b"csv" | b"ps1" | b"psd1" | b"psm1" | b"sln" | b"tsv" => Kind::Marked,
        b"arb" | b"ftl" | b"po" | b"pot" | b"strings" | b"stringsdict" => Kind::Translation,
        b"resx" | b"xlf" | b"xliff" => Kind::Xml,
        b"adoc" | b"bash" | b"bat" | b"c" | b"cc" | b"cfg" | b"clj" | b"cmake" | b"conf" | b"cpp" | b"cs" | b"css"
        | b"cxx" | b"dart" | b"ex" | b"exs" | b"go" | b"gradle" | b"graphql" | b"h" | b"hpp" | b"hs" | b"htm"
        | b"html" | b"ini" | b"java" | b"js" | b"jsx" | b"kt" | b"kts" | b"less" | b"lua" | b"markdown" | b"md"
        | b"mjs" | b"ml" | b"nix" | b"php" | b"pl" | b"properties" | b"proto" | b"py" | b"pyi" | b"r" | b"rb"
        | b"rs" | b"rst" | b"scala" | b"scss" | b"sh" | b"sql" | b"swift" | b"tex" | b"tf" | b"ts" | b"tsx"
        | b"txt" | b"vue" | b"zig" | b"zsh" => Kind::Text,
        b"7z" | b"ai" | b"avif" | b"bmp" | b"bz2" | b"dll" | b"ear" | b"eot" | b"eps" | b"exe" | b"gif" | b"gz"
        | b"icns" | b"ico" | b"jar" | b"jpeg" | b"jpg" | b"mp3" | b"mp4" | b"otf" | b"p12" | b"pdf" | b"png"
        | b"pyz" | b"so" | b"swf" | b"tar" | b"tgz" | b"tif" | b"tiff" | b"ttf" | b"war" | b"wav" | b"webp"
        | b"whl" | b"woff" | b"woff2" | b"xz" | b"zip" | b"zst" => Kind::Binary,
        _ => return None,
    };
    Some(kind)
}

#[cfg(test)]
mod tests {
    use super::{Kind, is_lfs_pointer, is_text, kind, may_be, needs_content, tags};
    use crate::model::change::{FileSide, Mode, Source};
    use crate::model::path::RepoPath;

    #[track_caller]
    fn check(path: &str, expected: Option<Kind>) {
        assert_eq!(kind(&RepoPath::from(path)), expected, "{path}");
    }

    #[test]
    fn a_pointer_of_git_lfs_is_nothing_but_that() {
        let hash = "0123456789abcdef".repeat(4);
        let pointer =
            |more: &str| format!("version https://git-lfs.github.com/spec/v1\n{more}oid sha256:{hash}\nsize 12345\n");
        assert!(is_lfs_pointer(pointer("").as_bytes()));
        assert!(is_lfs_pointer(pointer(&format!("ext-0-case sha256:{hash}\n")).as_bytes()));
        for content in [
            String::new(),
            "version https://git-lfs.github.com/spec/v1\n".to_owned(),
            pointer("") + "x = 1\n",
            pointer("") + "\n",
            pointer("") + "size 1\n",
            pointer("comment x\n"),
            pointer("ext-0-case x\n"),
            pointer("").replace("12345", "12 345"),
            pointer("").replace("sha256:", "sha256:x"),
            pointer("").replace("spec/v1", "spec/v1; x"),
            pointer(&format!("ext-0-case sha256:{hash}\n").repeat(20)),
        ] {
            assert!(!is_lfs_pointer(content.as_bytes()), "{content}");
        }
        assert!(!is_lfs_pointer(b"version \xff"));
    }

    #[test]
    fn names_tell_the_kind() {
        check("a/b.JSON", Some(Kind::Json));
        check("package.json", Some(Kind::Json));
        check("web/tsconfig.build.json", Some(Kind::JsonWithComments));
        check(".vscode/settings.json", Some(Kind::JsonWithComments));
        check("a/.vscode/launch.json", Some(Kind::JsonWithComments));
        check(".vscode/readme.md", Some(Kind::Text));
        check("a.jsonc", Some(Kind::JsonWithComments));
        check(".github/workflows/ci.yml", Some(Kind::Yaml));
        check(".clang-format", Some(Kind::Yaml));
        check("Cargo.lock", Some(Kind::Toml));
        check("pom.xml", Some(Kind::Xml));
        check("logo.SVG", Some(Kind::Xml));
        check("logo.png", Some(Kind::Binary));
        check("no-extension", None);
        check(".json", None);
        check("a.an-extension-that-is-longer-than-any-known", None);
    }

    #[track_caller]
    fn tagged(path: &str, mode: Mode, bytes: &[u8], expected: &[&str]) {
        let side = FileSide { path: RepoPath::from(path), mode, source: Source::Worktree };
        let found: Vec<&str> = tags(&side, bytes).into_iter().collect();
        assert_eq!(found, expected, "{path}");
    }

    #[test]
    fn tags_are_told_by_name_first_line_and_content() {
        let file = |path, bytes, expected| tagged(path, Mode::File, bytes, expected);
        file("a.PY", b"", &["file", "non-executable", "python", "text"]);
        file("Dockerfile.dev", b"", &["dockerfile", "file", "non-executable", "text"]);
        file("a", b"#!/bin/sh", &["file", "non-executable", "text"]);
        file("a", b"\0", &["binary", "file", "non-executable"]);
        let program = |bytes, expected| tagged("a", Mode::Executable, bytes, expected);
        program(b"#!/usr/bin/env -S python3.12 -u\nx", &["executable", "file", "python", "python3", "text"]);
        program(b"#!/bin/env FOO=1 python3\n", &["executable", "file", "python", "python3", "text"]);
        program(b"#! /bin/bash", &["bash", "executable", "file", "shell", "text"]);
        program(b"#!/usr/bin/env", &["executable", "file", "text"]);
        program(b"#!/bin/unknown", &["executable", "file", "text"]);
        tagged("a.py", Mode::Symlink, b"b", &["symlink"]);
    }

    #[test]
    fn what_may_be_is_told_before_a_file_is_read() {
        let side = |path: &str, mode| FileSide { path: RepoPath::from(path), mode, source: Source::Worktree };
        assert!(may_be(&side("a.py", Mode::File), "python"));
        assert!(may_be(&side("bin/a", Mode::Executable), "python"));
        assert!(!may_be(&side("bin/a", Mode::File), "python"));
        assert!(!may_be(&side("a.sh", Mode::Executable), "python"));
        assert!(may_be(&side("a.sh", Mode::Executable), "executable"));
        assert!(may_be(&side("a", Mode::File), "text"));
        assert!(!may_be(&side("a.png", Mode::File), "text"));
        assert!(needs_content(&side("bin/a", Mode::File)));
        assert!(!needs_content(&side("a.py", Mode::File)));
        assert!(!needs_content(&side("a", Mode::Symlink)));
    }

    #[test]
    fn text_is_told_by_name_and_first_kilobyte() {
        let text = |path: &str, bytes: &[u8]| is_text(&RepoPath::from(path), bytes);
        assert!(text("a", b"plain\ttext\r\n\x1b[0m"));
        assert!(text("a", "straße".as_bytes()));
        assert!(text("a", b""));
        assert!(!text("a", b"\x01"));
        assert!(text("a.rs", b"\x01"));
        assert!(!text("a.rs", b"a\0"));
        assert!(!text("a.png", b"text"));
        assert!(!text("a.txt", b"\xff\xfea\x01"));
        let mut late = vec![b'a'; 1024];
        late.push(0);
        assert!(text("a", &late));
    }
}
