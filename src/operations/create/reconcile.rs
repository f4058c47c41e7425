//! Sends a create so that exactly one resource comes of it, or none, or an error that names what may exist.
//!
//! A create whose response was lost is neither sent again blindly, which would make a second resource, nor given up, which
//! would leave one that no caller knows of. It is looked up by its handle until it is found and adopted, or surely absent and
//! sent again. Where the provider makes one resource of two requests, it is sent again at once.

use std::time::Duration;

use tokio::time::Instant;

use super::creation::Creation;
use super::decision::{Decision, Failure, IfAbsent, decide};
use crate::context::CallContext;
use crate::error::{Error, ErrorCode, Outcome, Result};
use crate::model::handle::{Handle, Origin};
use crate::model::instance::Instance;
use crate::operations::operation_context::OperationContext;
use crate::operations::polling::Polling;
use crate::process::instances::PendingCreate;

/// A resource is absent only after this many lookups, besides the absence window.
const MINIMUM_PROBES: u32 = 5;

/// The first wait between two lookups, doubled for each further one.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// The longest wait between two lookups.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// How much longer than the absence window a search may take, for lookups that are slow or fail.
const SLACK: Duration = Duration::from_secs(120);

/// The same for a create that the caller has cancelled: no caller waits, and only this search knows what may exist.
pub(super) const CANCELLED_SLACK: Duration = Duration::from_secs(900);

/// The resource of a create.
pub(super) struct CreatedResource {
    pub(super) instance: Instance,
    /// Whether this call created it, and so may delete it. Another caller may hold what an earlier call with the same
    /// idempotency key created.
    pub(super) created_here: bool,
    /// A request of this create that may still take effect.
    pub(super) pending_create: Option<PendingCreate>,
}

impl CreatedResource {
    fn new(instance: Instance, created_here: bool) -> Self {
        Self {
            instance,
            created_here,
            pending_create: None,
        }
    }
}

impl Creation<'_> {
    /// Creates the resource, or adopts the one that this create, or an earlier one with the same key, has made.
    pub(super) async fn send(&self) -> Result<CreatedResource> {
        // A caller's name or key may already be in use. Checked before the first attempt, so that whatever is found after a
        // lost response is known to be younger.
        if self.handle.origin() != Origin::Random
            && let Some(existing) = self.find_existing().await?
        {
            return Ok(CreatedResource::new(existing, false));
        }
        let mut pending_create = None;
        let created = self.send_until_known(&mut pending_create).await?;
        Ok(CreatedResource {
            pending_create,
            ..created
        })
    }

    /// Sends until it is known what came of it.
    async fn send_until_known(&self, pending_create: &mut Option<PendingCreate>) -> Result<CreatedResource> {
        let OperationContext {
            context,
            provider,
            semantics,
            ..
        } = self.operation;
        let mut sent = 0;
        let mut polling = Polling::new();
        loop {
            let attempt = provider.create(context, self.request, self.handle).await;
            sent += 1;
            let error = match attempt {
                Ok(instance) => return Ok(CreatedResource::new(instance, true)),
                Err(error) => error,
            };
            let decision = decide(Failure {
                code: error.code(),
                outcome: error.outcome(),
                origin: self.handle.origin(),
                sent,
                max_retries: self.max_retries,
                create_is_idempotent: semantics.create_is_idempotent,
                earlier_is_pending: pending_create.is_some(),
            });
            let still_pending = || PendingCreate {
                handle: self.handle.clone(),
                until: context.now() + semantics.absence_window,
            };
            let if_absent = match decision {
                Decision::Fail => return Err(error),
                Decision::NameTaken => return Err(self.add_holder(error).await),
                Decision::AdoptOwn => return self.adopt(error, true).await,
                Decision::AdoptEarlier => return self.adopt(error, false).await,
                Decision::SendAgain => {
                    *pending_create = Some(still_pending());
                    if context.sleep(polling.next_wait()).await.is_ok() {
                        continue;
                    }
                    // The caller has cancelled: what the requests have made has to be found and deleted.
                    IfAbsent::FailWithoutEffect
                }
                Decision::LookUp { pending, if_absent } => {
                    if pending {
                        *pending_create = Some(still_pending());
                    }
                    if_absent
                }
            };
            match self.look_up().await {
                LookupResult::Found(instance) => return self.confirm_ownership(instance, &error).await,
                // Nothing was made, so there is nothing to clean up.
                LookupResult::Absent if context.is_cancelled() => return Err(Error::aborted()),
                LookupResult::Absent => match if_absent {
                    // The search was long enough for every request so far.
                    IfAbsent::SendAgain => *pending_create = None,
                    IfAbsent::Fail => return Err(error),
                    IfAbsent::FailWithoutEffect => {
                        let note = format!("Sent {sent} times; nothing was made");
                        return Err(error.with_outcome(Outcome::NoEffect).with_note(&note));
                    }
                },
                LookupResult::Inconclusive(search_error) => return Err(self.outcome_unknown(&error, &search_error)),
            }
        }
    }

    /// Finds a resource that had the name before this create began. Under the caller's own name it is another's and
    /// never adopted; under a key an earlier call created it.
    async fn find_existing(&self) -> Result<Option<Instance>> {
        let found = find(self.operation, self.handle).await;
        match found.map_err(|error| error.with_outcome(Outcome::NoEffect))? {
            Some(holder) if self.handle.origin() == Origin::Caller => Err(self.name_taken(holder)),
            found => Ok(found),
        }
    }

    /// Finds the resource that is known to have the name, however long reads take to show it.
    async fn adopt(&self, clash: Error, created_here: bool) -> Result<CreatedResource> {
        match self.look_up().await {
            LookupResult::Found(instance) if created_here => self.confirm_ownership(instance, &clash).await,
            LookupResult::Found(instance) => Ok(CreatedResource::new(instance, created_here)),
            // The name is taken, and no resource of that name shows.
            LookupResult::Absent => {
                let unseen = Error::new(ErrorCode::NotFound, "its name is taken, but it was not seen");
                Err(self.outcome_unknown(&clash, &unseen))
            }
            LookupResult::Inconclusive(search_error) => Err(self.outcome_unknown(&clash, &search_error)),
        }
    }

    /// Adopts a found resource if its ownership token shows that this create made it.
    ///
    /// Another create may have made a resource under a key or a caller's name: at the same time, or so shortly before that
    /// the first lookup did not show it.
    async fn confirm_ownership(&self, instance: Instance, lost: &Error) -> Result<CreatedResource> {
        let OperationContext {
            context,
            provider,
            semantics,
            ..
        } = self.operation;
        let Some(token) = self.handle.ownership_token() else {
            return Ok(CreatedResource::new(instance, true));
        };
        let search = Search::new(context, semantics.absence_window);
        let mut polling = Polling::new();
        loop {
            // A missing token counts only in a read that began after reads have ceased to lag.
            let reads_are_current = search.elapsed() >= semantics.visibility_lag;
            let seen = match search.remaining() {
                Some(remaining) => {
                    let detached = context.detached(remaining);
                    provider.has_ownership_token(&detached, &instance, token).await
                }
                None => return Err(self.outcome_unknown(lost, &timed_out()).with_instance_id(instance.id)),
            };
            match seen {
                Ok(Some(true)) => return Ok(CreatedResource::new(instance, true)),
                Ok(Some(false)) => break,
                // No token after all this time: no create of this package made it.
                Ok(None) if reads_are_current => break,
                Err(error) if !search.may_continue_after(&error) => {
                    return Err(self.outcome_unknown(lost, &error).with_instance_id(instance.id));
                }
                Ok(None) | Err(_) => {}
            }
            context.sleep_uncancelled(polling.next_wait()).await;
        }
        // It is another create's. Our lost request may still arrive: it finds its name taken, unless the holder is deleted
        // first. So the holder is not handed out while that request can still take effect.
        let window = semantics.absence_window;
        context.sleep(window.saturating_sub(search.elapsed())).await?;
        match self.handle.origin() {
            Origin::Key => Ok(CreatedResource::new(instance, false)),
            Origin::Random | Origin::Caller => Err(self.name_taken(instance)),
        }
    }

    /// Looks up the handle until it is found or surely absent.
    async fn look_up(&self) -> LookupResult {
        let OperationContext { context, semantics, .. } = self.operation;
        let search = Search::new(context, semantics.absence_window);
        let mut wait = FIRST_WAIT;
        let mut absences = 0;
        let mut failure = None;
        loop {
            let Some(remaining) = search.remaining() else {
                return LookupResult::Inconclusive(failure.unwrap_or_else(timed_out));
            };
            // A lookup counts from the moment at which it began: a slow response may tell of a state that is long past.
            let window_is_over = search.elapsed() >= search.window;
            let detached = context.detached(remaining);
            match find(self.operation.under(&detached), self.handle).await {
                Ok(Some(instance)) => return LookupResult::Found(instance),
                Ok(None) => {
                    absences += 1;
                    if window_is_over && absences >= MINIMUM_PROBES {
                        return LookupResult::Absent;
                    }
                    failure = None;
                }
                Err(error) if !search.may_continue_after(&error) => return LookupResult::Inconclusive(error),
                Err(error) => failure = Some(error),
            }
            context.sleep_uncancelled(wait).await;
            wait = LONGEST_WAIT.min(wait * 2);
        }
    }

    /// Makes the error of a name that is another resource's.
    fn name_taken(&self, holder: Instance) -> Error {
        Error::new(ErrorCode::AlreadyExists, "An instance of this name exists already.")
            .with_instance_id(holder.id)
            .with_resource_name(self.handle.name())
    }

    /// Adds the id of the resource that has the name, if one lookup tells it.
    async fn add_holder(&self, clash: Error) -> Error {
        let clash = clash.with_resource_name(self.handle.name());
        match find(self.operation, self.handle).await {
            Ok(Some(holder)) => clash.with_instance_id(holder.id),
            _ => clash,
        }
    }

    /// Makes the error of a create that may have made something.
    fn outcome_unknown(&self, error: &Error, search_error: &Error) -> Error {
        let note = format!("The resource may have been created; looking it up failed ({search_error})");
        error
            .clone()
            .with_code(ErrorCode::OutcomeUnknown)
            .with_outcome(Outcome::Unknown)
            .with_resource_name(self.handle.name())
            .with_repeatable(self.handle.origin() == Origin::Key)
            .with_note(&note)
    }
}

/// How a search for a handle ended.
enum LookupResult {
    Found(Instance),
    /// Not seen, often enough and over long enough a time.
    Absent,
    /// The lookups themselves failed.
    Inconclusive(Error),
}

/// How long a search for a lost create has taken, and how long it may take.
struct Search<'a> {
    /// The create's. Its cancellation does not end the search: what is found has to be deleted.
    context: &'a CallContext,
    began: Instant,
    window: Duration,
}

impl<'a> Search<'a> {
    fn new(context: &'a CallContext, window: Duration) -> Self {
        Self {
            context,
            began: context.now(),
            window,
        }
    }

    fn elapsed(&self) -> Duration {
        self.context.now() - self.began
    }

    /// Returns how long the next lookup may take; `None` if the search is over.
    fn remaining(&self) -> Option<Duration> {
        let slack = if self.context.is_cancelled() {
            CANCELLED_SLACK
        } else {
            SLACK
        };
        let left = (self.window + slack).saturating_sub(self.elapsed());
        (!left.is_zero()).then_some(left)
    }

    /// Returns whether the search goes on after an error. A permanent error ends it, unless the caller has cancelled: then
    /// no caller can be told, and the error page of a proxy must not leave a resource behind.
    fn may_continue_after(&self, error: &Error) -> bool {
        (error.is_transient() || self.context.is_cancelled()) && self.remaining().is_some()
    }
}

/// Looks up a handle once. A resource that this process has deleted is not found although reads may still show it, nor is
/// one that another create is about to delete.
async fn find(operation: OperationContext<'_>, handle: &Handle) -> Result<Option<Instance>> {
    let OperationContext {
        context,
        process,
        provider,
        semantics,
        scope,
    } = operation;
    let found = provider.find(context, handle).await?;
    let instances = &process.instances;
    let was_deleted = |id: &str| semantics.ids_are_never_reused && instances.was_deleted(scope, id);
    Ok(found.filter(|instance| !instances.is_deleting(scope, &instance.id) && !was_deleted(&instance.id)))
}

fn timed_out() -> Error {
    Error::new(ErrorCode::Timeout, "The search took too long.")
}
