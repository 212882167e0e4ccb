//! The items of a Rust file with what is around them.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;
use syn::{Attribute, Block, Ident, ImplItem, Item, ItemImpl, Signature, TraitItem, Type, Visibility};

/// Whether an attribute, told by what stands between its brackets, marks code that only tests have.
pub(super) fn is_test_attribute(attribute: TokenStream) -> bool {
    let mut tokens = attribute.into_iter();
    let mut last = String::new();
    for token in tokens.by_ref() {
        match token {
            TokenTree::Ident(ident) => last = ident.to_string(),
            TokenTree::Punct(punct) if punct.as_char() == ':' => {}
            TokenTree::Group(group) if last == "cfg" => return asks_for_test(group.stream()),
            _ => break,
        }
    }
    ["test", "bench", "rstest", "test_case", "proptest"].contains(&last.as_str())
}

/// Whether a condition holds in tests alone, as far as its words tell.
fn asks_for_test(condition: TokenStream) -> bool {
    let text = condition.to_string();
    let mut words = text.split(|mark: char| !mark.is_alphanumeric() && mark != '_');
    !text.contains("not") && words.any(|word| word == "test")
}

/// Whether attributes mark code that only tests have.
pub(super) fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let last = attribute.path().segments.last().map(|segment| segment.ident.to_string());
        match (last.as_deref(), &attribute.meta) {
            (Some("cfg"), syn::Meta::List(list)) => asks_for_test(list.tokens.clone()),
            (Some(last), _) => ["test", "bench", "rstest", "test_case"].contains(&last),
            _ => false,
        }
    })
}

/// What documentation some attributes hold; none if there is none. What is not a plain text counts as some.
pub(super) fn documentation(attributes: &[Attribute]) -> Option<String> {
    let docs = attributes.iter().filter(|attribute| attribute.path().is_ident("doc"));
    let texts = docs.filter_map(|attribute| match &attribute.meta {
        syn::Meta::NameValue(pair) => match &pair.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
            _ => Some("elsewhere".to_owned()),
        },
        _ => None,
    });
    let text = texts.collect::<Vec<_>>().join("\n");
    (!text.trim().is_empty()).then_some(text)
}

/// An item that others can name, as far as this file tells.
pub(super) struct PublicItem<'f> {
    /// `function`, `struct` and so on.
    pub(super) kind: &'static str,
    /// Its name.
    pub(super) name: &'f Ident,
    /// Its attributes.
    pub(super) attributes: &'f [Attribute],
    /// The code of a function.
    pub(super) body: Option<(&'f Signature, &'f Block)>,
    /// The named items around it.
    pub(super) symbol: String,
}

/// The public items of a file, those of its public inline modules, and the public methods of its types: tests and what is
/// hidden in the documentation are left out, and so are the methods of a type that the file declares as private.
pub(super) fn public_items(file: &syn::File) -> Vec<PublicItem<'_>> {
    let mut found = Items { private: private_types(file), scope: Vec::new(), items: Vec::new() };
    file.items.iter().for_each(|item| found.item(item));
    found.items
}

fn private_types(file: &syn::File) -> Vec<&Ident> {
    struct Private<'f>(Vec<&'f Ident>);
    impl<'f> Visit<'f> for Private<'f> {
        fn visit_item(&mut self, item: &'f Item) {
            let (visibility, name) = match item {
                Item::Struct(item) => (&item.vis, &item.ident),
                Item::Enum(item) => (&item.vis, &item.ident),
                Item::Union(item) => (&item.vis, &item.ident),
                Item::Mod(_) => return syn::visit::visit_item(self, item),
                _ => return,
            };
            if !is_public(visibility) {
                self.0.push(name);
            }
        }
    }
    let mut private = Private(Vec::new());
    private.visit_file(file);
    private.0
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// Whether something is left out of the documentation, or is there for tests alone.
fn is_hidden(attributes: &[Attribute]) -> bool {
    let hides = |attribute: &Attribute| match &attribute.meta {
        syn::Meta::List(list) => list.path.is_ident("doc") && list.tokens.to_string().contains("hidden"),
        _ => false,
    };
    attributes.iter().any(hides) || is_test(attributes)
}

struct Items<'f> {
    private: Vec<&'f Ident>,
    scope: Vec<String>,
    items: Vec<PublicItem<'f>>,
}

/// An item with its kind, its name and whether it is public.
type Head<'f> = (&'static str, &'f Visibility, &'f Ident, &'f [Attribute]);

fn head(item: &Item) -> Option<Head<'_>> {
    Some(match item {
        Item::Const(item) => ("constant", &item.vis, &item.ident, &item.attrs),
        Item::Enum(item) => ("enum", &item.vis, &item.ident, &item.attrs),
        Item::Fn(item) => ("function", &item.vis, &item.sig.ident, &item.attrs),
        Item::Static(item) => ("static", &item.vis, &item.ident, &item.attrs),
        Item::Struct(item) => ("struct", &item.vis, &item.ident, &item.attrs),
        Item::Trait(item) => ("trait", &item.vis, &item.ident, &item.attrs),
        Item::Type(item) => ("type", &item.vis, &item.ident, &item.attrs),
        Item::Union(item) => ("union", &item.vis, &item.ident, &item.attrs),
        _ => return None,
    })
}

impl<'f> Items<'f> {
    fn add(&mut self, kind: &'static str, name: &'f Ident, attributes: &'f [Attribute], body: Body<'f>) {
        self.items.push(PublicItem { kind, name, attributes, body, symbol: self.scope.join("::") });
    }

    fn item(&mut self, item: &'f Item) {
        match item {
            Item::Impl(item) => self.methods(item),
            Item::Mod(item) if is_public(&item.vis) && !is_hidden(&item.attrs) => {
                self.scope.push(item.ident.to_string());
                item.content.iter().flat_map(|(_, items)| items).for_each(|item| self.item(item));
                self.scope.pop();
            }
            _ => {
                let Some((kind, visibility, name, attributes)) = head(item) else { return };
                if !is_public(visibility) || is_hidden(attributes) {
                    return;
                }
                let body = match item {
                    Item::Fn(item) => Some((&item.sig, &*item.block)),
                    _ => None,
                };
                self.add(kind, name, attributes, body);
                if let Item::Trait(item) = item {
                    self.scope.push(name.to_string());
                    item.items.iter().for_each(|item| self.trait_item(item));
                    self.scope.pop();
                }
            }
        }
    }

    fn trait_item(&mut self, item: &'f TraitItem) {
        if let TraitItem::Fn(item) = item
            && !is_hidden(&item.attrs)
        {
            let body = item.default.as_ref().map(|block| (&item.sig, block));
            self.add("method", &item.sig.ident, &item.attrs, body);
        }
    }

    fn methods(&mut self, item: &'f ItemImpl) {
        let Type::Path(path) = &*item.self_ty else { return };
        let Some(name) = path.path.segments.last().map(|segment| &segment.ident) else { return };
        if item.trait_.is_some() || self.private.contains(&name) || is_hidden(&item.attrs) {
            return;
        }
        self.scope.push(name.to_string());
        for item in &item.items {
            if let ImplItem::Fn(item) = item
                && is_public(&item.vis)
                && !is_hidden(&item.attrs)
            {
                self.add("method", &item.sig.ident, &item.attrs, Some((&item.sig, &item.block)));
            }
        }
        self.scope.pop();
    }
}

type Body<'f> = Option<(&'f Signature, &'f Block)>;
