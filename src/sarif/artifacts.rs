//! The files that a run refers to, and places in them.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_sarif::sarif::{Artifact, ArtifactLocation, Location, PhysicalLocation};
use sha2::{Digest, Sha256};

use crate::model::path::RepoPath;
use crate::model::place::{Place, Region};
use crate::sarif::locate::byte_of;
use crate::sarif::strings::content;
use crate::sarif::uri;

/// The name that stands for the top of the work tree.
pub(crate) const SOURCE_ROOT: &str = "%SRCROOT%";

/// The files referred to so far, each with its index in the order in which they came up.
#[derive(Debug)]
pub(crate) struct Artifacts<'a> {
    hashes: &'a BTreeMap<RepoPath, String>,
    indices: BTreeMap<RepoPath, i64>,
    list: Vec<Artifact>,
}

/// The SHA-256 of the content of a file, in lowercase digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl<'a> Artifacts<'a> {
    /// None yet; of some files the SHA-256 is known.
    pub(crate) fn new(hashes: &'a BTreeMap<RepoPath, String>) -> Self {
        Self { hashes, indices: BTreeMap::new(), list: Vec::new() }
    }

    /// Refers to a file.
    pub(crate) fn refer(&mut self, path: &RepoPath) -> ArtifactLocation {
        let index = self.indices.get(path).copied().unwrap_or_else(|| {
            let index = i64::try_from(self.list.len()).unwrap_or(i64::MAX);
            self.indices.insert(path.clone(), index);
            self.list.push(Artifact {
                location: Some(relative(path)),
                hashes: self.hashes.get(path).map(|hash| BTreeMap::from([("sha-256".to_owned(), hash.clone())])),
                roles: Some(vec![Value::from("analysisTarget")]),
                ..Artifact::default()
            });
            index
        });
        ArtifactLocation { index: Some(index), ..relative(path) }
    }

    /// A place in a file. GitHub takes no result without lines: a file as a whole is told by its first.
    pub(crate) fn location(&mut self, path: &RepoPath, place: &Place, region: Option<&Region>) -> Location {
        let line = match place {
            Place::Lines { start, .. } => start.line.max(1),
            _ => 1,
        };
        let physical = PhysicalLocation {
            artifact_location: Some(self.refer(path)),
            region: Some(region.map_or_else(|| start_of(line), region_of)),
            context_region: region.and_then(context_of),
            ..PhysicalLocation::default()
        };
        Location { physical_location: Some(physical), ..Location::default() }
    }

    /// Every file that was referred to.
    pub(crate) fn into_list(self) -> Vec<Artifact> {
        self.list
    }
}

/// The top of the work tree as the place of what concerns no file more than another: the change, its message. GitHub
/// and its validator refuse a result without a place, and every file would be a wrong one.
pub(crate) fn top() -> Location {
    let folder = ArtifactLocation {
        uri: Some("./".to_owned()),
        uri_base_id: Some(SOURCE_ROOT.to_owned()),
        ..ArtifactLocation::default()
    };
    let physical =
        PhysicalLocation { artifact_location: Some(folder), region: Some(start_of(1)), ..PhysicalLocation::default() };
    Location { physical_location: Some(physical), ..Location::default() }
}

fn start_of(line: u32) -> serde_sarif::sarif::Region {
    serde_sarif::sarif::Region {
        start_line: Some(line.into()),
        start_column: Some(1),
        end_line: Some(line.into()),
        end_column: Some(1),
        ..Default::default()
    }
}

fn relative(path: &RepoPath) -> ArtifactLocation {
    ArtifactLocation {
        uri: Some(uri::encode(path)),
        uri_base_id: Some(SOURCE_ROOT.to_owned()),
        ..ArtifactLocation::default()
    }
}

fn region_of(region: &Region) -> serde_sarif::sarif::Region {
    serde_sarif::sarif::Region {
        start_line: Some(region.start.line.into()),
        start_column: Some(region.start.column.into()),
        end_line: Some(region.end.line.into()),
        end_column: Some(region.end.column.into()),
        snippet: snippet_of(region).map(content),
        ..Default::default()
    }
}

/// The lines around, whole; none if not all of them are at hand or there are none around (SARIF 3.29.5 wants a proper
/// superset of the region).
fn context_of(region: &Region) -> Option<serde_sarif::sarif::Region> {
    let last_line = region.first_line.checked_add(u32::try_from(region.lines.len()).ok()?.checked_sub(1)?)?;
    let is_whole = region.lines.iter().all(|line| !is_cut(line)) && last_line >= region.end.line;
    let is_wider = region.first_line < region.start.line || last_line > region.end.line;
    (is_whole && is_wider && region.first_line <= region.start.line).then(|| serde_sarif::sarif::Region {
        start_line: Some(region.first_line.into()),
        end_line: Some(last_line.into()),
        snippet: Some(content(region.lines.join("\n"))),
        ..Default::default()
    })
}

/// The text of a region; none if not all of it is at hand.
fn snippet_of(region: &Region) -> Option<String> {
    let index = |line: u32| usize::try_from(line.checked_sub(region.first_line)?).ok();
    let (first, last) = (index(region.start.line)?, index(region.end.line)?);
    let lines = region.lines.get(first..=last)?;
    if lines.iter().any(|line| is_cut(line)) {
        return None;
    }
    let start = byte_of(lines.first()?, region.start.column);
    let end = byte_of(lines.last()?, region.end.column);
    let behind = lines.last()?.len() - end;
    let text = lines.join("\n");
    text.get(start..text.len() - behind).map(str::to_owned)
}

/// Whether a line may have been cut to the length that is kept.
fn is_cut(line: &str) -> bool {
    line.len() + 3 >= Region::MAX_LINE
}
