//! The formats of coverage reports. A reader takes a stream and tells of each file which lines can be run and whether
//! they were; what it can't read to the end is an error, never nothing. Errors are for people.

mod clover;
mod cobertura;
mod coverage_py;
mod go;
mod istanbul;
mod jacoco;
mod json;
mod lcov;
mod lines;
mod llvm_cov;
#[cfg(test)]
pub(crate) mod recorded;
mod simplecov;
mod xml;

use std::io::BufRead;

use crate::check::coverage::gathered::Gathered;
use crate::model::coverage::CoverageFormat;

/// Reads a report. Memory is bounded by the lines of the changed files, however large the report is.
pub(crate) fn read(format: CoverageFormat, input: &mut dyn BufRead, into: &mut Gathered<'_>) -> Result<(), String> {
    let n_files = into.n_files();
    skip_mark(input)?;
    match format {
        CoverageFormat::Lcov => lcov::read(input, into),
        CoverageFormat::Cobertura => cobertura::read(input, into),
        CoverageFormat::Jacoco => jacoco::read(input, into),
        CoverageFormat::Clover => clover::read(input, into),
        CoverageFormat::CoveragePy => coverage_py::read(input, into),
        CoverageFormat::Go => go::read(input, into),
        CoverageFormat::LlvmCov => llvm_cov::read(input, into),
        CoverageFormat::Simplecov => simplecov::read(input, into),
        CoverageFormat::Istanbul => istanbul::read(input, into),
    }?;
    if into.n_files() == n_files {
        return Err("it names no file".to_owned());
    }
    Ok(())
}

/// Passes over a byte order mark.
fn skip_mark(input: &mut dyn BufRead) -> Result<(), String> {
    let start = input.fill_buf().map_err(|error| error.to_string())?;
    if start.is_empty() {
        return Err("it is empty".to_owned());
    }
    if start.starts_with(b"\xef\xbb\xbf") {
        input.consume(3);
    }
    Ok(())
}

/// A line number or count in a report.
fn number<N: std::str::FromStr>(text: &str) -> Result<N, String> {
    text.trim().parse().map_err(|_| format!("`{}` is no number", shortened(text)))
}

/// How often something was run. Counters that do not fit are as good as their limit; JavaScript writes large ones with
/// an exponent.
fn count(text: &str) -> Result<u64, String> {
    let text = text.trim();
    if let Ok(count) = text.parse() {
        return Ok(count);
    }
    match text.parse::<f64>() {
        Ok(count) if count.is_finite() && count >= 1.0 => Ok(u64::MAX),
        Ok(0.0) => Ok(0),
        _ => Err(format!("`{}` is no count", shortened(text))),
    }
}

/// The start of a text, for a message.
fn shortened(text: &str) -> &str {
    const MAX: usize = 80;
    text.get(..text.floor_char_boundary(MAX)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::check::coverage::formats::recorded::{shown, told};
    use crate::model::coverage::CoverageFormat;

    #[track_caller]
    fn check(format: CoverageFormat, text: impl AsRef<[u8]>, expected: &[&str]) {
        let report = told(format, text.as_ref(), &["a.x", "src/b.x"], &[]).expect("it can be read");
        assert_eq!(shown(&report), expected);
    }

    #[track_caller]
    fn refused(format: CoverageFormat, text: impl AsRef<[u8]>, why: &str) {
        let error = told(format, text.as_ref(), &["a.x", "src/b.x"], &[]).expect_err("it can't be read");
        assert!(error.contains(why), "{error}");
    }

    #[test]
    fn what_holds_nothing_is_refused() {
        for (_, format) in CoverageFormat::NAMES {
            refused(format, "", "it is empty");
            refused(format, "all is well\n", "");
            refused(format, [0xff, 0xfe, b'S', 0, b'F', 0], "");
        }
        refused(CoverageFormat::Lcov, "TN:\n", "names no file");
        refused(CoverageFormat::Go, "mode: set\n", "names no file");
        refused(CoverageFormat::Cobertura, "<coverage><packages/></coverage>", "names no file");
        refused(CoverageFormat::Istanbul, "{}", "names no file");
    }

    #[test]
    fn numbers_have_to_be_numbers() {
        let lcov = |data: &str| format!("SF:a.x\n{data}\nend_of_record\n");
        for data in ["DA:x,1", "DA:-1,1", "DA:1", "DA:1,x", "DA:1,-3", "DA:99999999999,1", "DA:1,nan", "BRDA:1,0,0,x"] {
            refused(CoverageFormat::Lcov, lcov(data), "line 2: ");
        }
        refused(CoverageFormat::Lcov, lcov("DA:4000000000,1"), "no file has a line");
        check(
            CoverageFormat::Lcov,
            lcov("DA:0,1\nDA:1,1e30\nDA:2,99999999999999999999\nDA:3,0,aGFzaA=="),
            &["a.x +1 +2 -3"],
        );
        let xml = |line: &str| format!("<coverage><class filename='a.x'><lines>{line}</lines></class></coverage>");
        for line in
            ["<line number='x' hits='1'/>", "<line number='1' hits=''/>", "<line number='1'/>", "<line hits='1'/>"]
        {
            refused(CoverageFormat::Cobertura, xml(line), "");
        }
        refused(
            CoverageFormat::Jacoco,
            "<report><sourcefile name='a.x'><line nr='1' mb='1'/></sourcefile></report>",
            "`ci`",
        );
        let py =
            |lines: &str| format!("{{\"files\":{{\"a.x\":{{\"executed_lines\":[{lines}],\"missing_lines\":[]}}}}}}");
        for lines in ["-1", "1.5", "\"1\"", "[1]", "1e99", "null"] {
            refused(CoverageFormat::CoveragePy, py(lines), "");
        }
    }

    #[test]
    fn nothing_is_expanded_and_no_nesting_is_a_danger() {
        let laughs = "<!DOCTYPE x [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'>]>";
        let xml = |name: &str| format!("{laughs}<coverage><class filename='{name}'/></coverage>");
        refused(CoverageFormat::Cobertura, xml("&b;"), "entity");
        refused(CoverageFormat::Cobertura, format!("{laughs}<coverage><source>&b;</source></coverage>"), "entity");
        check(CoverageFormat::Cobertura, xml("&#97;.x"), &["a.x "]);
        refused(CoverageFormat::Cobertura, "<coverage>".repeat(100_000), "not closed");
        for (_, format) in CoverageFormat::NAMES {
            refused(format, "[".repeat(100_000), "");
            refused(format, "{\"a\":".repeat(100_000), "");
        }
        refused(CoverageFormat::Lcov, "x".repeat(2 << 20), "line 1 has more than 1024 KiB");
        refused(CoverageFormat::Istanbul, format!("{{\"{}\":1}}", "x".repeat(17 << 20)), "broken off");
    }

    #[test]
    fn a_file_that_is_told_of_again_is_run_where_it_was_run_once() {
        let record = |data: &str| format!("TN:t\nSF:./a.x\n{data}\nend_of_record\n");
        let twice = [record("DA:1,1\nDA:2,0\nBRDA:1,0,0,1\nBRDA:1,0,1,-"), record("DA:1,1\nDA:2,3\nDA:4,0")].concat();
        check(CoverageFormat::Lcov, twice, &["a.x +1 +2 -4"]);
        let go = "mode: set\na.x:1.1,3.2 1 0\na.x:1.1,3.2 1 1\nmode: set\na.x:3.2,5.1 1 0\n";
        check(CoverageFormat::Go, go, &["a.x +1 +2 ~3 -4 -5"]);
        refused(CoverageFormat::Go, go.trim_end(), "broken off");
        refused(CoverageFormat::Go, "mode: set\na.x:3.1,1.2 1 0\n", "no block");
    }

    #[test]
    fn marks_line_ends_and_encodings_do_not_matter() {
        check(CoverageFormat::Lcov, "\u{feff}SF:src\\b.x\r\nDA:1,1\r\nend_of_record\r\n", &["src/b.x +1"]);
        let mut latin =
            b"<?xml version='1.0' encoding='ISO-8859-1'?><!-- \xe9 --><coverage><class filename='a.x'>".to_vec();
        latin.extend(b"<line number='1' hits='1'/></class></coverage>");
        check(CoverageFormat::Cobertura, latin, &["a.x +1"]);
        let late = format!("<!--{}--><?xml version='1.0' encoding='ISO-8859-1'?>", "x".repeat(10_000));
        let document = "<coverage><class filename='a.x'><line number='1' hits='1'/></class></coverage>";
        check(CoverageFormat::Cobertura, format!("{late}{document}"), &["a.x +1"]);
    }
}
