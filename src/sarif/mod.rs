//! SARIF 2.1.0, in and out, and what identifies a finding there. Pure: text in, text out; knows no file system, no git
//! and no policy.

pub(crate) mod artifacts;
pub(crate) mod base64;
mod descriptors;
pub(crate) mod fingerprint;
pub(crate) mod foreign_fix;
mod foreign_rules;
mod line_hash;
pub(crate) mod locate;
mod message;
pub(crate) mod read;
mod results;
#[cfg(test)]
pub(crate) mod sample;
mod strings;
pub(crate) mod text;
pub(crate) mod timestamp;
pub(crate) mod uri;
mod wire;
pub(crate) mod write;
