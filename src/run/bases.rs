//! The state before: the same checks on the other side of changed files, asked only for what is left to be compared.

use std::collections::BTreeSet;

use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use crate::diff::LineDiff;
use crate::model::rule::RuleId;
use crate::run::files::{Asked, Look};
use crate::run::{Ran, Runner};
use crate::triage::BaseFile;

impl Runner<'_> {
    /// The findings of `rules` in the state before of these files (indices in the change), against every parent, with
    /// the way from old to new lines where the new text is known. A side that can't be read has no findings: what the
    /// change has there then counts as new.
    pub(crate) fn bases(&self, ran: &Ran, files: &BTreeSet<usize>, rules: &BTreeSet<RuleId>) -> Vec<BaseFile> {
        let n_parents = self.change.parents.len();
        let questions: Vec<(usize, usize)> =
            files.iter().flat_map(|file| (0..n_parents).map(move |parent| (*file, parent))).collect();
        let mut answers: Vec<BaseFile> =
            questions.into_par_iter().filter_map(|(file, parent)| self.base(ran, file, parent, rules)).collect();
        answers.sort_by_key(|base| (base.file, base.parent));
        answers
    }

    fn base(&self, ran: &Ran, file: usize, parent: usize, rules: &BTreeSet<RuleId>) -> Option<BaseFile> {
        // What nothing looks at on this side gives no excuse on the other.
        self.plan.included.get(&file)?;
        let side = self.change.files.get(file)?.bases.get(parent)?.as_ref()?;
        let job = self.plan.job(file);
        let examined = self.examine(&Look { job: &job, side, is_added: false, asked: Asked::Rules(rules) });
        let diff = ran.texts.get(&file).map(|head| LineDiff::between(&examined.bytes, head));
        Some(BaseFile {
            file,
            beyond: None,
            parent,
            findings: examined.findings,
            directives: examined.directives,
            diff,
        })
    }
}
