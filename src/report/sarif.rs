//! SARIF 2.1.0: what code scanning and viewers read.

use std::io::{self, Write};

use crate::report::{Audience, Document};
use crate::sarif;

/// Writes the run as SARIF.
pub(crate) fn write(document: &Document<'_>, _: &Audience, out: &mut dyn Write) -> io::Result<()> {
    sarif::write::write(document.report, document.verdict, out)
}
