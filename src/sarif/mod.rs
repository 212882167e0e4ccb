//! SARIF 2.1.0, in and out, and what identifies a finding there. Pure: text in, text out; knows no file system, no git
//! and no policy.

mod foreign_rules;
mod line_hash;
pub(crate) mod locate;
mod message;
pub(crate) mod read;
pub(crate) mod text;
mod uri;
mod wire;
