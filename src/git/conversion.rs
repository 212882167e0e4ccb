//! How contents differ between the object store and the work tree: line ends, encodings, `ident`, and the filters of
//! the configuration. Git itself converts.

use std::collections::BTreeMap;
use std::ffi::OsString;

use crate::git::{Error, Repo, os_path, unreadable};
use crate::model::change::{FileSide, Mode, ObjectId, Source};
use crate::model::content::{Content, ContentError, Contents};
use crate::model::path::RepoPath;

/// The attributes that decide it.
const ATTRIBUTES: [&str; 6] = ["text", "crlf", "eol", "filter", "ident", "working-tree-encoding"];

/// Whether a file is converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conversion {
    /// Its bytes are the same everywhere.
    Never,
    /// They are unless there are carriage returns among them.
    OfCarriageReturns,
    /// They may always differ.
    Always,
}

impl Repo {
    /// Whether each of these files is converted.
    pub(crate) fn conversions(&self, paths: &[RepoPath]) -> Result<BTreeMap<RepoPath, Conversion>, Error> {
        let ends = self.line_ends()?;
        let mut input = Vec::new();
        for path in paths {
            input.extend_from_slice(path.as_bytes());
            input.push(0);
        }
        let args: Vec<&str> = ["check-attr", "-z", "--stdin"].into_iter().chain(ATTRIBUTES).collect();
        let listed = if paths.is_empty() { Vec::new() } else { self.run(&args, &input)? };
        let mut fields = listed.split(|&byte| byte == 0);
        let mut of_paths: BTreeMap<RepoPath, BTreeMap<&[u8], &[u8]>> = BTreeMap::new();
        while let (Some(path), Some(attribute), Some(value)) = (fields.next(), fields.next(), fields.next()) {
            of_paths.entry(RepoPath::new(path)).or_default().insert(attribute, value);
        }
        let of_path = |path: &RepoPath| {
            let attributes = of_paths.get(path).filter(|attributes| attributes.len() == ATTRIBUTES.len());
            let attributes = attributes.ok_or_else(|| unreadable(&args, format!("nothing about {path}")))?;
            let value = |name: &str| attributes.get(name.as_bytes()).copied().unwrap_or(UNSPECIFIED);
            Ok((path.clone(), conversion(&value, &ends)))
        };
        paths.iter().map(of_path).collect()
    }

    fn line_ends(&self) -> Result<LineEnds, Error> {
        let autocrlf = self.config("core.autocrlf")?.unwrap_or_default().to_ascii_lowercase();
        let is_crlf = match self.config("core.eol")?.unwrap_or_default().to_ascii_lowercase().as_str() {
            "crlf" => true,
            "lf" => false,
            _ => cfg!(windows),
        };
        Ok(match autocrlf.as_str() {
            "input" => LineEnds::Read,
            "" | "false" | "no" | "off" | "0" => LineEnds::Kept { is_crlf },
            _ => LineEnds::Converted,
        })
    }

    /// What git would store for a file of the work tree with these bytes. The filters of the configuration run.
    pub(crate) fn to_stored(&self, path: &RepoPath, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let args = ["hash-object".into(), "-w".into(), "--stdin".into(), with_path(path)];
        let id = self.hash_object(&args, bytes)?;
        self.content(path, id).map_err(|error| unreadable(&args, error.0))
    }

    /// What git would write into the work tree for these bytes of the object store. The filters of the configuration
    /// run.
    pub(crate) fn to_worktree(&self, path: &RepoPath, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let id = self.store_blob(bytes)?;
        self.run(&["cat-file".into(), "--filters".into(), with_path(path), id.to_string().into()], b"")
    }

    fn content(&self, path: &RepoPath, id: ObjectId) -> Result<Vec<u8>, ContentError> {
        let side = FileSide { path: path.clone(), mode: Mode::File, source: Source::Blob(id) };
        match self.objects().read(&side, u64::MAX)? {
            Content::Bytes(bytes) => Ok(bytes),
            Content::TooLarge(n_bytes) => Err(ContentError(format!("{n_bytes} bytes are too many"))),
        }
    }
}

fn with_path(path: &RepoPath) -> OsString {
    let mut option = OsString::from("--path=");
    option.push(os_path(path));
    option
}

/// What git says of an attribute that nobody set.
const UNSPECIFIED: &[u8] = b"unspecified";
/// What it says of one that was taken away.
const UNSET: &[u8] = b"unset";

/// What the configuration says of line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LineEnds {
    /// `core.autocrlf` is off; text files get this line end.
    Kept { is_crlf: bool },
    /// `core.autocrlf = input`.
    Read,
    /// `core.autocrlf = true`.
    Converted,
}

/// What the attributes (gitattributes(5)) and the configuration make of a file.
fn conversion<'a>(value: &impl Fn(&str) -> &'a [u8], ends: &LineEnds) -> Conversion {
    let is_set = |name: &str| ![UNSPECIFIED, UNSET].contains(&value(name));
    if is_set("filter") || is_set("ident") || is_set("working-tree-encoding") || value("crlf") != UNSPECIFIED {
        return Conversion::Always;
    }
    match (value("text"), value("eol"), ends) {
        (UNSET, _, _) => Conversion::Never,
        (_, b"crlf", _) => Conversion::Always,
        (_, b"lf", _) => Conversion::OfCarriageReturns,
        (_, _, LineEnds::Converted) => Conversion::Always,
        (_, _, LineEnds::Read) => Conversion::OfCarriageReturns,
        (UNSPECIFIED, _, LineEnds::Kept { .. }) => Conversion::Never,
        (_, _, LineEnds::Kept { is_crlf: true }) => Conversion::Always,
        (_, _, LineEnds::Kept { is_crlf: false }) => Conversion::OfCarriageReturns,
    }
}

#[cfg(test)]
mod tests {
    use super::{Conversion, LineEnds, UNSPECIFIED, conversion};

    const LF: LineEnds = LineEnds::Kept { is_crlf: false };

    #[track_caller]
    fn check(attributes: &[(&str, &str)], ends: LineEnds, expected: Conversion) {
        let value = |name: &str| {
            let said = attributes.iter().find(|(attribute, _)| *attribute == name);
            said.map_or(UNSPECIFIED, |(_, value)| value.as_bytes())
        };
        assert_eq!(conversion(&value, &ends), expected, "{attributes:?}");
    }

    #[test]
    fn attributes_come_before_the_configuration() {
        check(&[], LF, Conversion::Never);
        check(&[], LineEnds::Kept { is_crlf: true }, Conversion::Never);
        check(&[], LineEnds::Read, Conversion::OfCarriageReturns);
        check(&[], LineEnds::Converted, Conversion::Always);
        check(&[("text", "unset")], LineEnds::Converted, Conversion::Never);
        check(&[("text", "auto")], LF, Conversion::OfCarriageReturns);
        check(&[("text", "set")], LineEnds::Kept { is_crlf: true }, Conversion::Always);
        check(&[("text", "auto"), ("eol", "lf")], LineEnds::Converted, Conversion::OfCarriageReturns);
        check(&[("eol", "crlf")], LF, Conversion::Always);
    }

    #[test]
    fn what_is_more_than_line_ends_always_counts() {
        for (attribute, value) in
            [("filter", "lfs"), ("ident", "set"), ("working-tree-encoding", "UTF-16"), ("crlf", "set")]
        {
            check(&[(attribute, value), ("text", "unset")], LF, Conversion::Always);
        }
        check(&[("filter", "unset"), ("ident", "unset"), ("working-tree-encoding", "unset")], LF, Conversion::Never);
    }
}
