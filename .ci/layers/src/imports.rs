//! Finds the paths that a file names: in `use`, in types and expressions, and inside macros.

use std::collections::BTreeSet;
use std::mem;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, File, Ident, ItemMod, Macro, MetaList, UseName, UseRename, UseTree};

use crate::Module;

/// A path that a file names. It begins with `crate` if it is of the addon, else with the name of another crate.
pub struct Import {
    pub path: Vec<String>,
    pub line: usize,
}

/// Returns the imports of a file.
pub fn imports_of(file: &File, module: &Module, modules: &BTreeSet<Module>) -> Vec<Import> {
    let mut visitor = Visitor {
        module,
        modules,
        imports: Vec::new(),
    };
    visitor.visit_file(file);
    visitor.imports
}

struct Visitor<'a> {
    module: &'a Module,
    modules: &'a BTreeSet<Module>,
    imports: Vec<Import>,
}

impl Visitor<'_> {
    fn add(&mut self, path: &[String], line: usize) {
        if let Some(path) = self.absolute(path) {
            self.imports.push(Import { path, line });
        }
    }

    /// Returns a path from the root of its crate. A name alone is a local one, or was imported before.
    fn absolute(&self, path: &[String]) -> Option<Vec<String>> {
        let own = || ["crate".to_owned()].into_iter().chain(self.module.iter().cloned());
        match path.first()?.as_str() {
            "crate" => Some(path.to_vec()),
            "self" => Some(own().chain(path[1..].iter().cloned()).collect()),
            "super" => {
                let ups = path.iter().take_while(|segment| *segment == "super").count();
                let parent = own().take((self.module.len() + 1).saturating_sub(ups));
                Some(parent.chain(path[ups..].iter().cloned()).collect())
            }
            first
                if self
                    .modules
                    .contains(&[self.module.as_slice(), &[first.to_owned()]].concat()) =>
            {
                Some(own().chain(path.iter().cloned()).collect())
            }
            _ => (path.len() > 1).then(|| path.to_vec()),
        }
    }

    fn walk_use(&mut self, tree: &UseTree, before: &[String]) {
        let with = |name: String| before.iter().cloned().chain([name]).collect::<Vec<_>>();
        match tree {
            UseTree::Path(path) => self.walk_use(&path.tree, &with(path.ident.to_string())),
            UseTree::Name(UseName { ident }) | UseTree::Rename(UseRename { ident, .. }) => {
                self.add_use(&with(ident.to_string()), line_of(ident));
            }
            UseTree::Glob(glob) => self.add_use(before, glob.star_token.spans[0].start().line),
            UseTree::Group(group) => group.items.iter().for_each(|item| self.walk_use(item, before)),
        }
    }

    fn add_use(&mut self, path: &[String], line: usize) {
        let path = match path {
            [rest @ .., last] if last == "self" && !rest.is_empty() => rest,
            _ => path,
        };
        // `use reqwest;` names a crate.
        let path = self.absolute(path).unwrap_or_else(|| path.to_vec());
        self.imports.push(Import { path, line });
    }

    /// Reads the paths in the tokens of a macro, which have no syntax yet.
    fn walk_tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut line = 0;
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons < 2 {
                        self.add(&mem::take(&mut path), line);
                        line = line_of(&ident);
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                other => {
                    self.add(&mem::take(&mut path), line);
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.walk_tokens(group.stream());
                    }
                }
            }
        }
        self.add(&path, line);
    }
}

impl<'ast> Visit<'ast> for Visitor<'_> {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if !is_test(&item.attrs) {
            self.walk_use(&item.tree, &[]);
        }
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        self.add_use(&[item.ident.to_string()], line_of(&item.ident));
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if let Some(first) = path.segments.first() {
            self.add(&segments, line_of(&first.ident));
        }
        visit::visit_path(self, path);
    }

    /// Passes over `pub(crate)` and the like: they name no import.
    fn visit_visibility(&mut self, _visibility: &'ast syn::Visibility) {}

    fn visit_meta_list(&mut self, attribute: &'ast MetaList) {
        self.walk_tokens(attribute.tokens.clone());
        visit::visit_meta_list(self, attribute);
    }

    fn visit_macro(&mut self, item: &'ast Macro) {
        self.walk_tokens(item.tokens.clone());
        visit::visit_macro(self, item);
    }
}

fn line_of(ident: &Ident) -> usize {
    ident.span().start().line
}

/// Returns whether an item is compiled for tests only.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let is_cfg = attribute.path().is_ident("cfg");
        is_cfg
            && attribute
                .parse_args::<syn::Path>()
                .is_ok_and(|path| path.is_ident("test"))
    })
}
