//! Which layer may import which, and which crates have one place.

use crate::Module;

/// Returns the layers that a layer may import. Whoever is not in the list may not be imported.
fn imports_allowed(layer: &str) -> Option<&'static str> {
    Some(match layer {
        "node" => "operations process providers provider http model context input error secret",
        // A provider is known by its trait alone.
        "operations" => "process provider protocol model context input error secret",
        // A provider gets what it needs of the process handed in.
        "providers" => "provider protocol http model context input error secret",
        "process" => "provider http model context error secret",
        "provider" => "http model context input error secret",
        "protocol" => "http error secret",
        "http" => "context error secret",
        "model" => "context input error secret",
        "context" | "input" => "error secret",
        "error" => "secret",
        "secret" => "",
        _ => return None,
    })
}

/// Crates that only these modules name: the root alone, or a module with everything below it.
const CRATES: [(&str, &[&str]); 9] = [
    ("napi", &["", "node"]),
    ("napi_derive", &["", "node"]),
    ("reqwest", &["http::reqwest"]),
    ("hyper", &["http::hyper"]),
    ("hyper_rustls", &["http::hyper"]),
    // How it reads NO_PROXY decides which transport sends.
    ("hyper_util", &["http::hyper", "http::proxy"]),
    ("rustls", &["http::reqwest", "http::hyper", "http::connect_error"]),
    ("rustls_platform_verifier", &["http::hyper"]),
    ("tower_service", &["http::hyper"]),
];

/// Returns the rule that an import within the addon breaks.
pub fn layer_broken(from: &Module, to: &Module) -> Option<String> {
    let (Some(from_layer), Some(to_layer)) = (from.first(), to.first()) else {
        // The root only lists the layers, and holds nothing to import.
        return (!from.is_empty()).then(|| "nothing is imported from the root".to_owned());
    };
    if from_layer == to_layer {
        // `providers` itself lists them.
        let are_two = from_layer == "providers" && from.len() > 1 && to.len() > 1 && from[1] != to[1];
        return are_two.then(|| "no provider imports another".to_owned());
    }
    let Some(allowed) = imports_allowed(from_layer) else {
        return Some(format!("{from_layer} is no layer"));
    };
    let is_allowed = allowed.split(' ').any(|layer| layer == to_layer);
    (!is_allowed).then(|| format!("{from_layer} may not import {to_layer}"))
}

/// Returns the rule that naming another crate breaks.
pub fn crate_broken(module: &Module, name: &str) -> Option<String> {
    let (_, places) = CRATES.iter().find(|(known, _)| *known == name)?;
    let is_allowed = places.iter().any(|place| match *place {
        "" => module.is_empty(),
        place => format!("{}::", module.join("::")).starts_with(&format!("{place}::")),
    });
    (!is_allowed).then(|| format!("the crate {name} has one place"))
}
