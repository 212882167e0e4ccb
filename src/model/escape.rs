//! Text from outside (file names, messages of tools) made harmless for a terminal or a log.

use std::fmt::{self, Write};

/// What the logs of GitHub and Azure obey wherever it stands in a line, and what is shown instead. `::` at the start of a
/// line is another matter: no line of ours starts with text from outside.
const COMMANDS: [(&str, &str); 2] = [("##[", "#\\x23["), ("##vso[", "#\\x23vso[")];

/// Writes `text` with every control, bidirectional and invisible formatting character made visible, and nothing in it
/// that a pipeline obeys.
pub(crate) fn write_escaped(out: &mut impl Write, text: &str) -> fmt::Result {
    if text.as_bytes().contains(&b'#') && COMMANDS.iter().any(|(command, _)| text.contains(command)) {
        let inert = COMMANDS.iter().fold(text.to_owned(), |text, (command, shown)| text.replace(command, shown));
        return write_visible(out, &inert);
    }
    write_visible(out, text)
}

fn write_visible(out: &mut impl Write, text: &str) -> fmt::Result {
    let is_plain = |byte: u8| (b' '..=b'~').contains(&byte);
    let n_plain = text.bytes().position(|byte| !is_plain(byte)).unwrap_or(text.len());
    let (plain, rest) = text.split_at_checked(n_plain).unwrap_or(("", text));
    out.write_str(plain)?;
    for character in rest.chars() {
        match character {
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            control if control.is_control() => write!(out, "\\x{:02x}", u32::from(control))?,
            hidden if is_deceptive(hidden) => write!(out, "\\u{{{:x}}}", u32::from(hidden))?,
            plain => out.write_char(plain)?,
        }
    }
    Ok(())
}

/// The same as a new string; for one line of text.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let _ = write_escaped(&mut out, text);
    out
}

/// The same for text of several lines: line feeds and tabs stay, everything else that could deceive is made visible.
pub(crate) fn escaped_lines(text: &str) -> String {
    let lines: Vec<String> =
        text.lines().map(|line| line.split('\t').map(escaped).collect::<Vec<_>>().join("\t")).collect();
    lines.join("\n")
}

/// Whether a character changes how the text around it is shown without being seen itself: bidirectional controls,
/// zero-width characters, line and paragraph separators, tags (Unicode 16, UAX #9 and general category Cf).
pub(crate) fn is_deceptive(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// An argument as a shell would need it, made harmless.
pub(crate) fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./=:,+@%{}".contains(&byte);
    match !word.is_empty() && word.bytes().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", escaped(word).replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::{escaped, escaped_lines};

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        assert_eq!(escaped("a\u{1b}[2Jb\u{9b}c\r\n"), "a\\x1b[2Jb\\x9bc\\r\\n");
        assert_eq!(escaped("x\u{202e}y"), "x\\u{202e}y");
    }

    #[test]
    fn nothing_that_a_pipeline_obeys_is_left() {
        assert_eq!(
            escaped("a ##[add-mask]b ##vso[task.x]c # [d] ###[e"),
            "a #\\x23[add-mask]b #\\x23vso[task.x]c # [d] ##\\x23[e"
        );
        assert_eq!(escaped_lines("##[x\n##[y"), "#\\x23[x\n#\\x23[y");
    }

    #[test]
    fn lines_and_tabs_stay_in_text_of_several_lines() {
        assert_eq!(escaped_lines("a\tb\n\u{1b}c"), "a\tb\n\\x1bc");
    }
}
