//! As much of Pkl as configurations of hk use when they only list things: objects, texts, lists, names, `new`, amending in
//! parentheses, spreading. What is more than that is passed over as something that cannot be read.

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// A text.
    Text(String),
    /// Several texts.
    List(Vec<String>),
    /// A name, with dots: `Builtins.prettier`, `true`.
    Name(String),
    /// An object, with what it amends.
    Object(String, Vec<Entry>),
    /// Anything else.
    Unread,
}

/// A member of an object: a property by its name, an entry by its key in brackets, `...` for what is spread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) value: Node,
}

/// The deepest nesting that is read.
const MAX_DEPTH: usize = 32;

/// The members of a module.
pub(super) fn parse(text: &str) -> Vec<Entry> {
    let tokens = tokens(text);
    Parser { tokens: &tokens, at: 0, depth: 0 }.members()
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Text(String),
    Word(String),
    Mark(char),
    Line,
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let after = rest.get(first.len_utf8()..).unwrap_or_default();
        if rest.starts_with("//") {
            rest = rest.find('\n').and_then(|end| rest.get(end..)).unwrap_or_default();
        } else if rest.starts_with("/*") {
            rest = rest.find("*/").and_then(|end| rest.get(end + 2..)).unwrap_or_default();
        } else if let Some((text, more)) = quoted(rest) {
            tokens.push(Token::Text(text));
            rest = more;
        } else if is_word(first) {
            let end = rest.find(|character| !is_word(character)).unwrap_or(rest.len());
            let (word, more) = rest.split_at(end);
            tokens.push(Token::Word(word.to_owned()));
            rest = more;
        } else {
            match first {
                '\n' => tokens.push(Token::Line),
                blank if blank.is_whitespace() => {}
                mark => tokens.push(Token::Mark(mark)),
            }
            rest = after;
        }
    }
    tokens
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || "_.-".contains(character)
}

/// A text at the start: with one quote or three, and with `#` around them where backslashes are to mean themselves.
fn quoted(rest: &str) -> Option<(String, &str)> {
    let inner = rest.trim_start_matches('#');
    let hashes = "#".repeat(rest.len() - inner.len());
    let quotes = if inner.starts_with("\"\"\"") { "\"\"\"" } else { "\"" };
    let inner = inner.strip_prefix(quotes)?;
    let end = format!("{quotes}{hashes}");
    let mut text = String::new();
    let mut characters = inner.char_indices();
    while let Some((at, character)) = characters.next() {
        if inner.get(at..)?.starts_with(&end) {
            return Some((text.trim_matches('\n').to_owned(), inner.get(at + end.len()..)?));
        }
        match character {
            '\\' if hashes.is_empty() => match characters.next()?.1 {
                'n' => text.push('\n'),
                't' => text.push('\t'),
                other => text.push(other),
            },
            other => text.push(other),
        }
    }
    None
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn take(&mut self, mark: char) -> bool {
        let is_there = self.peek() == Some(&Token::Mark(mark));
        self.at += usize::from(is_there);
        is_there
    }

    fn lines(&mut self) {
        while matches!(self.peek(), Some(Token::Line | Token::Mark(';'))) {
            self.at += 1;
        }
    }

    /// Members up to the closing brace, or the end.
    fn members(&mut self) -> Vec<Entry> {
        let mut members = Vec::new();
        loop {
            self.lines();
            if self.peek().is_none() || self.take('}') {
                return members;
            }
            let before = self.at;
            members.extend(self.member());
            if self.at == before {
                self.at += 1;
            }
        }
    }

    fn member(&mut self) -> Option<Entry> {
        let key = match self.peek()?.clone() {
            Token::Mark('[') => {
                self.at += 1;
                let Some(Token::Text(key)) = self.peek().cloned() else { return self.skip() };
                self.at += 1;
                if !self.take(']') {
                    return self.skip();
                }
                key
            }
            Token::Word(word) if word.starts_with("...") => {
                self.at += 1;
                let name = word.trim_start_matches('.').to_owned();
                return Some(Entry { key: "...".to_owned(), value: Node::Name(name) });
            }
            Token::Word(word) if matches!(word.as_str(), "amends" | "import" | "extends" | "module") => {
                return self.skip();
            }
            Token::Word(word) => {
                self.at += 1;
                match (word.as_str(), self.peek().cloned()) {
                    ("local" | "hidden" | "fixed" | "const", Some(Token::Word(name))) => {
                        self.at += 1;
                        name
                    }
                    _ => word,
                }
            }
            // An element of a listing.
            Token::Text(text) => {
                self.at += 1;
                return Some(Entry { key: String::new(), value: Node::Text(text) });
            }
            _ => return self.skip(),
        };
        if self.take(':') {
            // A type, up to the value.
            while !matches!(self.peek(), None | Some(Token::Line | Token::Mark('='))) {
                self.at += 1;
            }
        }
        if self.take('=') {
            self.lines();
            return Some(Entry { key, value: self.value() });
        }
        match self.take('{') {
            true => Some(Entry { key, value: self.object(String::new()) }),
            false => self.skip(),
        }
    }

    /// Passes over the rest of the line, with the blocks that begin in it.
    fn skip(&mut self) -> Option<Entry> {
        while let Some(token) = self.peek() {
            match token {
                Token::Line | Token::Mark('}') => return None,
                Token::Mark('{') => {
                    self.at += 1;
                    self.object(String::new());
                }
                _ => self.at += 1,
            }
        }
        None
    }

    fn object(&mut self, base: String) -> Node {
        self.depth += 1;
        let node = if self.depth > MAX_DEPTH {
            self.at = self.tokens.len();
            Node::Unread
        } else {
            Node::Object(base, self.members())
        };
        self.depth -= 1;
        node
    }

    fn value(&mut self) -> Node {
        match self.peek().cloned() {
            Some(Token::Text(text)) => {
                self.at += 1;
                match self.peek() {
                    None | Some(Token::Line | Token::Mark('}' | ';')) => Node::Text(text),
                    _ => self.unread(),
                }
            }
            Some(Token::Word(word)) if word == "new" => {
                self.at += 1;
                while !matches!(self.peek(), None | Some(Token::Line | Token::Mark('{'))) {
                    self.at += 1;
                }
                if self.take('{') { self.object(String::new()) } else { self.unread() }
            }
            Some(Token::Word(word)) if word == "List" || word == "Listing" => {
                self.at += 1;
                self.list()
            }
            Some(Token::Word(name)) => {
                self.at += 1;
                match self.peek() {
                    None | Some(Token::Line | Token::Mark('}' | ';')) => Node::Name(name),
                    _ => self.unread(),
                }
            }
            Some(Token::Mark('(')) => {
                self.at += 1;
                let Some(Token::Word(base)) = self.peek().cloned() else { return self.unread() };
                self.at += 1;
                if self.take(')') && self.take('{') { self.object(base) } else { self.unread() }
            }
            _ => self.unread(),
        }
    }

    fn list(&mut self) -> Node {
        let mut texts = Vec::new();
        if !self.take('(') {
            return self.unread();
        }
        loop {
            match self.peek().cloned() {
                Some(Token::Text(text)) => texts.push(text),
                Some(Token::Line | Token::Mark(',')) => {}
                Some(Token::Mark(')')) => {
                    self.at += 1;
                    return Node::List(texts);
                }
                _ => return self.unread(),
            }
            self.at += 1;
        }
    }

    fn unread(&mut self) -> Node {
        self.skip();
        Node::Unread
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, Node, parse};

    fn entry(key: &str, value: Node) -> Entry {
        Entry { key: key.to_owned(), value }
    }

    fn text(text: &str) -> Node {
        Node::Text(text.to_owned())
    }

    #[test]
    fn what_only_lists_things_is_read() {
        let read = parse(
            "amends \"package://x\"\nimport \"y\"\n// A comment.\nlocal steps: Mapping<String, Step> = new Mapping<String, Step> {\n  \
             [\"a\"] = Builtins.a\n  [\"b\"] = (Builtins.b) { glob = List(\"*.x\",\n \"*.y\") }\n}\nhooks {\n  [\"pre-commit\"] {\n    \
             fix = true\n    steps { ...steps\n [\"c\"] { check = #\"a \"b\" \\d\"#; env { [\"A\"] = \"1\" } } }\n  }\n}\n",
        );
        let steps = vec![
            entry("a", Node::Name("Builtins.a".to_owned())),
            entry(
                "b",
                Node::Object(
                    "Builtins.b".to_owned(),
                    vec![entry("glob", Node::List(vec!["*.x".to_owned(), "*.y".to_owned()]))],
                ),
            ),
        ];
        let env = Node::Object(String::new(), vec![entry("A", text("1"))]);
        let own = Node::Object(String::new(), vec![entry("check", text("a \"b\" \\d")), entry("env", env)]);
        let hook = vec![
            entry("fix", Node::Name("true".to_owned())),
            entry(
                "steps",
                Node::Object(String::new(), vec![entry("...", Node::Name("steps".to_owned())), entry("c", own)]),
            ),
        ];
        let hooks = vec![entry("pre-commit", Node::Object(String::new(), hook))];
        assert_eq!(
            read,
            [entry("steps", Node::Object(String::new(), steps)), entry("hooks", Node::Object(String::new(), hooks))]
        );
    }

    #[test]
    fn what_is_more_than_that_is_unread_and_no_danger() {
        let read = parse("a = if (x) \"b\" else \"c\"\nd = \"e\" + f\ng = List(h)\ni = \"j\"\n");
        let unread = |key| entry(key, Node::Unread);
        assert_eq!(read, [unread("a"), unread("d"), unread("g"), entry("i", text("j"))]);
        for hostile in
            ["a {".repeat(100_000), "[\"".repeat(10_000), "a = (".repeat(10_000), "\"\"\"".to_owned(), "}".repeat(1000)]
        {
            parse(&hostile);
        }
    }
}
