//! Says why a file does not have the shape of a policy.

use crate::config::places::Places;
use crate::config::problem::Error;

/// All that is wrong with the shape of the file.
pub(crate) fn explain(_text: &str, places: &Places, error: &toml::de::Error) -> Error {
    places.problem(error.span(), error.message().to_owned(), String::new()).into()
}
