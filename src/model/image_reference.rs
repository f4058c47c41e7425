//! References to container images.

/// Defaults of the parts that a short reference leaves out.
const REGISTRY: &str = "docker.io";
const NAMESPACE: &str = "library";
const TAG: &str = "latest";

/// A reference to a container image, as it is written: nothing is filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ImageReference<'a> {
    /// The host of the registry, with its port.
    pub(crate) registry: Option<&'a str>,
    /// The part between registry and version: `repo`, `user/repo`, `team/project/repo`.
    pub(crate) path: &'a str,
    /// The tag with its colon, or the digest with its `@`.
    version: Option<&'a str>,
}

impl<'a> ImageReference<'a> {
    /// Splits a reference. Any text is one: whether the image exists is for the provider to say.
    pub(crate) fn parse(text: &'a str) -> Self {
        let version_at = text.find('@').or_else(|| {
            // A colon before a slash belongs to the registry's port.
            text.rfind(':').filter(|&colon| !text[colon..].contains('/'))
        });
        let (name, version) = text.split_at(version_at.unwrap_or(text.len()));
        let (registry, path) = match name.split_once('/') {
            Some((host, path)) if is_host(host) => (Some(host), path),
            _ => (None, name),
        };
        Self {
            registry,
            path,
            version: (!version.is_empty()).then_some(version),
        }
    }

    /// Returns registry, namespace, name and version, with the defaults filled in.
    fn canonical(self) -> String {
        let registry = match self.registry {
            None | Some("index.docker.io" | "registry-1.docker.io") => REGISTRY,
            Some(other) => other,
        };
        let namespace = if registry == REGISTRY && !self.path.contains('/') {
            format!("{NAMESPACE}/")
        } else {
            String::new()
        };
        let version = self.version.map_or_else(|| format!(":{TAG}"), str::to_owned);
        format!("{registry}/{namespace}{}{version}", self.path)
    }
}

/// Returns whether two references mean the same image. A provider may return the long form of what it was sent
/// (docs/providers/render.md).
pub(crate) fn is_same_image(one: &str, other: &str) -> bool {
    ImageReference::parse(one).canonical() == ImageReference::parse(other).canonical()
}

fn is_host(part: &str) -> bool {
    part.contains(['.', ':']) || part == "localhost"
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
