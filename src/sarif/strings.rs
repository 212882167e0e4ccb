//! Plain text in the shapes that SARIF has for it.

use serde_sarif::sarif::{ArtifactContent, Message, MultiformatMessageString};

/// The most characters of a rule's name that GitHub takes.
const MAX_NAME: usize = 255;

/// What is said of one thing.
pub(crate) fn message(text: impl Into<String>) -> Message {
    Message { text: Some(text.into()), ..Message::default() }
}

/// What is said of a kind of things.
pub(crate) fn multiformat(text: impl Into<String>) -> MultiformatMessageString {
    MultiformatMessageString::builder().text(text).build()
}

/// A part of a file.
pub(crate) fn content(text: impl Into<String>) -> ArtifactContent {
    ArtifactContent { text: Some(text.into()), ..ArtifactContent::default() }
}

/// `trailing-whitespace` as `TrailingWhitespace`, at most [`MAX_NAME`] characters.
pub(crate) fn pascal_case(id: &str) -> String {
    let words = id.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
    let capitalised = words.flat_map(|word| {
        let mut characters = word.chars();
        characters.next().into_iter().flat_map(char::to_uppercase).chain(characters).collect::<Vec<_>>()
    });
    let name: String = capitalised.take(MAX_NAME).collect();
    if name.is_empty() { "Unnamed".to_owned() } else { name }
}
