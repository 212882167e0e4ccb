//! Pieces to lines of gitignore syntax.

use crate::migrate::patterns::{MAX_LINES, Meaning, Piece, Refused, Sequence};

/// The lines that match where one of the sequences does, each once.
pub(super) fn meaning(sequences: &[Sequence]) -> Result<Meaning, Refused> {
    let mut lines = Vec::new();
    for sequence in sequences {
        let Some(whole) = whole(sequence) else { continue };
        if whole == [Piece::Star] {
            return Ok(Meaning::Every);
        }
        for line in Writer::written(&whole) {
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        if lines.len() > MAX_LINES {
            return Err(Refused::new("it stands for too many patterns"));
        }
    }
    Ok(if lines.is_empty() { Meaning::Nothing } else { Meaning::Lines(joined(lines)) })
}

/// The lines, with one for those that mean a path at the top and below any folder.
fn joined(lines: Vec<String>) -> Vec<String> {
    let below = |line: &str| line.strip_prefix('/').map(|path| format!("**/*/{path}"));
    let is_joined = |line: &String| below(line).is_some_and(|other| lines.contains(&other));
    let is_said = |line: &String| line.strip_prefix("**/*/").is_some_and(|path| lines.contains(&format!("/{path}")));
    let kept = lines.iter().filter(|line| !is_said(line));
    kept.map(|line| match is_joined(line) {
        true if line.trim_matches('/').contains('/') => format!("**{line}"),
        true => line.trim_start_matches('/').to_owned(),
        false => line.clone(),
    })
    .collect()
}

/// The same as one that must match a path from its first to its last character; none if it can't match any.
fn whole(sequence: &[Piece]) -> Option<Sequence> {
    let is_start = |piece: &Piece| *piece == Piece::Start;
    let is_end = |piece: &Piece| *piece == Piece::End;
    let n_starts = sequence.iter().take_while(|piece| is_start(piece)).count();
    let inner = sequence.get(n_starts..)?;
    let n_inner = inner.iter().position(is_end).unwrap_or(inner.len());
    let (inner, after) = inner.split_at(n_inner);
    // Before the start there is nothing, and nothing after the end.
    if inner.iter().any(is_start) || after.iter().any(|piece| !matches!(piece, Piece::End | Piece::Star | Piece::Run)) {
        return None;
    }
    if inner.contains(&Piece::Char('\n')) || (inner.is_empty() && n_starts > 0 && !after.is_empty()) {
        return None;
    }
    let mut pieces = Vec::new();
    if n_starts == 0 {
        pieces.push(Piece::Star);
    }
    pieces.extend(inner.iter().cloned());
    if after.is_empty() {
        pieces.push(Piece::Star);
    }
    pieces.dedup_by(|next, last| *next == Piece::Star && *last == Piece::Star);
    // One character that is no slash and more of them.
    for at in 1..pieces.len() {
        if pieces.get(at - 1..=at) == Some(&[Piece::Class("!/".to_owned()), Piece::Run])
            && let Some(piece) = pieces.get_mut(at - 1)
        {
            *piece = Piece::Any;
        }
    }
    // No part of a path is empty: behind a slash and before one or a text, `.+` is `.*` but for a file whose name is that
    // text alone.
    let mut at = 0;
    while at + 1 < pieces.len() {
        let is_after_slash = at == 0 || pieces.get(at - 1) == Some(&Piece::Char('/'));
        if is_after_slash && pieces.get(at..at + 2) == Some(&[Piece::Any, Piece::Star]) {
            pieces.remove(at);
        }
        at += 1;
    }
    Some(pieces)
}

/// Lines that are being written: the same pieces in all of them so far.
struct Writer {
    lines: Vec<String>,
}

impl Writer {
    fn written(pieces: &[Piece]) -> Vec<String> {
        let mut writer = Self { lines: vec![String::new()] };
        let mut at = 0;
        while let Some(piece) = pieces.get(at) {
            at += 1;
            let next = pieces.get(at);
            match piece {
                Piece::Star => at += writer.star(next),
                Piece::Any => writer.push("?"),
                Piece::Run => writer.push("*"),
                Piece::Class(class) => writer.push(&format!("[{class}]")),
                Piece::Char(character) => writer.push(&literal(*character)),
                Piece::Start | Piece::End => {}
            }
        }
        writer.lines.into_iter().map(|line| anchored(&line)).collect()
    }

    fn push(&mut self, text: &str) {
        self.lines.iter_mut().for_each(|line| line.push_str(text));
    }

    /// Any characters: what that is depends on what is on either side. Gives how many pieces more were written.
    fn star(&mut self, next: Option<&Piece>) -> usize {
        let is_boundary = self.lines.iter().all(|line| line.is_empty() || line.ends_with('/'));
        match (is_boundary, next) {
            // Everything below a folder: the folder.
            (true, None) => self.push("**"),
            (true, Some(_)) => self.push("**/*"),
            (false, None) => self.push("*"),
            (false, Some(Piece::Char('/'))) => {
                self.push("*/**/");
                return 1;
            }
            (false, Some(_)) => {
                let across = self.lines.iter().map(|line| format!("{line}*/**/*"));
                let within = self.lines.iter().map(|line| format!("{line}*"));
                self.lines = within.chain(across).take(MAX_LINES + 1).collect();
            }
        }
        0
    }
}

fn literal(character: char) -> String {
    match character {
        '\\' | '*' | '?' | '[' | ']' | '{' | '}' | '!' | '#' | ' ' => format!("\\{character}"),
        other => other.to_string(),
    }
}

/// The line as gitignore reads it: from the top, unless it may begin anywhere.
fn anchored(line: &str) -> String {
    // Any folders below any folder are any folders.
    let line = line.replace("**/*/**/", "**/*/");
    let line = line.as_str();
    let line = match line.strip_suffix("/**") {
        Some(folder) if !folder.is_empty() => format!("{folder}/"),
        _ => line.to_owned(),
    };
    match line.strip_prefix("**/") {
        Some(name) if !name.contains('/') => name.to_owned(),
        Some(_) => line,
        None => format!("/{line}"),
    }
}
