//! The attributes of an XML element, read once and in order from the text of its start. What is no attribute is passed over,
//! as reports come from programs that do not know XML well.

use std::borrow::Cow;

use memchr::{memchr, memchr3};
use quick_xml::XmlVersion;
use quick_xml::events::BytesStart;
use quick_xml::events::attributes::Attribute;
use quick_xml::name::QName;

/// The attributes of an element: names and values as they are written.
pub(super) struct Attributes<'a> {
    rest: &'a str,
}

impl<'a> Attributes<'a> {
    /// Those of this element.
    pub(super) fn of(tag: &'a BytesStart<'_>) -> Self {
        Self::written(tag.attributes_raw())
    }

    /// Those that stand behind the name of an element.
    pub(super) fn written(rest: &'a str) -> Self {
        Self { rest }
    }

    /// The first attribute of each of these names.
    pub(super) fn pick<const N: usize>(self, names: [&str; N]) -> [Option<Written<'a>>; N] {
        let mut picked = [None; N];
        for (name, value) in self {
            let place = names.iter().position(|wanted| *wanted == name).and_then(|at| picked.get_mut(at));
            if let Some(place @ None) = place {
                *place = Some(value);
            }
        }
        picked
    }

    fn take(&mut self, n_bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(n_bytes).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    fn value(&mut self) -> &'a str {
        let quote = self.rest.bytes().next().filter(|first| matches!(first, b'"' | b'\''));
        let Some(quote) = quote else {
            let end = self.rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(self.rest.len());
            return self.take(end);
        };
        self.take(1);
        let value = self.take(memchr(quote, self.rest.as_bytes()).unwrap_or(self.rest.len()));
        self.take(1);
        value
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, Written<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.rest = self.rest.trim_ascii_start();
        if self.rest.is_empty() {
            return None;
        }
        if let Some((name, value, rest)) = as_is_usual(self.rest) {
            self.rest = rest;
            return Some((name, Written(value)));
        }
        let end = self.rest.bytes().position(|byte| byte == b'=' || byte.is_ascii_whitespace());
        let name = self.take(end.unwrap_or(self.rest.len()));
        let behind = self.rest.trim_ascii_start();
        let Some(value) = behind.strip_prefix('=') else { return Some((name, Written(""))) };
        self.rest = value.trim_ascii_start();
        Some((name, Written(self.value())))
    }
}

/// The name and the value of the first attribute, and what stands behind it, if it is written as nearly all are:
/// `name="value"`.
fn as_is_usual(text: &str) -> Option<(&str, &str, &str)> {
    let bytes = text.as_bytes();
    // No name has a byte below the space either, and that is told sooner than white space.
    let end = bytes.iter().position(|byte| *byte == b'=' || *byte <= b' ')?;
    let quote = *bytes.get(end + 1).filter(|byte| matches!(byte, b'"' | b'\''))?;
    if bytes.get(end) != Some(&b'=') {
        return None;
    }
    let value = text.get(end + 2..)?;
    let n_value = memchr(quote, value.as_bytes())?;
    Some((text.get(..end)?, value.get(..n_value)?, value.get(n_value + 1..)?))
}

/// A value as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written<'a>(&'a str);

impl<'a> Written<'a> {
    /// It without a look at what its references mean.
    pub(super) fn as_written(self) -> &'a str {
        self.0
    }

    /// What it means; none if it has a reference that is not XML's own.
    pub(super) fn meant(self) -> Option<Cow<'a, str>> {
        let bytes = self.0.as_bytes();
        if memchr3(b'&', b'\t', b'\n', bytes).is_none() && memchr(b'\r', bytes).is_none() {
            return Some(Cow::Borrowed(self.0));
        }
        let attribute = Attribute { key: QName(""), value: Cow::Borrowed(self.0) };
        attribute.normalized_value(XmlVersion::Implicit1_0).ok()
    }

    /// The same with such a reference as it is written.
    pub(super) fn text(self) -> Cow<'a, str> {
        self.meant().unwrap_or(Cow::Borrowed(self.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, proptest};
    use quick_xml::events::BytesStart;

    use super::Attributes;

    /// The attributes as `name=value`, with a bar between them.
    #[track_caller]
    fn check(tag: &str, expected: &str) {
        let tag = BytesStart::from_content(tag, tag.find(|c: char| c.is_ascii_whitespace()).unwrap_or(tag.len()));
        let told: Vec<String> = Attributes::of(&tag).map(|(name, value)| format!("{name}={}", value.text())).collect();
        assert_eq!(told.join("|"), expected);
    }

    #[test]
    fn attributes_are_read_in_order() {
        check("x", "");
        check("x ", "");
        check("x a='1' b=\"2\"", "a=1|b=2");
        check("x\n\ta = '1'\r\n b\n=\n\"it's > <\" ", "a=1|b=it's > <");
        check("x p:a='\u{e9}'", "p:a=\u{e9}");
        check("x a='1 &lt; 2 &amp;&#65; &own;'", "a=1 &lt; 2 &amp;&#65; &own;");
        check("x a='1 &lt; 2 &amp;&#65;' b='x\n\ty'", "a=1 < 2 &A|b=x  y");
    }

    #[test]
    fn what_is_not_quite_xml_is_read_as_far_as_it_goes() {
        check("x a=1 b=2/ c", "a=1|b=2/|c=");
        check("x a='1'b='2'", "a=1|b=2");
        check("x a='1", "a=1");
        check("x a=", "a=");
        check("x a", "a=");
        check("x ='1' \"b\"", "=1|\"b\"=");
    }

    #[test]
    fn the_first_of_each_name_is_picked() {
        let tag = BytesStart::from_content("x a='1' c='3' a='2'", 1);
        let picked = Attributes::of(&tag).pick(["b", "a", "c"]).map(|value| value.map(|value| value.0));
        assert_eq!(picked, [None, Some("1"), Some("3")]);
    }

    proptest! {
        #[test]
        fn any_text_comes_to_an_end(text in "x[ a=\"'&;\u{e9}\n]{0,40}") {
            let tag = BytesStart::from_content(text.as_str(), 1);
            let n_bytes: usize = Attributes::of(&tag).map(|(name, value)| name.len() + value.text().len()).sum();
            prop_assert!(n_bytes < text.len());
        }
    }
}
