//! Go's coverage profiles. A block of statements has a count; the packages that test a package each tell of it, so the
//! same block comes several times.

use std::collections::BTreeMap;
use std::io::BufRead;

use crate::check::coverage::formats::lines::{Line, each};
use crate::check::coverage::formats::{count, number};
use crate::check::coverage::gathered::{Gathered, Ran};

/// Line and column of the start, line and column of the end.
type Block = (u32, u32, u32, u32);

/// The blocks of the changed files, with whether they were run.
type Blocks = BTreeMap<String, BTreeMap<Block, bool>>;

/// Reads a profile, or several in a row.
pub(super) fn read(input: &mut dyn BufRead, into: &mut Gathered<'_>) -> Result<(), String> {
    let mut blocks = Blocks::new();
    let mut last = (String::new(), false);
    each(input, &mut |line| {
        if line.number == 1 && !line.text.starts_with("mode: ") {
            return Err(line.wrong("this is no coverage profile of Go"));
        }
        if !line.is_ended {
            return Err(line.wrong("it is broken off"));
        }
        if line.text.is_empty() || line.text.starts_with("mode: ") {
            return Ok(());
        }
        let (file, block, is_run) = parsed(line)?;
        if last.0 != file {
            last = (file.to_owned(), into.file(file, &[]));
        }
        if last.1 {
            match blocks.get_mut(file) {
                Some(of_file) => *of_file.entry(block).or_default() |= is_run,
                None => {
                    blocks.insert(file.to_owned(), BTreeMap::from([(block, is_run)]));
                }
            }
        }
        Ok(())
    })?;
    for (file, blocks) in blocks {
        into.file(&file, &[]);
        lines(&blocks, into)?;
    }
    Ok(())
}

/// `example.org/module/file.go:3.24,5.2 1 0`: the last numbers are those of statements and of runs.
fn parsed<'a>(line: &Line<'a>) -> Result<(&'a str, Block, bool), String> {
    let wrong = || line.wrong("this is no block");
    let (file, rest) = line.text.rsplit_once(':').ok_or_else(wrong)?;
    let words: Vec<&str> = rest.split(' ').collect();
    let [range, n_statements, n_runs] = *words.as_slice() else { return Err(wrong()) };
    let point = |text: &str| -> Result<(u32, u32), String> {
        let (line, column) = text.split_once('.').ok_or_else(wrong)?;
        Ok((number(line)?, number(column)?))
    };
    let (start, end) = range.split_once(',').ok_or_else(wrong)?;
    let told = |why: String| line.wrong(&why);
    let ((start, column), (end, last)) = (point(start).map_err(told)?, point(end).map_err(told)?);
    let _: u64 = count(n_statements).map_err(told)?;
    if end < start {
        return Err(wrong());
    }
    Ok((file, (start, column, end, last), count(n_runs).map_err(told)? > 0))
}

/// Every line of a block can be run; where blocks of both kinds meet, it was run in part.
fn lines(blocks: &BTreeMap<Block, bool>, into: &mut Gathered<'_>) -> Result<(), String> {
    for is_run in [true, false] {
        for (start, _, end, _) in blocks.iter().filter(|(_, run)| **run == is_run).map(|(block, _)| *block) {
            for line in start..=end {
                match is_run {
                    true => into.line(line, Ran::Covered)?,
                    false => into.not_run_here(line)?,
                }
            }
        }
    }
    into.tells_ranges();
    Ok(())
}
