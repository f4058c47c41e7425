//! Lists the modules of the addon's `src/lib.rs`, so that the list is kept in one place.

use std::error::Error;
use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let sources = Path::new(&env::var("CARGO_MANIFEST_DIR")?)
        .join("../../src")
        .canonicalize()?;
    let root = sources.join("lib.rs");
    println!("cargo:rerun-if-changed={}", root.display());
    let mut modules = String::new();
    for line in fs::read_to_string(root)?.lines() {
        let Some(name) = line.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';')) else {
            continue;
        };
        if ["node", "simulation"].contains(&name) {
            continue;
        }
        let file = [sources.join(format!("{name}.rs")), sources.join(name).join("mod.rs")];
        let file = file
            .iter()
            .find(|file| file.exists())
            .ok_or("a module without a file")?;
        let uses = if name == "macros" { "#[macro_use]\n" } else { "" };
        writeln!(modules, "{uses}#[path = {file:?}]\nmod {name};")?;
    }
    fs::write(Path::new(&env::var("OUT_DIR")?).join("modules.rs"), modules)?;
    Ok(())
}
