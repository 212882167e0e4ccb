//! Alternatives in braces, written out: `*.{js,ts}` is `*.js` and `*.ts`.

use crate::migrate::patterns::{MAX_LINES, Refused};

/// Every text that a pattern with braces stands for. Braces may be nested; one without a comma stands for itself.
pub(crate) fn expanded(pattern: &str) -> Result<Vec<String>, Refused> {
    let mut done = Vec::new();
    let mut open = vec![pattern.to_owned()];
    while let Some(text) = open.pop() {
        if done.len() + open.len() > MAX_LINES {
            return Err(Refused::new(format!("`{pattern}` stands for too many patterns")));
        }
        match first_group(&text)? {
            None => done.push(text),
            Some(group) => {
                // In the order in which they are written.
                for choice in group.choices.iter().rev() {
                    open.push(format!("{}{choice}{}", group.before, group.after));
                }
            }
        }
    }
    Ok(done)
}

struct Group<'a> {
    before: &'a str,
    choices: Vec<&'a str>,
    after: &'a str,
}

/// The first braces that hold alternatives.
fn first_group(text: &str) -> Result<Option<Group<'_>>, Refused> {
    let mut from = 0;
    while let Some(start) = text.get(from..).and_then(|rest| rest.find('{')).map(|at| from + at) {
        let mut depth = 0_usize;
        let mut cuts = vec![start];
        let mut end = None;
        for (at, character) in text.char_indices().skip_while(|(at, _)| *at < start) {
            match character {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => cuts.push(at),
                _ => {}
            }
            if depth == 0 {
                end = Some(at);
                break;
            }
        }
        let end = end.ok_or_else(|| Refused::new(format!("the braces of `{text}` are not closed")))?;
        if cuts.len() > 1 {
            let ends = cuts.iter().skip(1).copied().chain([end]);
            let choices = cuts.iter().zip(ends).filter_map(|(cut, next)| text.get(cut + 1..next)).collect();
            let before = text.get(..start).unwrap_or_default();
            return Ok(Some(Group { before, choices, after: text.get(end + 1..).unwrap_or_default() }));
        }
        from = start + 1;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::expanded;

    #[test]
    fn alternatives_are_written_out() {
        let check = |pattern: &str, expected: &[&str]| assert_eq!(expanded(pattern).expect(pattern), expected);
        check("a", &["a"]);
        check("*.{js,ts}", &["*.js", "*.ts"]);
        check("{a,b{c,d}}e", &["ae", "bce", "bde"]);
        check("{a}{b,c}", &["{a}b", "{a}c"]);
        assert!(expanded("{a,b").is_err());
        assert!(expanded(&"{a,b,c,d}".repeat(20)).is_err());
    }
}
