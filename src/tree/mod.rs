//! The users' files: the only place that reads and writes them.

pub(crate) mod report_file;
