//! Sends a create so that exactly one resource comes of it, or none, or an error that names what may have.
//!
//! A create whose answer is lost is not sent again, for that would make a second resource, and not given up, for that
//! would leave one that nobody knows of. It is looked up by its handle until it is found, and adopted; or surely
//! absent, and sent again. Knows only the trait.

use std::time::Duration;

use crate::context::Cx;
use crate::create_request::CreateRequest;
use crate::error::{Error, ErrorCode, Outcome, Result};
use crate::handle::{Handle, Origin};
use crate::instance::Instance;
use crate::provider::{Limits, Provider};

/// Absence is believed only after this many looks, besides the time that the provider names.
const LOOKS: u32 = 5;

/// The first wait between two looks, doubled for each further one.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// The longest wait between two looks.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// What a create has come to.
pub(super) struct Sent {
    pub(super) instance: Instance,
    /// Whether this call made the instance, so that this call may remove it. What an earlier call with the same
    /// idempotency key made may be in somebody's hands.
    pub(super) ours: bool,
}

/// Makes the resource, or adopts the one that this create has made.
pub(super) async fn send(
    cx: &Cx,
    provider: &dyn Provider,
    request: &CreateRequest,
    handle: &Handle,
    limits: Limits,
) -> Result<Sent> {
    if handle.origin() == Origin::Caller {
        refuse_taken(&cx.within(limits.patience), provider, handle).await?;
    }
    let mut sent = 0;
    loop {
        let attempt = provider.create(&cx.within(limits.patience), request, handle).await;
        sent += 1;
        let error = match attempt {
            Ok(instance) => return Ok(Sent { instance, ours: true }),
            Err(error) => error,
        };
        match (error.outcome(), error.code()) {
            (Outcome::Unknown, _) => {}
            // Our own name, taken: an earlier sending of this call arrived after all.
            (_, ErrorCode::AlreadyExists) if sent > 1 => {
                return adopt(cx, provider, handle, error)
                    .await
                    .map(|instance| Sent { instance, ours: true });
            }
            // An earlier call with this key.
            (_, ErrorCode::AlreadyExists) if handle.origin() == Origin::Key => {
                return adopt(cx, provider, handle, error)
                    .await
                    .map(|instance| Sent { instance, ours: false });
            }
            (_, ErrorCode::AlreadyExists) => return Err(with_holder(cx, provider, handle, error).await),
            _ => return Err(error),
        }
        tracing::debug!(
            ?error,
            handle = handle.name(),
            "the outcome of a create is unknown: looking for it"
        );
        match look_up(cx, provider, handle).await {
            Search::Found(instance) => return Ok(Sent { instance, ours: true }),
            // Nothing was made, so there is nothing to clean up either.
            Search::Absent if cx.is_cancelled() => return Err(Error::aborted()),
            Search::Absent if sent <= limits.max_retries && error.code() != ErrorCode::Internal => {}
            Search::Absent => {
                let note = format!("Sent {sent} times; nothing was made");
                return Err(error.with_outcome(Outcome::NoEffect).after(&note));
            }
            Search::Unsettled(search) => return Err(unknown(&error, &search, handle)),
        }
    }
}

/// A resource that bore the caller's name before this create began is somebody else's: it is never adopted.
async fn refuse_taken(cx: &Cx, provider: &dyn Provider, handle: &Handle) -> Result<()> {
    match provider
        .find(cx, handle)
        .await
        .map_err(|error| error.with_outcome(Outcome::NoEffect))?
    {
        None => Ok(()),
        Some(holder) => {
            let text = "An instance of this name exists already.";
            Err(Error::new(ErrorCode::AlreadyExists, text)
                .with_instance_id(holder.id)
                .with_resource_name(handle.name()))
        }
    }
}

/// Finds the resource that is known to bear the handle, however long reads take to show it.
async fn adopt(cx: &Cx, provider: &dyn Provider, handle: &Handle, clash: Error) -> Result<Instance> {
    match look_up(cx, provider, handle).await {
        Search::Found(instance) => Ok(instance),
        // The name is taken, and nothing that bears it shows: it is being deleted, or lies outside the scope.
        Search::Absent => Err(clash.with_resource_name(handle.name())),
        Search::Unsettled(search) => Err(unknown(&clash, &search, handle)),
    }
}

/// Adds who holds the name, where a single look tells.
async fn with_holder(cx: &Cx, provider: &dyn Provider, handle: &Handle, clash: Error) -> Error {
    let clash = clash.with_resource_name(handle.name());
    match provider.find(cx, handle).await {
        Ok(Some(holder)) => clash.with_instance_id(holder.id),
        _ => clash,
    }
}

/// How a search for a handle ended.
enum Search {
    Found(Instance),
    /// Not seen, often enough and over long enough a time.
    Absent,
    /// The looks themselves failed.
    Unsettled(Error),
}

/// Looks for the handle until it is found or surely absent.
///
/// A cancellation does not end it: then the resource has to be found in order to be removed.
async fn look_up(cx: &Cx, provider: &dyn Provider, handle: &Handle) -> Search {
    let window = provider.absence_window();
    let cx = cx.detached(window * 2);
    let began = cx.now();
    let mut wait = FIRST_WAIT;
    let mut unseen = 0;
    loop {
        let failure = match provider.find(&cx, handle).await {
            Ok(Some(instance)) => return Search::Found(instance),
            Ok(None) => {
                unseen += 1;
                None
            }
            Err(error) => Some(error),
        };
        let over = cx.now() - began >= window;
        match failure {
            None if over && unseen >= LOOKS => return Search::Absent,
            // Failures that do not pass by themselves end the search; others may pass until twice the window is over.
            Some(error) if !error.retryable() => return Search::Unsettled(error),
            _ => {}
        }
        if let Err(timeout) = cx.sleep(wait).await {
            return Search::Unsettled(failure.unwrap_or(timeout));
        }
        wait = LONGEST_WAIT.min(wait * 2);
    }
}

/// The create may have made something, and it could not be found out.
fn unknown(error: &Error, search: &Error, handle: &Handle) -> Error {
    let note = format!("Whether the resource was made is not known, and looking for it failed ({search})");
    error
        .clone()
        .with_code(ErrorCode::OutcomeUnknown)
        .with_outcome(Outcome::Unknown)
        .with_resource_name(handle.name())
        .with_repeatable(handle.origin() == Origin::Key)
        .after(&note)
}
