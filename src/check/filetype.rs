//! What kind of file a path is, told by its name, and whether content is text. The kinds are those that the tags of
//! `identify` tell apart, as far as checks need them.

use memchr::memchr;

use crate::model::path::RepoPath;

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
        None => sample.iter().all(|byte| matches!(byte, 7..=13 | 27 | 32..=126 | 128..)),
    }
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
    use super::{Kind, is_lfs_pointer, is_text, kind};
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
