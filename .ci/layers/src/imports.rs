//! Finds the paths that a file names: in `use`, in types and expressions, and inside macros. It reads tokens, because
//! those inside a macro have no syntax yet.

use std::collections::BTreeSet;
use std::mem;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

use crate::Module;

/// A path that a file names. It begins with `crate` if it is of the addon, else with the name of another crate.
pub struct Import {
    pub path: Vec<String>,
    pub line: usize,
}

/// Returns the imports of a file.
pub fn imports_of(file: TokenStream, module: &Module, modules: &BTreeSet<Module>) -> Vec<Import> {
    let imports = Vec::new();
    let mut reader = Reader {
        module,
        modules,
        imports,
    };
    reader.read(file, &[], false);
    reader.imports
}

struct Reader<'a> {
    module: &'a Module,
    modules: &'a BTreeSet<Module>,
    imports: Vec<Import>,
}

impl Reader<'_> {
    /// Reads the tokens of a file or a group. In the braces of a `use`, `before` is the path that stands before them.
    fn read(&mut self, tokens: TokenStream, before: &[String], mut in_use: bool) {
        let mut tokens = tokens.into_iter().peekable();
        // `pub(in crate::a)` names no import.
        if tokens.peek().is_some_and(|first| is_ident(first, "in")) {
            return;
        }
        let mut names = Vec::new();
        let mut line = 0;
        let (mut is_joined, mut is_test) = (false, false);
        while let Some(token) = tokens.next() {
            if is_joint_colon(&token) && tokens.next_if(|next| is_punct(next, ':')).is_some() {
                is_joined = true;
                continue;
            }
            // Generics end a path.
            let continues = mem::take(&mut is_joined) && !is_punct(&token, '<');
            if !continues {
                self.add(before, &mem::take(&mut names), line, in_use);
            }
            match token {
                TokenTree::Ident(ident) => {
                    line = ident.span().start().line;
                    match ident.to_string().as_str() {
                        "pub" => {}
                        "use" | "mod" if is_test => drop(tokens.find(ends_item)),
                        "use" => in_use = true,
                        "extern" => in_use = tokens.next_if(|next| is_ident(next, "crate")).is_some(),
                        "as" if in_use => drop(tokens.next()),
                        name => names.push(name.to_owned()),
                    }
                    // Only a visibility may stand between the attribute and `mod` or `use`.
                    is_test &= ident == "pub";
                }
                TokenTree::Group(group) => {
                    is_test |= group.stream().to_string().replace(' ', "") == "cfg(test)";
                    self.read(group.stream(), &[before, &mem::take(&mut names)].concat(), in_use);
                }
                TokenTree::Punct(punct) if continues && punct.as_char() == '*' => names.push("*".to_owned()),
                TokenTree::Punct(punct) => in_use &= punct.as_char() == ',',
                TokenTree::Literal(_) => {}
            }
        }
        self.add(before, &names, line, in_use);
    }

    fn add(&mut self, before: &[String], names: &[String], line: usize, in_use: bool) {
        // A name alone is a local one, or was imported before; but `use reqwest;` names a crate.
        if names.is_empty() || (names.len() == 1 && !in_use) {
            return;
        }
        let mut path = [before, names].concat();
        if path.len() > 1 {
            path.pop_if(|last| last == "self");
        }
        let path = self.absolute(path);
        self.imports.push(Import { path, line });
    }

    /// Returns a path from the root of its crate.
    fn absolute(&self, path: Vec<String>) -> Vec<String> {
        let own = [&["crate".to_owned()], self.module.as_slice()].concat();
        let ups = path.iter().take_while(|name| *name == "super").count();
        let (kept, passed) = match path.first().map(String::as_str) {
            Some("self") => (own.len(), 1),
            Some("super") => (own.len().saturating_sub(ups), ups),
            Some(first) if self.modules.contains(&[&own[1..], &[first.to_owned()]].concat()) => (own.len(), 0),
            _ => return path,
        };
        [&own[..kept], &path[passed..]].concat()
    }
}

fn is_ident(token: &TokenTree, name: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == name)
}

fn is_punct(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == character)
}

/// Returns whether a token may be the first half of `::`.
fn is_joint_colon(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == ':' && punct.spacing() == Spacing::Joint)
}

fn ends_item(token: &TokenTree) -> bool {
    is_punct(token, ';') || matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}
