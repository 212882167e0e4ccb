//! `check-xml`: XML that is not well-formed. Streaming; entities are never expanded.

use std::borrow::Cow;
use std::collections::HashSet;

use memchr::memmem;
use quick_xml::Reader;
use quick_xml::events::attributes::AttrError;
use quick_xml::events::{BytesRef, BytesStart, Event};

use crate::check::hygiene::{at, clamped, shortened};
use crate::check::{About, Active, Examined, FileCheck, FileInput, filetype, lines};
use crate::model::change::FileSide;
use crate::model::deadline::Deadline;
use crate::model::finding::{Anchor, Finding};
use crate::model::option::Options;
use crate::model::outcome::Breakage;
use crate::model::place::Place;
use crate::model::rule::{Family, Level};

/// The check.
pub(crate) struct CheckXml;

static ABOUT: About = About {
    id: "check-xml",
    family: Family::Hygiene,
    level: Level::Error,
    active: Active::ByDefault,
    summary: "XML that is not well-formed.",
    doc: DOC,
    options: &[],
};

const DOC: &str = "\
## What it finds
An XML file (also SVG, XSD, MSBuild projects, WSDL and others) that is not well-formed: tags that do not match, no or \
more than one root element, broken or repeated attributes, an unescaped `&` or `<`, control characters, an entity that is \
not declared although the file has no document type. Entities are not expanded and no schema is applied. A file in \
UTF-16 is not looked at; a notice says so.

## Why it matters
No XML parser reads the file.

## Example
    <project><name>a</project>

## Fix
Correct the file at the place that is shown; write `&amp;` for `&` and `&lt;` for `<`.

## Options
None.
";

/// How many events are read between two looks at the clock.
const EVENTS_A_LOOK: usize = 1 << 14;

impl FileCheck for CheckXml {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, side: &FileSide) -> bool {
        side.mode.is_regular() && filetype::kind(&side.path) == Some(filetype::Kind::Xml)
    }

    fn check(&self, file: &FileInput<'_>, _options: &Options) -> Result<Examined, Breakage> {
        if file.bytes.starts_with(b"\xff\xfe") || file.bytes.starts_with(b"\xfe\xff") {
            let notice = "XML in UTF-16 was not checked".to_owned();
            return Ok(Examined { findings: Vec::new(), notices: vec![notice] });
        }
        let problem = match as_text(file.bytes) {
            Ok(text) => Document::default().read(&text, file.deadline)?,
            Err(problem) => Some(problem),
        };
        let finding = problem.map(|Problem { message, start, end }| {
            let span = clamped(file.bytes, start, end);
            at(&ABOUT, file, span, format!("invalid XML: {}", shortened(&message)))
                .with_anchor(Anchor::of_file(b"invalid XML"))
        });
        Ok(Vec::from_iter(finding).into())
    }

    fn line(&self, file: &FileInput<'_>, finding: &Finding, _options: &Options) -> String {
        let Place::Span(path, span) = &finding.place else { return String::new() };
        let (line, column) = lines::position(file.bytes, span.start);
        let message = finding.message.trim_start_matches("invalid XML: ");
        format!("{path}: Failed to xml parse ({path}:{line}:{}: {message})", column - 1)
    }
}

/// What is wrong, and the bytes where it is.
struct Problem {
    message: String,
    start: usize,
    end: usize,
}

impl Problem {
    fn new(message: impl Into<String>, start: usize, end: usize) -> Self {
        Self { message: message.into(), start, end }
    }
}

/// The content as UTF-8 with every offset kept: in an encoding that extends ASCII, which the declaration names, each
/// other byte becomes a letter.
fn as_text(bytes: &[u8]) -> Result<Cow<'_, str>, Problem> {
    let control = bytes.iter().position(|&byte| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r'));
    if let Some(start) = control {
        return Err(Problem::new("control character", start, start + 1));
    }
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return Ok(Cow::Borrowed(text)),
        Err(error) => error,
    };
    let declaration = bytes.get(..memmem::find(bytes, b"?>").unwrap_or(0)).unwrap_or_default();
    let lower = declaration.to_ascii_lowercase();
    if memmem::find(&lower, b"encoding").is_none() || memmem::find(&lower, b"utf-8").is_some() {
        return Err(Problem::new("not UTF-8", error.valid_up_to(), error.valid_up_to() + 1));
    }
    Ok(Cow::Owned(bytes.iter().map(|&byte| if byte.is_ascii() { char::from(byte) } else { 'x' }).collect()))
}

/// What has been read of a document.
#[derive(Default)]
struct Document {
    /// How many bytes the byte-order mark has.
    n_mark: usize,
    /// Where the open elements start.
    open: Vec<usize>,
    has_root: bool,
    /// The entities that the document type declares.
    declared: HashSet<String>,
    /// Whether it may declare more in other files.
    reads_more: bool,
}

impl Document {
    /// Reads a document to its end or to the first thing that is wrong.
    fn read(mut self, text: &str, deadline: Deadline) -> Result<Option<Problem>, Breakage> {
        let n_mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        self.n_mark = n_mark;
        let mut reader = Reader::from_str(text.get(n_mark..).unwrap_or_default());
        reader.config_mut().check_comments = true;
        let offset = |position: u64| n_mark + usize::try_from(position).unwrap_or(usize::MAX - n_mark);
        for n_events in 1_usize.. {
            if n_events % EVENTS_A_LOOK == 0 && deadline.is_over() {
                return Err(Breakage::new("the time was over before the file was read"));
            }
            let start = offset(reader.buffer_position());
            let problem = match reader.read_event() {
                Ok(Event::Eof) => return Ok(self.end(text.len())),
                Ok(event) => self.see(&event, start, offset(reader.buffer_position())),
                Err(error) => {
                    let message = error.to_string().trim_start_matches("ill-formed document: ").to_owned();
                    Some(Problem::new(message, offset(reader.error_position()), offset(reader.buffer_position())))
                }
            };
            if problem.is_some() {
                return Ok(problem);
            }
        }
        Ok(None)
    }

    /// What is wrong with an event that takes the bytes from `start` to `end`.
    fn see(&mut self, event: &Event<'_>, start: usize, end: usize) -> Option<Problem> {
        let message = match event {
            Event::Start(tag) => {
                let problem = self.begin(tag);
                self.open.push(start);
                problem
            }
            Event::Empty(tag) => self.begin(tag),
            Event::End(_) => {
                self.open.pop();
                None
            }
            Event::Text(text) if self.open.is_empty() && !text.trim_ascii().is_empty() => Some(OUTSIDE.to_owned()),
            Event::Text(text) if text.contains("]]>") => Some("`]]>` in text".to_owned()),
            Event::CData(_) if self.open.is_empty() => Some(OUTSIDE.to_owned()),
            Event::GeneralRef(_) if self.open.is_empty() => Some(OUTSIDE.to_owned()),
            Event::GeneralRef(entity) => self.refer(entity),
            Event::PI(instruction) if !is_name(instruction.target()) => {
                Some("not the name of an instruction".to_owned())
            }
            Event::Decl(_) if start > self.n_mark => Some("XML declaration not at the start".to_owned()),
            Event::Decl(declaration) => declaration.version().err().map(|error| error.to_string()),
            Event::DocType(_) if self.has_root => Some("document type after the root element".to_owned()),
            Event::DocType(doctype) if !is_doctype(doctype) => Some("not a document type".to_owned()),
            Event::DocType(doctype) => {
                self.reads_more = ["SYSTEM", "PUBLIC", "%"].iter().any(|it| doctype.contains(it));
                let declarations = doctype.split("<!ENTITY").skip(1);
                let names = declarations.filter_map(|rest| rest.split_ascii_whitespace().next());
                self.declared.extend(names.map(str::to_owned));
                None
            }
            _ => None,
        };
        message.map(|message| Problem::new(message, start, end))
    }

    fn begin(&mut self, tag: &BytesStart<'_>) -> Option<String> {
        if self.open.is_empty() && self.has_root {
            return Some("a second root element".to_owned());
        }
        self.has_root = true;
        if !is_name(tag.name().as_ref()) {
            return Some("not the name of an element".to_owned());
        }
        if has_glued_attributes(tag.attributes_raw()) {
            return Some("no blank between two attributes".to_owned());
        }
        tag.attributes().find_map(|attribute| match attribute {
            Err(error) => Some(what_is_wrong(&error).to_owned()),
            Ok(attribute) if !is_name(attribute.key.as_ref()) => Some("not the name of an attribute".to_owned()),
            Ok(attribute) if attribute.value.contains('<') => Some("`<` in the value of an attribute".to_owned()),
            Ok(attribute) => self.references(&attribute.value),
        })
    }

    /// What is wrong with the references in the value of an attribute.
    fn references(&self, value: &str) -> Option<String> {
        value.split('&').skip(1).find_map(|rest| match rest.split_once(';') {
            Some((name, _)) if !name.is_empty() => self.refer(&BytesRef::new(name)),
            _ => Some("`&` without a reference".to_owned()),
        })
    }

    /// What is wrong with a reference.
    fn refer(&self, entity: &BytesRef<'_>) -> Option<String> {
        match entity.resolve_char_ref() {
            Ok(Some(_)) => None,
            Err(error) => Some(error.to_string()),
            Ok(None) if matches!(&**entity, "amp" | "lt" | "gt" | "apos" | "quot") => None,
            Ok(None) if !is_name(entity) => Some("`&` without a reference".to_owned()),
            Ok(None) if self.may_declare(entity) => None,
            Ok(None) => Some(format!("undeclared entity `&{};`", &**entity)),
        }
    }

    /// Whether the document type declares the entity, as far as that can be told without reading other files.
    fn may_declare(&self, entity: &str) -> bool {
        self.reads_more || self.declared.contains(entity)
    }

    fn end(&self, n_bytes: usize) -> Option<Problem> {
        match (self.open.last(), self.has_root) {
            (Some(&start), _) => Some(Problem::new("element not closed", start, start + 1)),
            (None, false) => Some(Problem::new("no element found", n_bytes, n_bytes)),
            (None, true) => None,
        }
    }
}

/// What is wrong with the attributes of a tag.
fn what_is_wrong(error: &AttrError) -> &'static str {
    match error {
        AttrError::ExpectedEq(_) => "attribute without a value",
        AttrError::ExpectedValue(_) => "attribute without a value after `=`",
        AttrError::UnquotedValue(_) => "the value of an attribute is not in quotes",
        AttrError::ExpectedQuote(..) => "the value of an attribute is not closed",
        AttrError::Duplicated(..) => "an attribute stands twice",
    }
}

const OUTSIDE: &str = "text outside of the root element";

/// Whether the text between `<!DOCTYPE` and `>` starts like a document type: a name, then where more of it is.
fn is_doctype(doctype: &str) -> bool {
    let doctype = doctype.trim_ascii();
    let end = doctype.find(|it: char| it.is_ascii_whitespace() || it == '[').unwrap_or(doctype.len());
    let (name, rest) = doctype.split_at(end);
    let rest = rest.trim_ascii_start();
    is_name(name) && (rest.is_empty() || ["SYSTEM", "PUBLIC", "["].iter().any(|it| rest.starts_with(it)))
}

/// Whether something other than a blank follows the closing quote of an attribute.
fn has_glued_attributes(attributes: &str) -> bool {
    let mut quote = None;
    let mut follows_quote = false;
    for byte in attributes.bytes() {
        match quote {
            None if follows_quote && !byte.is_ascii_whitespace() => return true,
            None => {
                follows_quote = false;
                quote = matches!(byte, b'"' | b'\'').then_some(byte);
            }
            Some(open) if open == byte => (quote, follows_quote) = (None, true),
            Some(_) => {}
        }
    }
    false
}

/// Whether the text could be a name; every character beyond ASCII is let through.
fn is_name(name: &str) -> bool {
    let starts = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':') || !byte.is_ascii();
    let goes_on = |byte: u8| starts(byte) || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    name.bytes().next().is_some_and(starts) && name.bytes().all(goes_on)
}

#[cfg(test)]
mod tests {
    use super::CheckXml;
    use crate::check::hygiene::examples::{Case, messages, places};

    #[track_caller]
    fn check(content: &str, expected: &[&str]) {
        let found = messages(&Case::new("a.xml", content.as_bytes()).findings(&CheckXml));
        let expected: Vec<String> = expected.iter().map(|it| format!("invalid XML: {it}")).collect();
        assert_eq!(found, expected, "{content}");
    }

    #[test]
    fn a_well_formed_document_is_fine() {
        check("<a/>", &[]);
        check(
            "\u{feff}<?xml version=\"1.0\"?>\n<!-- c -->\n<a b='&lt;' c=\"&#xe9;\">x &amp; y<![CDATA[<]]></a>\n",
            &[],
        );
        check("<!DOCTYPE h PUBLIC 'x' 'y'><h><p>&nbsp;</p></h>", &[]);
        check("<!DOCTYPE h [<!ENTITY nbsp '&#160;'>]><h>&nbsp;</h>", &[]);
        check("<a b='1' c=\"'2'\" />", &[]);
        check("<ü:é xmlns:ü='u'/>", &[]);
        check("<?xml version='1.0' encoding='ISO-8859-1'?><a>é</a>", &[]);
    }

    #[test]
    fn what_is_not_well_formed_is_found() {
        check("", &["no element found"]);
        check("text", &["text outside of the root element"]);
        check("<a/><b/>", &["a second root element"]);
        check("<a></b>", &["expected `</a>`, but `</b>` was found"]);
        check("<a><b></a>", &["expected `</b>`, but `</a>` was found"]);
        check("<a>", &["element not closed"]);
        check("<a b='1' b='2'/>", &["an attribute stands twice"]);
        check("<a b=1/>", &["the value of an attribute is not in quotes"]);
        check("<a b='<'/>", &["`<` in the value of an attribute"]);
        check("<a b='&'/>", &["`&` without a reference"]);
        check("<a>&nbsp;</a>", &["undeclared entity `&nbsp;`"]);
        check("<!DOCTYPE h><h>&nbsp;</h>", &["undeclared entity `&nbsp;`"]);
        check("<a b='1'c='2'/>", &["no blank between two attributes"]);
        check("<a/>&amp;", &["text outside of the root element"]);
        check("<a>\u{1}</a>", &["control character"]);
        check(" <?xml version='1.0'?><a/>", &["XML declaration not at the start"]);
        check("<a><!-- a -- b --></a>", &["forbidden string `--` was found in a comment"]);
        check("<1/>", &["not the name of an element"]);
        check("<a>]]></a>", &["`]]>` in text"]);
        check("<!DOCTYPE a SYST><a/>", &["not a document type"]);
        check("<?1 x?><a/>", &["not the name of an instruction"]);
        check("<a/>x", &["text outside of the root element"]);
    }

    #[test]
    fn the_place_is_where_the_parser_stopped() {
        let findings = Case::new("a.xml", b"<a>\n  <b></c>\n</a>").findings(&CheckXml);
        assert_eq!(places(&findings), [(9, 13)]);
        let latin = Case::new("a.xml", b"<?xml version='1.0' encoding='latin1'?><a>\xe9</b>").findings(&CheckXml);
        assert_eq!(places(&latin), [(43, 47)]);
        assert_eq!(places(&Case::new("a.xml", b"<a>\xe9</a>").findings(&CheckXml)), [(3, 4)]);
    }

    #[test]
    fn depth_and_entity_bombs_are_no_problem() {
        let n = 100_000;
        check(&("<a>".repeat(n) + &"</a>".repeat(n)), &[]);
        check("<!DOCTYPE a [<!ENTITY a 'x'><!ENTITY b '&a;&a;'>]><a>&b;</a>", &[]);
    }

    #[test]
    fn utf_16_is_said_not_to_be_checked() {
        let examined = Case::new("a.xml", b"\xff\xfe<\0").examined(&CheckXml);
        assert_eq!((examined.findings.len(), examined.notices.len()), (0, 1));
    }
}
