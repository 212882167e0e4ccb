//! How long the commands of a work tree took when they ran last, by which the longest starts first. A file with a line for
//! each: milliseconds and the id of the check.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::model::rule::RuleId;
use crate::store::document::{Error, load, save};

/// The name of the file in the folder.
const NAME: &str = "durations";
/// The most bytes that are read back.
const MAX_BYTES: u64 = 1 << 20;

/// Keeps these in `folder` instead of those before.
pub(crate) fn save_durations(folder: &Path, durations: &BTreeMap<RuleId, Duration>) -> Result<(), Error> {
    let lines = durations.iter().map(|(id, duration)| format!("{} {id}\n", duration.as_millis()));
    save(folder, NAME, lines.collect::<String>().as_bytes())
}

/// What was kept, as far as it can be read: without it commands start in another order and nothing else is different.
pub(crate) fn load_durations(folder: &Path) -> BTreeMap<RuleId, Duration> {
    let bytes = load(folder, NAME, MAX_BYTES).ok().flatten().unwrap_or_default();
    let entry = |line: &str| {
        let (millis, id) = line.split_once(' ')?;
        Some((RuleId::from(id), Duration::from_millis(millis.parse().ok()?)))
    };
    String::from_utf8_lossy(&bytes).lines().filter_map(entry).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::time::Duration;

    use super::{NAME, load_durations, save_durations};
    use crate::model::rule::RuleId;

    #[test]
    fn what_was_kept_is_read_and_what_makes_no_sense_is_not() {
        let folder = tempfile::tempdir().unwrap();
        assert!(load_durations(folder.path()).is_empty());
        let durations: BTreeMap<_, _> =
            [("a", 12), ("b/c", 0)].map(|(id, millis)| (RuleId::from(id), Duration::from_millis(millis))).into();
        save_durations(folder.path(), &durations).unwrap();
        assert_eq!(load_durations(folder.path()), durations);
        fs::write(folder.path().join(NAME), b"12 a\nlong b\n-3 c\n\n0 b/c\n\xff\n99999999999999999999 d").unwrap();
        assert_eq!(load_durations(folder.path()), durations);
        fs::write(folder.path().join(NAME), vec![b'1'; 2 << 20]).unwrap();
        assert!(load_durations(folder.path()).is_empty());
    }
}
