//! `list`.

use std::collections::HashSet;

use super::operation_context::OperationContext;
use crate::error::{Error, Result};
use crate::model::instance::InstanceView;
use crate::model::instance_rows::{InstanceRows, RowWriter};
use crate::process::id_hash::{BuildIdHasher, IdHash, IdSeed};
use crate::protocol::paging::Cursors;
use crate::provider::{InstanceSink, ListFilter};
use crate::secret::{FieldMask, Redactor};

/// Returns all pages of a listing, each instance once: pages can shift while they are read. Credentials are masked.
///
/// Errors: `PROTOCOL` for a page cursor that comes twice, and for too many pages or bytes.
pub(super) async fn list(
    operation: OperationContext<'_>,
    filter: &ListFilter,
    redactor: &Redactor,
) -> Result<InstanceRows> {
    let mut listing = Listing {
        filter,
        mask: redactor.fields(),
        ids: SeenIds::default(),
        rows: RowWriter::new(),
        problem: None,
    };
    let mut cursors = Cursors::new(operation.context.received_bytes());
    loop {
        let next = operation
            .provider
            .list(operation.context, cursors.current(), filter, &mut listing)
            .await?;
        if let Some(problem) = listing.problem {
            return Err(problem);
        }
        if !cursors.follow(next, operation.context.received_bytes())? {
            return listing.finish(redactor);
        }
    }
}

/// What a listing has shown until now.
struct Listing<'a> {
    filter: &'a ListFilter,
    mask: FieldMask<'a>,
    ids: SeenIds,
    rows: RowWriter,
    /// Why it cannot go on.
    problem: Option<Error>,
}

impl InstanceSink for Listing<'_> {
    fn add(&mut self, instance: &InstanceView<'_>) {
        if self.problem.is_none() && self.filter.admits(instance) && self.ids.insert(instance.id) {
            self.problem = self.rows.push(instance, &self.mask).err();
        }
    }
}

impl<'a> Listing<'a> {
    fn finish(mut self, redactor: &'a Redactor) -> Result<InstanceRows> {
        // A credential that was renewed meanwhile may stand in a page that came before.
        if self.mask.is_outdated() {
            self.mask = redactor.fields();
            self.rows.mask_again(&self.mask)?;
        }
        self.rows.finish(&self.mask)
    }
}

/// The ids that a listing has shown.
#[derive(Default)]
struct SeenIds {
    seed: IdSeed,
    seen: HashSet<IdHash, BuildIdHasher>,
}

impl SeenIds {
    /// Adds an id. Returns whether it is new.
    fn insert(&mut self, id: &str) -> bool {
        self.seen.insert(self.seed.hash(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::instance::Status;
    use crate::secret::Secret;

    #[test]
    fn a_credential_that_is_renewed_is_masked_on_all_pages() {
        let instance = |id| InstanceView {
            id,
            own: [].into(),
            name: Some("x-renewed-token"),
            status: Status::Running,
            created_at: None,
            url: None,
            managed: false,
            owner: None,
            image: None,
            launch: None,
        };
        let mut redactor = Redactor::default();
        redactor.add_credential(&Secret::new("first-token".to_owned()));
        let late = redactor.begin_call();
        let mut listing = Listing {
            filter: &ListFilter::All,
            mask: redactor.fields(),
            ids: SeenIds::default(),
            rows: RowWriter::new(),
            problem: None,
        };
        listing.add(&instance("a"));
        late.add(&Secret::new("renewed-token".to_owned()));
        listing.add(&instance("b"));
        listing.add(&instance("a"));
        let text = listing.finish(&redactor).unwrap().into_json();
        let shapes = r#"[{"name":null,"status":"running","managed":false}]"#;
        assert_eq!(text, format!(r#"[0,"a","x-[redacted]",0,"b","x-[redacted]",{shapes}]"#));
    }
}
