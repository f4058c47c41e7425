//! `layers SRC`: reads the sources of the addon and prints each import that breaks a rule.
//!
//! The sources are parsed, so renamed, nested, relative and inline paths count as much as plain ones. Code of tests is left
//! out.

mod imports;
mod rules;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs, io};

use imports::{Import, imports_of};

/// A module by the names in its path; the root is empty.
type Module = Vec<String>;

fn main() -> ExitCode {
    let Some(root) = env::args().nth(1) else {
        eprintln!("usage: layers SRC");
        return ExitCode::from(2);
    };
    match check(Path::new(&root)) {
        Ok(broken) if broken.is_empty() => {
            println!("ok      every import runs to a lower layer, and no modules import each other in a circle");
            ExitCode::SUCCESS
        }
        Ok(broken) => {
            for line in broken {
                println!("BROKEN  {line}");
            }
            ExitCode::FAILURE
        }
        Err(problem) => {
            eprintln!("layers: {problem}");
            ExitCode::from(2)
        }
    }
}

fn check(root: &Path) -> io::Result<Vec<String>> {
    let mut files = BTreeMap::new();
    collect(root, &[], &mut files)?;
    let modules: BTreeSet<Module> = files.keys().cloned().collect();
    let mut broken = Vec::new();
    let mut edges: BTreeMap<&Module, BTreeSet<Module>> = BTreeMap::new();
    for (module, file) in &files {
        let text = fs::read_to_string(file)?;
        let syntax =
            syn::parse_file(&text).map_err(|error| io::Error::other(format!("{}: {error}", file.display())))?;
        for Import { path, line } in imports_of(&syntax, module, &modules) {
            let place = format!("{}:{line}", file.display());
            if path.first().is_some_and(|first| first == "crate") {
                let target = deepest(&path[1..], &modules);
                if let Some(rule) = rules::layer_broken(module, &target) {
                    broken.push(format!("{rule}: {place} imports {}", path.join("::")));
                }
                if target != *module {
                    edges.entry(module).or_default().insert(target);
                }
            } else if let Some(rule) = rules::crate_broken(module, &path[0]) {
                broken.push(format!("{rule}: {place}"));
            }
        }
    }
    broken.extend(circles(&edges));
    Ok(broken)
}

/// Collects the files below the folder of a module by their modules.
fn collect(folder: &Path, module: &[String], files: &mut BTreeMap<Module, PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let own = match path.file_stem().and_then(OsStr::to_str) {
            // The simulation is a test too, and so is what the macros have for it.
            None | Some("tests" | "simulation" | "macros") => continue,
            Some("mod" | "lib") => module.to_vec(),
            Some(stem) => [module, &[stem.to_owned()]].concat(),
        };
        if path.is_dir() {
            collect(&path, &own, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.insert(own, path);
        }
    }
    Ok(())
}

/// Returns the deepest module that a path names.
fn deepest(path: &[String], modules: &BTreeSet<Module>) -> Module {
    let mut prefixes = (0..=path.len()).rev().map(|length| path[..length].to_vec());
    prefixes.find(|prefix| modules.contains(prefix)).unwrap_or_default()
}

/// Returns a line for each circle: modules that import each other.
fn circles(edges: &BTreeMap<&Module, BTreeSet<Module>>) -> Vec<String> {
    // The modules that each imports, directly or through others (Warshall's algorithm).
    let mut reached = edges.clone();
    for via in edges.keys() {
        let further = reached[via].clone();
        let importers = reached.values_mut().filter(|targets| targets.contains(*via));
        importers.for_each(|targets| targets.extend(further.iter().cloned()));
    }
    // The modules of one circle all have the same members.
    let members = |(module, targets): (&&Module, &BTreeSet<Module>)| {
        let both = reached
            .iter()
            .filter(|(other, back)| targets.contains(**other) && back.contains(*module));
        both.map(|(other, _)| other.join("::")).collect::<Vec<_>>()
    };
    let circles: BTreeSet<Vec<String>> = reached.iter().map(members).filter(|names| !names.is_empty()).collect();
    let tell = |names: &Vec<String>| format!("no modules import each other in a circle: {}", names.join(", "));
    circles.iter().map(tell).collect()
}
