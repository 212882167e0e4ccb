//! Every id that a policy or a command line may name.

use crate::check::pattern::pack::ids;
use crate::check::pattern::rule_file::RuleFile;
use crate::check::{About, change, coverage, filetype, hygiene, message, secrets, suppression};
use crate::config::vocabulary::Vocabulary;

/// What every built-in check says of itself, sorted by id.
pub(crate) fn built_in_checks() -> Vec<&'static About> {
    let files = hygiene::file_checks().into_iter().map(|check| check.about());
    let changes = hygiene::change_checks().into_iter().chain(change::checks()).map(|check| check.about());
    let messages = message::checks().into_iter().map(|check| check.about());
    let suppressions = suppression::rules().iter();
    let mut all: Vec<_> = files.chain(changes).chain(messages).chain(suppressions).chain(&coverage::ABOUT).collect();
    all.sort_by_key(|about| about.id);
    all
}

/// The ids of the built-in checks and rules, and those of the project's own rules.
pub(crate) fn vocabulary(own: &[RuleFile]) -> Vocabulary {
    let own = own.iter().map(|file| file.rule.id.as_str().to_owned());
    Vocabulary {
        checks: built_in_checks().into_iter().map(|about| (about.id.to_owned(), about.options)).collect(),
        rules: secrets::pack::ids().map(str::to_owned).chain(ids().map(str::to_owned)).chain(own).collect(),
        types: filetype::all_tags(),
    }
}
