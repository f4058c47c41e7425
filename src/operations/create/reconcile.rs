//! Sends a create so that it makes exactly one resource, or none, or rejects with an error that names what may exist.
//!
//! A create whose response was lost is looked up once by its handle. What is not seen is sent again at once: the provider
//! lets one name exist once, so the second request makes the resource, or is refused because the first has made it.
//! Uniqueness is the provider's word. So after more than one request the handle is watched when the call has settled.

use std::time::Duration;

use super::adopted::is_same_instance;
use super::creation::Creation;
use super::decision::{Decision, Failure, IfAbsent, decide};
use super::search::{LookupResult, Search, timed_out};
use super::sending::{LOOKUP_LIMIT, Requests, Sent};
use crate::context::events::ReconcileStep;
use crate::error::{Error, ErrorCode, Message, Operation, Outcome, Result};
use crate::model::handle::Origin;
use crate::model::instance::Instance;
use crate::operations::background::{Pace, Watch};
use crate::operations::destroy::delete_late;
use crate::operations::handle_lookup::find_all;
use crate::operations::late_cleanups::LateCleanups;
use crate::operations::operation_context::OperationContext;
use crate::operations::polling::Polling;
use crate::process::instances::PendingCreate;
use crate::provider::OwnershipToken;

/// How long a request may hang at the provider after it was given up here, besides the absence window.
pub(in crate::operations) const HANG_LIMIT: Duration = Duration::from_secs(60);

/// The wait between the two lookups after a refusal that may hide an effect.
const BRIEF_WAIT: Duration = Duration::from_secs(2);

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
            && !mutated!(IgnoresExistingKey)
            && let Some(existing) = self.find_existing().await?
        {
            return Ok(self.adopted(existing, false));
        }
        let prepared = self
            .operation
            .provider
            .prepare(self.operation.context, self.request)
            .await;
        prepared.map_err(|error| error.with_outcome(Outcome::NoEffect))?;
        let requests = Requests::default();
        let created = self.send_until_known(&requests).await;
        let OperationContext { context, semantics, .. } = self.operation;
        let was_repeated = requests.count() > 1;
        // An earlier request may still take effect, later if it hung, and reads may show that later still.
        let hang = if requests.was_given_up() && !mutated!(ForgetsHang) {
            HANG_LIMIT
        } else {
            Duration::ZERO
        };
        let pending_until = context.now() + hang + semantics.absence_window;
        let created = match created {
            Ok(created) => created,
            Err(error) => {
                if was_repeated || requests.was_lost() || error.outcome().is_unclear() {
                    self.watch_after_failure(&error, hang);
                }
                return Err(error);
            }
        };
        if mutated!(ForgetsWatch) {
            return Ok(created);
        }
        // One lost request made what was found, unless that is another create's.
        if !was_repeated && (created.created_here || !requests.was_lost()) {
            return Ok(created);
        }
        let pending_create = PendingCreate {
            handle: self.handle.clone(),
            until: pending_until,
        };
        Ok(CreatedResource {
            pending_create: Some(pending_create),
            ..created
        })
    }

    /// Has what the requests of a create may still make deleted, besides the instance that it has found or made.
    ///
    /// `cleanups`: those of the create, if it has failed since.
    pub(super) fn watch_pending(&self, pending_create: PendingCreate, id: String, cleanups: Option<LateCleanups>) {
        let PendingCreate { handle, until } = pending_create;
        self.operation.background.add(Watch::Create {
            handle,
            kept: Some(id),
            until: if mutated!(WatchEndsWithAbsenceWindow) {
                until
            } else {
                until + self.operation.semantics.visibility_lag
            },
            pace: Pace::Repeatedly,
            cleanups,
        });
    }

    /// Has what a failed create makes late deleted, where no later call may adopt it.
    ///
    /// Under a key a repeated call adopts it, also in another process. After an unknown outcome the caller decides.
    fn watch_after_failure(&self, error: &Error, hang: Duration) {
        let OperationContext { context, semantics, .. } = self.operation;
        let is_aborted = context.is_cancelled();
        // After an abort no caller gets the error, so neither applies.
        let is_callers = self.handle.origin() == Origin::Key || error.code() == ErrorCode::OutcomeUnknown;
        if is_callers && !is_aborted {
            return;
        }
        if is_aborted && mutated!(ForgetsAbortedCreate) {
            return;
        }
        if !is_aborted && mutated!(ForgetsFailedCreate) {
            return;
        }
        // An abort may have ended the wait for the absence window.
        let window = if is_aborted {
            semantics.absence_window
        } else {
            Duration::ZERO
        };
        let left = hang + window;
        // Its own resource, as far as it could tell, is the caller's to delete. After an abort no caller deletes it, and after a
        // clash the watch keeps it by its token, if it is another's.
        let is_clash = error.code() == ErrorCode::AlreadyExists;
        let kept = error.details().instance_id.clone().filter(|_| !is_aborted && !is_clash);
        self.operation.background.add(Watch::Create {
            handle: self.handle.clone(),
            kept,
            until: context.now() + left + semantics.visibility_lag,
            pace: if left.is_zero() { Pace::Once } else { Pace::Repeatedly },
            cleanups: Some(LateCleanups::default()),
        });
    }

    /// Sends until the outcome is known.
    async fn send_until_known(&self, requests: &Requests) -> Result<CreatedResource> {
        let OperationContext { context, semantics, .. } = self.operation;
        let mut polling = Polling::new();
        loop {
            let error = match self.send_request(requests).await {
                Sent::Created(instance) => return Ok(CreatedResource::new(instance, true)),
                Sent::Seen(instance, hung) => return self.confirm_ownership(instance, &hung).await,
                Sent::Failed(error) => error,
            };
            if error.outcome().is_unclear() && !mutated!(TakesUnclearRefusalForNone) {
                requests.lose();
            }
            let sent = requests.count();
            let decision = decide(Failure {
                code: error.code(),
                outcome: error.outcome(),
                origin: self.handle.origin(),
                sent,
                max_retries: self.max_retries,
                create_is_idempotent: semantics.create_is_idempotent,
            });
            let if_absent = match decision {
                Decision::Fail => return Err(error),
                Decision::NameTaken => return self.resolve_clash(error).await,
                Decision::AdoptOwn => return self.adopt(error, true).await,
                Decision::AdoptEarlier => return self.adopt(error, false).await,
                Decision::LookUpBriefly => return self.look_up_briefly(error).await,
                Decision::SendAgain { look_up_first } => {
                    if look_up_first && !context.is_cancelled() && !mutated!(SendsBeforeLooking) {
                        match self.look_up_once().await {
                            Ok(Some(instance)) => return self.confirm_ownership(instance, &error).await,
                            Err(failed) if !failed.is_transient() => return Err(self.outcome_unknown(&error, &failed)),
                            Ok(None) | Err(_) => {}
                        }
                    }
                    if context.sleep(polling.next_wait()).await.is_ok() {
                        self.observe(ReconcileStep::Resent, None);
                        continue;
                    }
                    // The caller has cancelled: what the requests have made has to be found and deleted.
                    IfAbsent::FailWithoutEffect
                }
                Decision::LookUp { if_absent } => if_absent,
            };
            return match self.look_up().await {
                LookupResult::Found(instance) => self.confirm_ownership(instance, &error).await,
                // Nothing was made, so there is nothing to clean up.
                LookupResult::Absent if context.is_cancelled() => Err(Error::aborted()),
                LookupResult::Absent => match if_absent {
                    IfAbsent::Fail => Err(error),
                    IfAbsent::FailWithoutEffect => {
                        let note = Message::ours(format!("Sent {sent} times; nothing was made"));
                        Err(error.with_outcome(Outcome::NoEffect).with_note(note))
                    }
                },
                LookupResult::Inconclusive(search_error) => Err(self.outcome_unknown(&error, &search_error)),
            };
        }
    }

    /// Looks up the handle twice within a few seconds after a refusal that may hide an effect. What is found is adopted.
    /// Otherwise the call rejects with the refusal and the name under which something may exist.
    async fn look_up_briefly(&self, refusal: Error) -> Result<CreatedResource> {
        let mut failure = None;
        for wait in [Duration::ZERO, BRIEF_WAIT] {
            self.operation.context.sleep_uncancelled(wait).await;
            match self.look_up_once().await {
                Ok(Some(instance)) => return self.confirm_ownership(instance, &refusal).await,
                Ok(None) => failure = None,
                Err(error) => failure = Some(error),
            }
        }
        Err(match failure {
            Some(failure) => self.outcome_unknown(&refusal, &failure),
            None => refusal.with_resource_name(self.handle.name()),
        })
    }

    /// Finds a resource that had the name before this create began. Under the caller's own name it is another's and
    /// never adopted; under a key an earlier call created it.
    async fn find_existing(&self) -> Result<Option<Instance>> {
        let found = self.find_what_has_the_name().await;
        let mut found = found
            .map_err(|error| error.with_outcome(Outcome::NoEffect))?
            .into_iter();
        match found.next() {
            Some(holder) if self.handle.origin() == Origin::Caller && !mutated!(AdoptsTakenName) => {
                Err(self.name_taken(&holder))
            }
            Some(oldest) => {
                // From now on no other call of this process deletes it as made late.
                self.operation.instances().adopted(&oldest.id);
                self.repair(&oldest, found.collect()).await?;
                Ok(Some(oldest))
            }
            None => Ok(None),
        }
    }

    /// Looks up the name. What this process created under it, and reads do not show yet, is waited for: without it, another
    /// resource of the name would be adopted, or a second one made where a name may exist twice.
    async fn find_what_has_the_name(&self) -> Result<Vec<Instance>> {
        let OperationContext { context, semantics, .. } = self.operation;
        let mut polling = Polling::new();
        loop {
            let unseen = self.unseen_holder(semantics.visibility_lag);
            let found = find_all(self.operation, self.handle).await?;
            match unseen {
                Some(id) if found.iter().all(|instance| instance.id != id) => {
                    context.sleep(polling.next_wait()).await?;
                }
                _ => return Ok(found),
            }
        }
    }

    /// Returns the id of what this process created under the name so shortly ago that reads may not show it.
    fn unseen_holder(&self, lag: Duration) -> Option<String> {
        let instances = self.operation.instances();
        let id = instances.id_of(self.handle.name())?;
        let is_young = instances.unseen_for(&id).is_some_and(|age| age < lag);
        let is_leaving = instances.was_deleted(&id) || instances.is_deleting(&id);
        (is_young && !is_leaving && !mutated!(ForgetsUnseenHolder)).then_some(id)
    }

    /// Deletes what the requests of one earlier create made besides the oldest: its process died before it could.
    async fn repair(&self, oldest: &Instance, others: Vec<Instance>) -> Result<()> {
        let OperationContext { context, provider, .. } = self.operation;
        if others.is_empty() || mutated!(ForgetsRepair) {
            return Ok(());
        }
        let OwnershipToken::Value(token) = provider.ownership_token(context, oldest).await? else {
            return Ok(());
        };
        for other in others {
            if provider.ownership_token(context, &other).await?.is(&token) == Some(true) {
                delete_late(self.operation, self.handle, &other, None).await?;
            }
        }
        Ok(())
    }

    /// Finds the resource that is known to have the name, however long reads take to show it.
    async fn adopt(&self, clash: Error, created_here: bool) -> Result<CreatedResource> {
        match self.look_up().await {
            LookupResult::Found(instance) if created_here => self.confirm_ownership(instance, &clash).await,
            LookupResult::Found(instance) => Ok(self.adopted(instance, created_here)),
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
    async fn confirm_ownership(&self, mut instance: Instance, lost: &Error) -> Result<CreatedResource> {
        let OperationContext { context, semantics, .. } = self.operation;
        let Some(token) = self.handle.ownership_token().filter(|_| !mutated!(AdoptsWithoutToken)) else {
            return Ok(self.adopted(instance, true));
        };
        let search = Search::new(context, semantics.absence_window);
        loop {
            if self.bears_token(&instance, token, &search, lost).await? {
                return Ok(self.adopted(instance, true));
            }
            // It is another create's. Our lost request may still arrive: it finds its name taken, unless the holder is deleted
            // first. So the holder is not handed out while that request can still take effect.
            let window = semantics.absence_window;
            context.sleep(window.saturating_sub(search.elapsed())).await?;
            if self.handle.origin() != Origin::Key {
                return Err(self.name_taken(&instance));
            }
            let holder = match self.look_up_once().await {
                _ if mutated!(HandsOutFormerHolder) => Some(instance.clone()),
                Ok(holder) => holder,
                Err(error) => return Err(self.outcome_unknown(lost, &error).with_instance_id(instance.id)),
            };
            match holder {
                Some(holder) if is_same_instance(semantics, &holder, &instance) => {
                    return Ok(self.adopted(holder, false));
                }
                // The lost request has made it since, or yet another create.
                Some(holder) => instance = holder,
                None => {
                    let gone = Error::new(
                        ErrorCode::NotFound,
                        "another create's instance had its name, and is gone",
                    );
                    return Err(self.outcome_unknown(lost, &gone));
                }
            }
        }
    }

    /// Returns whether an instance bears this create's ownership token.
    async fn bears_token(&self, instance: &Instance, token: &str, search: &Search<'_>, lost: &Error) -> Result<bool> {
        let OperationContext {
            context,
            provider,
            semantics,
            ..
        } = self.operation;
        let mut polling = Polling::new();
        loop {
            // A missing token counts only in a read that began after reads have ceased to lag.
            let reads_are_current = search.elapsed() >= semantics.visibility_lag;
            let Some(remaining) = search.remaining() else {
                let unknown = self.outcome_unknown(lost, &timed_out());
                return Err(unknown.with_instance_id(&instance.id));
            };
            let detached = context.detached(remaining);
            let shown = provider.ownership_token(&detached, instance).await;
            match shown.map(|shown| shown.is(token)) {
                Ok(Some(is_own)) => return Ok(is_own),
                // No token after all this time: no create of this package made it.
                Ok(None) if reads_are_current => return Ok(false),
                Err(error) if !search.may_continue_after(&error) => {
                    return Err(self.outcome_unknown(lost, &error).with_instance_id(&instance.id));
                }
                Ok(None) | Err(_) => {}
            }
            context.sleep_uncancelled(polling.next_wait()).await;
        }
    }

    /// Takes what an earlier request has made.
    fn adopted(&self, instance: Instance, created_here: bool) -> CreatedResource {
        self.observe(ReconcileStep::Adopted, Some(&instance.id));
        if !created_here {
            self.operation.instances().adopted(&instance.id);
        }
        CreatedResource::new(instance, created_here)
    }

    /// Makes the error of a name that is another resource's.
    fn name_taken(&self, holder: &Instance) -> Error {
        let error = Error::new(ErrorCode::AlreadyExists, "An instance of this name exists already.");
        self.with_holder(error.with_resource_name(self.handle.name()), holder)
    }

    /// Adds the id of the resource that has the name. Where another kind of resource has it, `getById` knows no such id.
    fn with_holder(&self, error: Error, holder: &Instance) -> Error {
        match self.operation.provider.read_id(Operation::GetById, &holder.id) {
            Ok(id) => error.with_instance_id(id),
            Err(_) => error,
        }
    }

    /// Looks up once whose resource has the caller's name. It is this create's if its request arrived twice, or if the answer was
    /// about something else. One that does not show yet may be, too.
    async fn resolve_clash(&self, clash: Error) -> Result<CreatedResource> {
        let clash = clash.with_resource_name(self.handle.name());
        if mutated!(BelievesClash) {
            return Err(clash);
        }
        let Ok(Some(holder)) = self.look_up_once().await else {
            return Err(clash.with_outcome(Outcome::RefusedUnclear));
        };
        let detached = self.operation.context.detached(LOOKUP_LIMIT);
        let shown = self.operation.provider.ownership_token(&detached, &holder).await;
        match (self.handle.ownership_token(), shown) {
            (Some(token), Ok(shown)) if shown.is(token) == Some(true) => Ok(self.adopted(holder, true)),
            (Some(token), Ok(shown)) if shown.is(token) == Some(false) => Err(self.with_holder(clash, &holder)),
            // Its token does not show: the watch looks again.
            _ => Err(self.with_holder(clash, &holder).with_outcome(Outcome::RefusedUnclear)),
        }
    }

    /// Makes the error of a create that may have made something.
    fn outcome_unknown(&self, error: &Error, search_error: &Error) -> Error {
        self.observe(ReconcileStep::Unknown, None);
        let note = Message::from("The resource may have been created; looking it up failed (")
            .then(search_error.message())
            .then(")");
        error
            .clone()
            .with_code(ErrorCode::OutcomeUnknown)
            .with_outcome(Outcome::Unknown)
            .with_resource_name(if mutated!(HidesTheName) { "" } else { self.handle.name() })
            .with_repeatable(self.handle.origin() == Origin::Key)
            .with_note(note)
    }
}
