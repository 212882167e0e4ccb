//! Hygiene: what no file should have, each check under the id that pre-commit-hooks made standard.

mod bidirectional_unicode;
mod check_added_large_files;
mod check_ast;
mod check_builtin_literals;
pub(crate) mod check_case_conflict;
mod check_docstring_first;
mod check_executables_have_shebangs;
mod check_illegal_windows_names;
mod check_json;
mod check_merge_conflict;
mod check_shebang_scripts_are_executable;
mod check_symlinks;
mod check_toml;
mod check_vcs_permalinks;
mod check_xml;
mod check_yaml;
mod confusable_identifier;
mod debug_statements;
mod destroyed_symlinks;
pub(crate) mod detect_aws_credentials;
pub(crate) mod detect_private_key;
mod double_quote_string_fixer;
mod end_of_file_fixer;
#[cfg(test)]
mod examples;
mod file_contents_sorter;
mod fix_byte_order_marker;
mod forbid_new_submodules;
mod invisible_unicode;
pub(crate) mod json_comments;
mod json_value;
mod judged_tree;
mod mixed_line_ending;
mod name_tests_test;
mod no_commit_to_branch;
mod pretty_format_json;
mod python;
mod requirements_txt_fixer;
mod rewritten;
mod sort_simple_yaml;
mod trailing_whitespace;
mod yaml_nodes;
mod yaml_tabs;

use crate::check::hygiene::bidirectional_unicode::BidirectionalUnicode;
use crate::check::hygiene::check_added_large_files::CheckAddedLargeFiles;
use crate::check::hygiene::check_ast::CheckAst;
use crate::check::hygiene::check_builtin_literals::CheckBuiltinLiterals;
use crate::check::hygiene::check_case_conflict::CheckCaseConflict;
use crate::check::hygiene::check_docstring_first::CheckDocstringFirst;
use crate::check::hygiene::check_executables_have_shebangs::CheckExecutablesHaveShebangs;
use crate::check::hygiene::check_illegal_windows_names::CheckIllegalWindowsNames;
use crate::check::hygiene::check_json::CheckJson;
use crate::check::hygiene::check_merge_conflict::CheckMergeConflict;
use crate::check::hygiene::check_shebang_scripts_are_executable::CheckShebangScriptsAreExecutable;
use crate::check::hygiene::check_symlinks::CheckSymlinks;
use crate::check::hygiene::check_toml::CheckToml;
use crate::check::hygiene::check_vcs_permalinks::CheckVcsPermalinks;
use crate::check::hygiene::check_xml::CheckXml;
use crate::check::hygiene::check_yaml::CheckYaml;
use crate::check::hygiene::confusable_identifier::ConfusableIdentifier;
use crate::check::hygiene::debug_statements::DebugStatements;
use crate::check::hygiene::destroyed_symlinks::DestroyedSymlinks;
use crate::check::hygiene::detect_aws_credentials::DetectAwsCredentials;
use crate::check::hygiene::detect_private_key::DetectPrivateKey;
use crate::check::hygiene::double_quote_string_fixer::DoubleQuoteStringFixer;
use crate::check::hygiene::end_of_file_fixer::EndOfFileFixer;
use crate::check::hygiene::file_contents_sorter::FileContentsSorter;
use crate::check::hygiene::fix_byte_order_marker::FixByteOrderMarker;
use crate::check::hygiene::forbid_new_submodules::ForbidNewSubmodules;
use crate::check::hygiene::invisible_unicode::InvisibleUnicode;
use crate::check::hygiene::mixed_line_ending::MixedLineEnding;
use crate::check::hygiene::name_tests_test::NameTestsTest;
use crate::check::hygiene::no_commit_to_branch::NoCommitToBranch;
use crate::check::hygiene::pretty_format_json::PrettyFormatJson;
use crate::check::hygiene::requirements_txt_fixer::RequirementsTxtFixer;
use crate::check::hygiene::sort_simple_yaml::SortSimpleYaml;
use crate::check::hygiene::trailing_whitespace::TrailingWhitespace;
use crate::check::{About, ChangeCheck, Examined, FileCheck, FileInput, lines};
use crate::model::escape::escaped;
use crate::model::finding::{Anchor, Finding};
use crate::model::place::{Place, Span};

/// The most findings that one check gives for one file.
const MAX_FINDINGS: usize = 1_000;

/// Every hygiene check that looks at one file.
pub(crate) fn file_checks() -> Vec<&'static dyn FileCheck> {
    vec![
        &BidirectionalUnicode,
        &CheckAddedLargeFiles,
        &CheckAst,
        &CheckBuiltinLiterals,
        &CheckDocstringFirst,
        &CheckExecutablesHaveShebangs,
        &CheckIllegalWindowsNames,
        &CheckJson,
        &CheckMergeConflict,
        &CheckShebangScriptsAreExecutable,
        &CheckToml,
        &CheckVcsPermalinks,
        &CheckXml,
        &CheckYaml,
        &ConfusableIdentifier,
        &DebugStatements,
        &DetectAwsCredentials,
        &DetectPrivateKey,
        &DoubleQuoteStringFixer,
        &EndOfFileFixer,
        &FileContentsSorter,
        &FixByteOrderMarker,
        &InvisibleUnicode,
        &MixedLineEnding,
        &NameTestsTest,
        &PrettyFormatJson,
        &RequirementsTxtFixer,
        &SortSimpleYaml,
        &TrailingWhitespace,
    ]
}

/// Every hygiene check that looks at the whole change.
pub(crate) fn change_checks() -> Vec<&'static dyn ChangeCheck> {
    vec![&CheckCaseConflict, &CheckSymlinks, &DestroyedSymlinks, &ForbidNewSubmodules, &NoCommitToBranch]
}

/// The findings that `build` makes of the first of `items`; the last of them stands for the rest.
fn limited<T>(items: impl IntoIterator<Item = T>, build: impl FnMut(T) -> Finding) -> Examined {
    let mut items = items.into_iter();
    let mut findings: Vec<Finding> = items.by_ref().take(MAX_FINDINGS).map(build).collect();
    let last = findings.pop().map(|last| last.standing_for(items.count()));
    findings.extend(last);
    findings.into()
}

/// Text out of a file or a parser, made harmless and short enough for a message.
fn shortened(text: &str) -> String {
    const MAX: usize = 120;
    let cut = text.char_indices().nth(MAX).map_or(text.len(), |(at, _)| at);
    let mark = if cut < text.len() { "..." } else { "" };
    escaped(text.get(..cut).unwrap_or(text)) + mark
}

/// A finding at `span` that holds on to the text of the line there.
fn on_line(about: &About, file: &FileInput<'_>, span: Span, message: impl Into<String>) -> Finding {
    let line = lines::text(file.bytes, lines::around(file.bytes, span.start));
    at(about, file, span, message).with_anchor(Anchor::new("", line))
}

/// A finding at `span`.
fn at(about: &About, file: &FileInput<'_>, span: Span, message: impl Into<String>) -> Finding {
    Finding::new(about.id, about.level, Place::Span(file.side.path.clone(), span), message)
}

/// The bytes from `start` to `end` as a span inside the file: moved into it where a parser points past the end, and at
/// least one character long where there is one.
fn clamped(bytes: &[u8], start: usize, end: usize) -> Span {
    let is_inside = |offset: usize| bytes.get(offset).is_some_and(|byte| (0x80..0xc0).contains(byte));
    let start = start.min(bytes.len());
    let mut end = end.clamp(start, bytes.len());
    if end == start && bytes.get(start).is_some_and(|byte| !matches!(byte, b'\n' | b'\r')) {
        end += 1;
    }
    while is_inside(end) {
        end += 1;
    }
    Span { start, end }
}
