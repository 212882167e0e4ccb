//! XML taken apart in one pass and in bounded memory: a text is handed out in the pieces in which it comes, the value of an
//! attribute is shortened where it is longer than anyone reads. What programs that do not know XML well write is read as far
//! as it goes; entities that a document declares are never expanded.

use memchr::{memchr, memchr2, memchr3};
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::BytesRef;

use crate::check::suite::xml::{Elements, Tag};
use crate::check::suite::{Cut, MAX_NAME, head};

/// How deep elements may be nested.
const MAX_DEPTH: usize = 1_000;
/// The most bytes of the value of an attribute that are kept.
const MAX_VALUE: usize = 64 << 10;
/// The most bytes of a tag.
const MAX_TAG: usize = 1 << 20;
/// The most bytes of the name in a reference.
const MAX_REFERENCE: usize = 16;

const COMMENT: &str = "!--";
const DATA: &str = "![CDATA[";

/// Where in a document the next byte is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Text,
    /// Behind `&` and what may become a reference.
    Reference,
    /// Behind `<` and bytes that may become `![CDATA[` or `!--`.
    Opened,
    /// Inside of `<...>`, or of a value there with this quote.
    Tag(Option<u8>),
    /// Inside of `</`.
    Ending,
    /// Inside of `<!`, this many `<` deep.
    Declaration(usize, Within),
    /// Inside of `<!--`, behind this many dashes.
    Comment(usize),
    /// Inside of `<?`, behind a question mark or not.
    Instruction(bool),
    /// Inside of `<![CDATA[`, behind this many brackets.
    Data(usize),
}

/// Where in a declaration that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
    Markup,
    Value(u8),
    Comment,
}

impl State {
    /// What a document is broken off in that ends here.
    fn name(self) -> Option<&'static str> {
        match self {
            Self::Text | Self::Reference => None,
            Self::Opened | Self::Tag(_) | Self::Ending => Some("a tag"),
            Self::Declaration(..) => Some("a declaration"),
            Self::Comment(_) => Some("a comment"),
            Self::Instruction(_) => Some("an instruction"),
            Self::Data(_) => Some("a CDATA section"),
        }
    }
}

/// A document that is being taken apart.
pub(super) struct Tokens<'a> {
    elements: &'a mut dyn Elements,
    state: State,
    /// What was read of a token that the end of a chunk cut.
    held: String,
    /// How long the value is that is being read, with what is not kept of it.
    n_value: usize,
    /// The last bytes of a declaration.
    last: [u8; 4],
    /// Whether the text so far ends in a carriage return, which stands for a line feed.
    is_after_return: bool,
    /// The names of the elements that are open, and where each begins.
    names: String,
    starts: Vec<usize>,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(elements: &'a mut dyn Elements) -> Self {
        Self {
            elements,
            state: State::Text,
            held: String::new(),
            n_value: 0,
            last: [0; 4],
            is_after_return: false,
            names: String::new(),
            starts: Vec::new(),
        }
    }

    /// Takes what comes next.
    pub(super) fn feed(&mut self, chunk: &str) -> Result<(), Cut> {
        let mut rest = chunk;
        while let Some(&byte) = rest.as_bytes().first() {
            let n_taken = match self.state {
                State::Text => self.text(rest)?,
                State::Reference => self.reference(rest),
                State::Opened => self.opened(byte),
                State::Tag(quote) => self.tag(quote, rest)?,
                State::Ending => self.ending(rest)?,
                State::Declaration(depth, within) => self.declaration(depth, within, rest),
                State::Comment(n_dashes) => self.comment(n_dashes, rest.as_bytes()),
                State::Instruction(is_ending) => self.instruction(is_ending, rest.as_bytes()),
                State::Data(n_brackets) => self.data(n_brackets, byte, rest),
            };
            rest = rest.get(n_taken..).unwrap_or_default();
        }
        Ok(())
    }

    /// The document ends.
    pub(super) fn end(mut self) -> Result<(), Cut> {
        if self.state == State::Reference {
            self.no_reference();
        }
        match self.state.name().or((!self.starts.is_empty()).then_some("an element")) {
            Some(inside) => Err(Cut(format!("it is broken off: it ends inside {inside}"))),
            None => Ok(()),
        }
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.held.clear();
        self.n_value = 0;
    }

    /// Hands out a text with the line ends that XML knows.
    fn tell(&mut self, text: &str) {
        let mut rest = text;
        if std::mem::take(&mut self.is_after_return) {
            rest = rest.strip_prefix('\n').unwrap_or(rest);
        }
        while let Some((before, after)) = memchr(b'\r', rest.as_bytes()).and_then(|at| rest.split_at_checked(at)) {
            if !before.is_empty() {
                self.elements.text(before);
            }
            self.elements.text("\n");
            let after = after.get(1..).unwrap_or_default();
            self.is_after_return = after.is_empty();
            rest = after.strip_prefix('\n').unwrap_or(after);
        }
        if !rest.is_empty() {
            self.elements.text(rest);
        }
    }

    fn text(&mut self, rest: &str) -> Result<usize, Cut> {
        let end = memchr2(b'<', b'&', rest.as_bytes());
        let text = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        if !text.is_empty() {
            self.tell(text);
        }
        let Some(end) = end else { return Ok(rest.len()) };
        self.is_after_return = false;
        if rest.as_bytes().get(end) == Some(&b'&') {
            self.enter(State::Reference);
            return Ok(end + 1);
        }
        let inside = rest.get(end + 1..).unwrap_or_default();
        Ok(end + 1 + self.whole_tag(inside)?)
    }

    /// Takes a tag that is whole; of any other markup nothing.
    fn whole_tag(&mut self, inside: &str) -> Result<usize, Cut> {
        let (is_end, end) = match inside.as_bytes().first() {
            Some(b'/') => (true, memchr(b'>', inside.as_bytes())),
            None | Some(b'!' | b'?') => (false, None),
            Some(_) => (false, end_of_tag(inside.as_bytes()).filter(|&end| end <= MAX_VALUE)),
        };
        let Some(content) = end.and_then(|end| inside.get(..end)) else {
            self.enter(State::Opened);
            return Ok(0);
        };
        match is_end {
            true => self.close(content.get(1..).unwrap_or_default())?,
            false => self.open(content)?,
        }
        Ok(content.len() + 1)
    }

    fn open(&mut self, content: &str) -> Result<(), Cut> {
        let (content, is_empty) = content.strip_suffix('/').map_or((content, false), |content| (content, true));
        let tag = Tag::new(content);
        if is_empty {
            self.elements.open(&tag);
            self.elements.close(tag.name());
            return Ok(());
        }
        if self.starts.len() >= MAX_DEPTH {
            return Err(Cut(format!("its elements are nested more than {MAX_DEPTH} deep")));
        }
        self.starts.push(self.names.len());
        self.names.push_str(head(tag.full_name(), MAX_NAME));
        self.elements.open(&tag);
        Ok(())
    }

    fn close(&mut self, name: &str) -> Result<(), Cut> {
        let found = head(name.trim_ascii_end(), MAX_NAME);
        let Some(start) = self.starts.pop() else {
            return Err(Cut(format!("it is broken off: `</{found}>` closes nothing")));
        };
        let opened = self.names.get(start..).unwrap_or_default();
        if opened != found {
            return Err(Cut(format!("it is broken off: expected `</{opened}>`, but `</{found}>` was found")));
        }
        self.names.truncate(start);
        self.elements.close(local(found));
        Ok(())
    }

    fn reference(&mut self, rest: &str) -> usize {
        let room = MAX_REFERENCE.saturating_sub(self.held.len());
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'#';
        let n_part = rest.bytes().take(room).take_while(|&byte| is_part(byte)).count();
        self.held.push_str(rest.get(..n_part).unwrap_or_default());
        match rest.as_bytes().get(n_part) {
            None => {}
            Some(b';') if let Some(meant) = meant(&self.held) => {
                self.elements.text(&meant);
                self.enter(State::Text);
                return n_part + 1;
            }
            Some(_) => self.no_reference(),
        }
        n_part
    }

    /// What looked like a reference is text as it is written.
    fn no_reference(&mut self) {
        self.elements.text("&");
        self.elements.text(&self.held);
        self.enter(State::Text);
    }

    /// Tells by the bytes behind a `<` what it opens.
    fn opened(&mut self, byte: u8) -> usize {
        let n_seen = self.held.len();
        let begins = |token: &str| token.as_bytes().get(n_seen) == Some(&byte) && token.starts_with(&self.held);
        let is_last = |token: &str| begins(token) && token.len() == n_seen + 1;
        let state = match byte {
            b'/' if n_seen == 0 => State::Ending,
            b'?' if n_seen == 0 => State::Instruction(false),
            _ if is_last(COMMENT) => State::Comment(0),
            _ if is_last(DATA) => State::Data(0),
            _ if begins(COMMENT) || begins(DATA) => {
                self.held.push(char::from(byte));
                return 1;
            }
            _ => {
                self.last = [0; 4];
                let state = if n_seen == 0 { State::Tag(None) } else { State::Declaration(1, Within::Markup) };
                self.enter(state);
                return 0;
            }
        };
        self.enter(state);
        1
    }

    fn tag(&mut self, quote: Option<u8>, rest: &str) -> Result<usize, Cut> {
        let end = match quote {
            None => memchr3(b'>', b'"', b'\'', rest.as_bytes()),
            Some(quote) => memchr(quote, rest.as_bytes()),
        };
        let inside = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        let limit = if quote.is_some() { MAX_VALUE } else { usize::MAX };
        self.hold(head(inside, limit.saturating_sub(self.n_value)))?;
        self.n_value += inside.len();
        let Some(&ending) = end.and_then(|end| rest.as_bytes().get(end)) else { return Ok(rest.len()) };
        if quote.is_none() && ending == b'>' {
            let held = std::mem::take(&mut self.held);
            self.open(&held)?;
            self.enter(State::Text);
        } else {
            self.held.push(char::from(ending));
            self.n_value = 0;
            self.state = State::Tag(if quote.is_none() { Some(ending) } else { None });
        }
        Ok(inside.len() + 1)
    }

    fn ending(&mut self, rest: &str) -> Result<usize, Cut> {
        let end = memchr(b'>', rest.as_bytes());
        self.hold(rest.get(..end.unwrap_or(rest.len())).unwrap_or_default())?;
        let Some(end) = end else { return Ok(rest.len()) };
        let held = std::mem::take(&mut self.held);
        self.close(&held)?;
        self.enter(State::Text);
        Ok(end + 1)
    }

    fn hold(&mut self, part: &str) -> Result<(), Cut> {
        if self.held.len() + part.len() > MAX_TAG {
            return Err(Cut("one of its tags has more than 1 MiB".to_owned()));
        }
        self.held.push_str(part);
        Ok(())
    }

    fn declaration(&mut self, depth: usize, within: Within, rest: &str) -> usize {
        let (mut depth, mut within) = (depth, within);
        for (at, byte) in rest.bytes().enumerate() {
            self.last.rotate_left(1);
            self.last[3] = byte;
            match (within, byte) {
                (Within::Comment, b'>') if self.last.ends_with(b"-->") => within = Within::Markup,
                (Within::Value(quote), _) if byte == quote => within = Within::Markup,
                (Within::Comment | Within::Value(_), _) => {}
                (Within::Markup, b'-') if self.last == *b"<!--" => {
                    depth -= 1;
                    within = Within::Comment;
                    self.last = [0; 4];
                }
                (Within::Markup, b'"' | b'\'') => within = Within::Value(byte),
                (Within::Markup, b'<') => depth += 1,
                (Within::Markup, b'>') if depth <= 1 => {
                    self.enter(State::Text);
                    return at + 1;
                }
                (Within::Markup, b'>') => depth -= 1,
                (Within::Markup, _) => {}
            }
        }
        self.state = State::Declaration(depth, within);
        rest.len()
    }

    fn comment(&mut self, n_dashes: usize, rest: &[u8]) -> usize {
        let n_plain = memchr2(b'-', b'>', rest).unwrap_or(rest.len());
        let n_dashes = if n_plain == 0 { n_dashes } else { 0 };
        self.state = match rest.get(n_plain) {
            None => State::Comment(n_dashes),
            Some(b'-') => State::Comment(n_dashes + 1),
            Some(_) if n_dashes >= 2 => State::Text,
            Some(_) => State::Comment(0),
        };
        rest.len().min(n_plain + 1)
    }

    fn instruction(&mut self, is_ending: bool, rest: &[u8]) -> usize {
        if is_ending && rest.first() == Some(&b'>') {
            self.state = State::Text;
            return 1;
        }
        let end = memchr(b'?', rest);
        self.state = State::Instruction(end.is_some());
        end.map_or(rest.len(), |end| end + 1)
    }

    fn data(&mut self, n_brackets: usize, byte: u8, rest: &str) -> usize {
        match (n_brackets, byte) {
            (0, _) => {
                let end = memchr(b']', rest.as_bytes());
                self.tell(rest.get(..end.unwrap_or(rest.len())).unwrap_or_default());
                self.state = State::Data(usize::from(end.is_some()));
                return end.map_or(rest.len(), |end| end + 1);
            }
            (1, b']') => self.state = State::Data(2),
            (_, b']') => self.tell("]"),
            (2, b'>') => {
                self.is_after_return = false;
                self.enter(State::Text);
            }
            _ => {
                self.tell("]]".get(..n_brackets).unwrap_or_default());
                self.state = State::Data(0);
                return 0;
            }
        }
        1
    }
}

/// Where a tag ends of which this is the inside: at the first `>` that is not in quotes.
fn end_of_tag(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr3(b'>', b'"', b'\'', bytes.get(at..)?)?;
        match *bytes.get(at)? {
            b'>' => return Some(at),
            quote => at += 2 + memchr(quote, bytes.get(at + 1..)?)?,
        }
    }
}

/// The name without a prefix.
pub(super) fn local(name: &str) -> &str {
    let colon = name.bytes().rposition(|byte| byte == b':');
    colon.and_then(|colon| name.get(colon + 1..)).unwrap_or(name)
}

/// What a reference by this name means, if it is one of XML's own.
fn meant(name: &str) -> Option<String> {
    let character = BytesRef::new(name).resolve_char_ref().ok().flatten();
    character.map(String::from).or_else(|| resolve_predefined_entity(name).map(str::to_owned))
}
