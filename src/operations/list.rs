//! `list`.

use std::collections::HashSet;

use crate::context::Cx;
use crate::error::Result;
use crate::model::instance::Instance;
use crate::protocol::paging::Cursors;
use crate::provider::Provider;

/// All pages of a listing, each instance once.
///
/// Pages can shift while they are read, so an instance that shows up twice is taken once. A cursor that shows up twice
/// would go round for ever: that is `PROTOCOL`.
pub(crate) async fn list(cx: &Cx, provider: &dyn Provider, managed_only: bool) -> Result<Vec<Instance>> {
    let mut instances = Vec::new();
    let mut ids = HashSet::new();
    let mut cursors = Cursors::default();
    loop {
        let page = provider.list(cx, cursors.current(), managed_only).await?;
        for instance in page.instances {
            if (!managed_only || instance.managed) && ids.insert(instance.id.clone()) {
                instances.push(instance);
            }
        }
        if !cursors.follow(page.next)? {
            return Ok(instances);
        }
    }
}
