//! Commands that mend and had nothing more to do at the end of a mending: they have looked at what is judged after it, so
//! there they need not run again.

use crate::fix::Proposal;
use crate::model::change::{ChangeSet, FileSide};
use crate::model::content::{Content, Contents};
use crate::model::outcome::{CheckRun, Outcome};
use crate::plan::{CommandJob, Plan};
use crate::run::{MAX_FILE, Ran};

/// Commands that found nothing and told nothing, with how they ended.
#[derive(Debug, Default)]
pub(super) struct Through(Vec<(CommandJob, CheckRun)>);

impl Through {
    /// Those of these that did so in a run.
    pub(super) fn of(jobs: &[CommandJob], ran: &Ran) -> Self {
        let clean = |job: &CommandJob| {
            let id = &job.command.id;
            let check = ran.checks.iter().find(|check| check.id == *id && check.outcome == Outcome::Clean)?;
            let has_told = ran.notices.iter().any(|notice| notice.check == *id);
            (!has_told).then(|| (job.clone(), check.clone()))
        };
        Self(jobs.iter().filter_map(clean).collect())
    }

    /// Takes them out of a plan in which they would do the same again, and settles how they ended.
    pub(super) fn settle(self, plan: &mut Plan<'_>) {
        for (job, check) in self.0 {
            if let Some(at) = plan.commands.iter().position(|planned| *planned == job) {
                plan.commands.remove(at);
                plan.settled.push(check);
            }
        }
    }
}

/// Whether all that a change judges is as it was, or as was proposed.
pub(super) fn is_as_proposed(
    now: &ChangeSet,
    contents: &dyn Contents,
    before: &ChangeSet,
    proposals: &[Proposal],
) -> bool {
    let is_made = |proposal: &Proposal, head: &FileSide| {
        head.mode == proposal.side.mode
            && matches!(contents.read(head, MAX_FILE), Ok(Content::Bytes(bytes)) if bytes == proposal.after)
    };
    let mut heads = now.files.iter().filter_map(|file| file.head.as_ref());
    heads.all(|head| match proposals.iter().find(|proposal| proposal.side.path == head.path) {
        Some(proposal) => is_made(proposal, head),
        None => before.files.iter().any(|file| file.head.as_ref() == Some(head)),
    })
}

#[cfg(test)]
mod tests {
    use super::is_as_proposed;
    use crate::fix::Proposal;
    use crate::model::change::{ChangeSet, ChangedFile, FileSide, Head, Mode, ObjectId, Source, Status};
    use crate::model::content::{Content, ContentError, Contents};
    use crate::model::path::RepoPath;

    /// Each object holds the last digit of its name.
    struct Digits;

    impl Contents for Digits {
        fn read(&self, side: &FileSide, _: u64) -> Result<Content, ContentError> {
            let Source::Blob(id) = side.source else { return Err(ContentError("not here".into())) };
            Ok(Content::Bytes(id.to_string().bytes().last().into_iter().collect()))
        }

        fn folder(&self, _: &ObjectId, _: &RepoPath) -> Result<Vec<Vec<u8>>, ContentError> {
            Ok(Vec::new())
        }
    }

    fn side(path: &str, digit: char) -> FileSide {
        let id = ObjectId::from_hex(format!("{}{digit}", "0".repeat(39)).as_bytes()).unwrap();
        FileSide { path: RepoPath::from(path), mode: Mode::File, source: Source::Blob(id) }
    }

    fn change(heads: &[FileSide]) -> ChangeSet {
        let file = |head: &FileSide| ChangedFile { status: Status::Added, head: Some(head.clone()), bases: Vec::new() };
        ChangeSet {
            title: String::new(),
            head: Head::Index,
            parents: Vec::new(),
            files: heads.iter().map(file).collect(),
            merged: Vec::new(),
        }
    }

    #[test]
    fn what_else_came_into_the_index_is_seen() {
        let before = change(&[side("a", '1'), side("b", '2')]);
        let made = Proposal { side: side("a", '1'), before: b"1".to_vec(), after: b"3".to_vec() };
        let is_so = |now: &[FileSide], proposals| is_as_proposed(&change(now), &Digits, &before, proposals);
        assert!(is_so(&[side("a", '1'), side("b", '2')], &[]));
        assert!(is_so(&[side("a", '3'), side("b", '2')], std::slice::from_ref(&made)));
        assert!(is_so(&[side("b", '2')], std::slice::from_ref(&made)), "equal to HEAD by now");
        assert!(!is_so(&[side("a", '1'), side("b", '2')], std::slice::from_ref(&made)), "not written");
        assert!(!is_so(&[side("a", '4'), side("b", '2')], std::slice::from_ref(&made)));
        assert!(!is_so(&[side("a", '1'), side("b", '4')], &[]));
        assert!(!is_so(&[side("a", '1'), side("b", '2'), side("c", '1')], &[]));
        assert!(!is_so(&[FileSide { mode: Mode::Executable, ..side("a", '3') }], std::slice::from_ref(&made)));
    }
}
