//! Plain data that every stage shares. Knows nothing but `std`: no git, no file system, no serialisation.

pub(crate) mod change;
pub(crate) mod command;
pub(crate) mod content;
pub(crate) mod coverage;
pub(crate) mod deadline;
pub(crate) mod escape;
pub(crate) mod event;
pub(crate) mod finding;
pub(crate) mod option;
pub(crate) mod outcome;
pub(crate) mod path;
pub(crate) mod place;
pub(crate) mod request;
pub(crate) mod rule;
pub(crate) mod suppression;
pub(crate) mod verdict;
