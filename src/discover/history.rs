//! Everything that history ever added: each blob once, under the newest commit that brought it in.

use std::collections::HashSet;

use crate::discover::{Error, counted};
use crate::git::{self, Repo};
use crate::model::change::{ChangeSet, ChangedFile, FileSide, Head, Mode, ObjectId, Source, Status};
use crate::model::path::RepoPath;

/// Every blob of a regular file that a commit of any ref added, sorted by path and, below that, from the newest. Of a
/// shallow clone nobody knows what is beyond the cut: that is an error.
pub(super) fn discover(repo: &Repo) -> Result<ChangeSet, Error> {
    if repo.is_shallow()? {
        return Err(Error::ShallowHistory);
    }
    let commits = repo.run(&["rev-list", "--all", "HEAD"], b"").or_else(|error| match repo.head()?.commit {
        Some(_) => Err(error),
        None => repo.run(&["rev-list", "--all"], b""),
    })?;
    let n_commits = commits.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).count();
    // Of a merge only what no parent has.
    let args = ["diff-tree", "--stdin", "--root", "-r", "-c", "-z", "--raw", "--no-abbrev", "--no-renames"];
    let listed = repo.run(&args, &commits)?;
    let mut files = read(&listed).ok_or_else(|| git::Error::Output {
        command: args.join(" "),
        problem: "a line that is neither a commit nor a change".to_owned(),
    })?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let title = format!(
        "all history: {} of {}",
        counted(files.len(), "content", "contents"),
        counted(n_commits, "commit", "commits")
    );
    let head = match (repo.work_tree(), repo.head()?.commit) {
        (None, Some(commit)) => Head::Tree { tree: commit.tree, commit: commit.id },
        _ => Head::Worktree,
    };
    let files =
        files.into_iter().map(|side| ChangedFile { status: Status::Present, head: Some(side), bases: Vec::new() });
    Ok(ChangeSet { title, head, parents: Vec::new(), files: files.collect(), merged: Vec::new() })
}

/// Reads what `git diff-tree --stdin -z` says: the name of a commit, then for each file `:MODES IDS STATUS` and the path,
/// with as many colons, old modes and old ids as there are parents.
fn read(listed: &[u8]) -> Option<Vec<FileSide>> {
    let mut fields = listed.split(|&byte| byte == 0).filter(|field| !field.is_empty());
    let (mut commit, mut seen, mut sides) = (None, HashSet::new(), Vec::new());
    while let Some(field) = fields.next() {
        let n_parents = field.iter().take_while(|&&byte| byte == b':').count();
        if n_parents == 0 {
            // The name of the next commit, which a line end may follow.
            commit = Some(ObjectId::from_hex(field.trim_ascii())?);
            continue;
        }
        let words: Vec<&[u8]> = field.get(n_parents..)?.split(|&byte| byte == b' ').collect();
        let mode = *words.get(n_parents)?;
        let blob = ObjectId::from_hex(words.get(2 * n_parents + 1)?)?;
        let path = fields.next()?;
        let mode = Mode::from_octal(mode).filter(|mode| mode.is_regular());
        if let Some(mode) = mode.filter(|_| seen.insert(blob)) {
            sides.push(FileSide {
                path: RepoPath::new(path),
                mode,
                source: Source::Historic { blob, commit: commit? },
            });
        }
    }
    Some(sides)
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::model::change::Source;

    const NONE: &str = "0000000000000000000000000000000000000000";

    fn id(letter: &str) -> String {
        letter.repeat(40)
    }

    #[test]
    fn each_blob_is_named_once_at_its_newest_place() {
        let (new, old, blob) = (id("a"), id("b"), id("c"));
        let listed = format!(
            "{new}\0:000000 100644 {NONE} {blob} A\0new.txt\0:100644 000000 {blob} {NONE} D\0gone\0\
             {old}\0:000000 100755 {NONE} {blob} A\0old.txt\0::100644 100644 100644 {blob} {blob} {} MM\0merged\0",
            id("d")
        );
        let sides = read(listed.as_bytes()).unwrap();
        let shown: Vec<(String, String)> = sides
            .iter()
            .map(|side| match side.source {
                Source::Historic { commit, .. } => (side.path.to_string(), commit.to_string()),
                _ => unreachable!(),
            })
            .collect();
        assert_eq!(shown, [("new.txt".to_owned(), new), ("merged".to_owned(), old)]);
        assert!(read(b"garbage\0").is_none());
    }
}
