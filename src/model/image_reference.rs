//! Whether two references mean the same container image.

/// The registry, namespace and tag that a short reference leaves out.
const REGISTRY: &str = "docker.io";
const NAMESPACE: &str = "library";
const TAG: &str = "latest";

/// Compares two references as registries do: a provider may return the long form of what it was sent
/// (`reference/render.md` §4.2).
pub(crate) fn is_same_image(one: &str, other: &str) -> bool {
    full(one) == full(other)
}

fn full(reference: &str) -> String {
    let (name, version) = match reference.split_once('@') {
        Some((name, digest)) => (name, format!("@{digest}")),
        None => match reference.rsplit_once(':') {
            // A colon before a slash belongs to the registry's port.
            Some((name, tag)) if !tag.contains('/') => (name, format!(":{tag}")),
            _ => (reference, format!(":{TAG}")),
        },
    };
    let is_host = |part: &str| part.contains(['.', ':']) || part == "localhost";
    let path = match name.split_once('/') {
        Some((host, path)) if is_host(host) => {
            let host = canonical(host);
            if host == REGISTRY && !path.contains('/') {
                return format!("{host}/{NAMESPACE}/{path}{version}");
            }
            return format!("{host}/{path}{version}");
        }
        Some(_) => name.to_owned(),
        None => format!("{NAMESPACE}/{name}"),
    };
    format!("{REGISTRY}/{path}{version}")
}

fn canonical(host: &str) -> &str {
    match host {
        "index.docker.io" | "registry-1.docker.io" => REGISTRY,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::is_same_image;

    #[test]
    fn short_and_long_forms_are_the_same() {
        for (one, other) in [
            ("nginx", "docker.io/library/nginx:latest"),
            ("docker.io/nginx", "docker.io/library/nginx:latest"),
            ("index.docker.io/nginx:1", "nginx:1"),
            ("computesdk/compute:latest", "docker.io/computesdk/compute"),
            ("index.docker.io/a/b:1", "a/b:1"),
            ("localhost:5000/a", "localhost:5000/a:latest"),
            ("a/b@sha256:00", "docker.io/a/b@sha256:00"),
        ] {
            assert!(is_same_image(one, other), "{one} {other}");
        }
    }

    #[test]
    fn different_images_are_told_apart() {
        for (one, other) in [
            ("nginx:1", "nginx:2"),
            ("a/b", "c/b"),
            ("ghcr.io/a/b", "a/b"),
            ("a@sha256:00", "a:latest"),
        ] {
            assert!(!is_same_image(one, other), "{one} {other}");
        }
    }
}
