//! The state before: the same checks on the other side of changed files, asked only for what is left to be compared.

use std::collections::BTreeSet;

use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use crate::diff::LineDiff;
use crate::model::change::{FileSide, Mode};
use crate::model::path::RepoPath;
use crate::model::rule::RuleId;
use crate::run::files::{Asked, Look};
use crate::run::{Ran, Runner};
use crate::triage::BaseFile;

/// Why it can't be told what a change brings in.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {path} as it was before the change, so nobody can tell what is new: {why}")]
pub(crate) struct Unreadable {
    path: RepoPath,
    why: String,
}

impl Runner<'_> {
    /// The findings of `rules` in the state before of these files (indices in the change), against every parent, with
    /// the way from old to new lines where the new text is known. A side that is too large to be read has no findings:
    /// what the change has there then counts as new. One that can't be read leaves it open what is new.
    pub(crate) fn bases(
        &self,
        ran: &Ran,
        files: &BTreeSet<usize>,
        rules: &BTreeSet<RuleId>,
    ) -> Result<Vec<BaseFile>, Unreadable> {
        let n_parents = self.change.parents.len();
        let questions: Vec<(usize, usize)> =
            files.iter().flat_map(|file| (0..n_parents).map(move |parent| (*file, parent))).collect();
        let ask = |(file, parent)| self.base(ran, file, parent, rules).transpose();
        let mut answers = questions.into_par_iter().filter_map(ask).collect::<Result<Vec<BaseFile>, _>>()?;
        answers.sort_by_key(|base| (base.file, base.parent));
        Ok(answers)
    }

    fn base(
        &self,
        ran: &Ran,
        file: usize,
        parent: usize,
        rules: &BTreeSet<RuleId>,
    ) -> Result<Option<BaseFile>, Unreadable> {
        let base = |file: usize| self.change.files.get(file)?.bases.get(parent)?.as_ref();
        // What nothing looks at on this side gives no excuse on the other; nobody reads a submodule.
        let is_read = |side: &&FileSide| self.plan.included.contains(&file) && side.mode != Mode::Submodule;
        let Some(side) = base(file).filter(is_read) else { return Ok(None) };
        let job = self.plan.job(file);
        let look = Look { job: &job, side, is_added: false, asked: Asked::Rules(rules) };
        let examined = match self.read(side) {
            Err(_) if self.interrupt.is_set() => return Ok(None),
            Err(breakage) => return Err(Unreadable { path: side.path.clone(), why: breakage.why }),
            read => self.look_at(&look, read),
        };
        let diff = ran.texts.get(&file).map(|head| LineDiff::between(&examined.bytes, head));
        Ok(Some(BaseFile {
            file,
            beyond: None,
            parent,
            findings: examined.findings,
            directives: examined.directives,
            diff,
        }))
    }
}
