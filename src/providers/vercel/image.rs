//! Recognizes images that a sandbox cannot run. It runs only those of Vercel's own registry (docs/providers/vercel.md).

use crate::model::image_reference::ImageReference;

/// Returns whether a reference can only mean another registry's image.
///
/// Vercel's references have the forms `repo`, `team/project/repo` and a fully qualified one, each with a tag or a digest.
/// A path of two parts, such as Docker Hub's `user/repo`, is foreign, and so is any other host.
pub(super) fn is_foreign(image: &str) -> bool {
    let reference = ImageReference::parse(image);
    match reference.registry {
        Some(host) => {
            let host = host.split(':').next().unwrap_or_default();
            host != "vercel.com" && !host.ends_with(".vercel.com") && !host.ends_with(".vercel.sh")
        }
        None => reference.path.split('/').count() == 2,
    }
}

#[cfg(test)]
mod tests {
    use super::is_foreign;

    #[test]
    fn forms_of_other_registries_are_told_apart() {
        for image in [
            "computesdk/compute:latest",
            "docker.io/library/nginx",
            "ghcr.io/a/b:1",
            "localhost:5000/a",
            "a/b@sha256:00",
            "registry.example.com/vercel.com/x",
            "vercel.com.example.org/a/b/c",
        ] {
            assert!(is_foreign(image), "{image}");
        }
        for image in [
            "box",
            "box:1",
            "box@sha256:00",
            "vercel/sandbox/node:24",
            "team/project/repo:tag",
            "vcr.vercel.com/team/project/repo:tag",
        ] {
            assert!(!is_foreign(image), "{image}");
        }
    }
}
