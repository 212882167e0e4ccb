//! The AWS credentials of this machine, for the check that looks for them in files: read only when it runs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use crate::check::hygiene::detect_aws_credentials::{DEFAULT_FILES, FILE_VARIABLES, VARIABLES, credentials_in};
use crate::model::option::Credentials;

/// The most bytes of a file that are read.
const MAX_BYTES: u64 = 1 << 20;

/// Reads them from the usual files and these further ones, from those that variables name, and from variables. A file that
/// can't be read has none.
pub(super) fn read(variables: &BTreeMap<String, String>, further: &[String]) -> Credentials {
    let value = |name: &&str| variables.get(*name).filter(|value| !value.is_empty());
    let named = FILE_VARIABLES.iter().filter_map(value).chain(further).map(String::as_str);
    let paths: BTreeSet<PathBuf> =
        DEFAULT_FILES.into_iter().chain(named).map(|file| expanded(file, variables)).collect();
    let in_files = paths.iter().filter_map(text).flat_map(|text| credentials_in(&text));
    let in_variables = VARIABLES.iter().filter_map(value).map(|value| value.as_bytes().to_vec());
    let all: BTreeSet<Vec<u8>> = in_files.chain(in_variables).collect();
    Credentials(all.into_iter().collect())
}

/// A path with the home folder for `~`.
fn expanded(file: &str, variables: &BTreeMap<String, String>) -> PathBuf {
    let home = variables.get("HOME").or_else(|| variables.get("USERPROFILE"));
    match file.strip_prefix("~/").zip(home) {
        Some((below, home)) => PathBuf::from(home).join(below),
        None => PathBuf::from(file),
    }
}

fn text(path: &PathBuf) -> Option<String> {
    if !path.is_file() {
        return None;
    }
    let mut text = String::new();
    File::open(path).ok()?.take(MAX_BYTES).read_to_string(&mut text).ok()?;
    Some(text)
}
