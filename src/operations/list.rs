//! `list`.

use std::collections::HashSet;

use crate::context::Cx;
use crate::error::{Error, ErrorCode, Result};
use crate::instance::Instance;
use crate::provider::Provider;

/// The most pages that are read: with 100 instances each, more than anybody has. A server that always has another page
/// would be read for ever.
const PAGES: usize = 10_000;

/// All pages of a listing, each instance once.
///
/// Pages can shift while they are read, so an instance that shows up twice is taken once. A cursor that shows up twice
/// would go round for ever: that is `PROTOCOL`.
pub(crate) async fn list(cx: &Cx, provider: &dyn Provider, managed_only: bool) -> Result<Vec<Instance>> {
    let mut instances = Vec::new();
    let mut ids = HashSet::new();
    let mut cursors = HashSet::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = provider.list(cx, cursor.as_deref(), managed_only).await?;
        for instance in page.instances {
            if (!managed_only || instance.managed) && ids.insert(instance.id.clone()) {
                instances.push(instance);
            }
        }
        let Some(next) = page.next else {
            return Ok(instances);
        };
        if !cursors.insert(next.clone()) || cursors.len() == PAGES {
            let text = "The provider sent the same page cursor twice, or pages without end.";
            return Err(Error::new(ErrorCode::Protocol, text));
        }
        cursor = Some(next);
    }
}
