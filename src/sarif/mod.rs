//! SARIF 2.1.0, in and out, and what identifies a finding there. Pure: text in, text out; knows no file system, no git
//! and no policy.

pub(crate) mod line_hash;
pub(crate) mod locate;
pub(crate) mod text;
