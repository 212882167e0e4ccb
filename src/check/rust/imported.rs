//! Which names the imports of a Rust file give to what, scope by scope.

use std::collections::HashMap;

use syn::{Item, ItemUse, Path, UseTree};

/// The imports of the scopes around a place, from the outside in.
#[derive(Default)]
pub(super) struct Imported {
    scopes: Vec<Scope>,
}

#[derive(Default)]
struct Scope {
    /// A module does not see what its parent imports.
    is_module: bool,
    /// The full path of each name; none where there are two.
    names: HashMap<String, Option<String>>,
}

impl Imported {
    /// Goes into a module.
    pub(super) fn enter_module<'f>(&mut self, items: impl IntoIterator<Item = &'f Item>) {
        self.enter(true, items);
    }

    /// Goes into a block.
    pub(super) fn enter_block<'f>(&mut self, items: impl IntoIterator<Item = &'f Item>) {
        self.enter(false, items);
    }

    /// Goes back to what is around the innermost scope.
    pub(super) fn leave(&mut self) {
        self.scopes.pop();
    }

    fn enter<'f>(&mut self, is_module: bool, items: impl IntoIterator<Item = &'f Item>) {
        let mut scope = Scope { is_module, names: HashMap::new() };
        for item in items {
            match item {
                Item::Use(item) => scope.add_all(item),
                // What the file declares itself is not what another crate calls so.
                Item::Mod(item) => scope.add(item.ident.to_string(), format!("self::{}", item.ident)),
                _ => {}
            }
        }
        self.scopes.push(scope);
    }

    /// A path written out, as far as imports tell: `std::fs::read` for `fs::read` after `use std::fs`.
    pub(super) fn written_out(&self, path: &Path) -> Option<String> {
        let mut parts = path.segments.iter().map(|segment| segment.ident.to_string());
        let first = parts.next()?;
        let rest: String = parts.map(|part| format!("::{part}")).collect();
        if path.leading_colon.is_some() {
            return Some(first + &rest);
        }
        for scope in self.scopes.iter().rev() {
            if let Some(full) = scope.names.get(&first) {
                return full.as_ref().map(|full| format!("{full}{rest}"));
            }
            if scope.is_module {
                break;
            }
        }
        Some(first + &rest)
    }
}

impl Scope {
    fn add_all(&mut self, item: &ItemUse) {
        let mut open: Vec<(String, &UseTree)> = vec![(String::new(), &item.tree)];
        while let Some((before, tree)) = open.pop() {
            let join = |name: &dyn ToString| match before.is_empty() {
                true => name.to_string(),
                false => format!("{before}::{}", name.to_string()),
            };
            match tree {
                UseTree::Path(path) => open.push((join(&path.ident), &path.tree)),
                UseTree::Group(group) => open.extend(group.items.iter().map(|tree| (before.clone(), tree))),
                UseTree::Glob(_) => {}
                UseTree::Name(name) if name.ident == "self" => {
                    let last = before.rsplit("::").next().unwrap_or_default().to_owned();
                    self.add(last, before);
                }
                UseTree::Name(name) => self.add(name.ident.to_string(), join(&name.ident)),
                UseTree::Rename(rename) if rename.ident == "self" => self.add(rename.rename.to_string(), before),
                UseTree::Rename(rename) => self.add(rename.rename.to_string(), join(&rename.ident)),
            }
        }
    }

    fn add(&mut self, name: String, full: String) {
        self.names
            .entry(name)
            .and_modify(|known| *known = known.take().filter(|known| *known == full))
            .or_insert(Some(full));
    }
}
