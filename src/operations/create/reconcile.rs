//! Sends a create so that exactly one resource comes of it, or none, or an error that names what may have.
//!
//! A create whose answer is lost is not sent again, for that would make a second resource, and not given up, for that
//! would leave one that nobody knows of. It is looked up by its handle until it is found, and adopted; or surely
//! absent, and sent again. Knows only the trait.

use std::time::Duration;

use tokio::time::Instant;

use crate::context::Cx;
use crate::error::{Error, ErrorCode, Outcome, Result};
use crate::model::create_request::CreateRequest;
use crate::model::handle::{Handle, Origin};
use crate::model::instance::Instance;
use crate::operations::polling::Polling;
use crate::process::instances::Straggler;
use crate::provider::Provider;

/// Absence is believed only after this many looks, besides the time that the provider names.
const LOOKS: u32 = 5;

/// The first wait between two looks, doubled for each further one.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// The longest wait between two looks.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// How much longer than the absence window a search may take, for looks that are slow or fail.
const SLACK: Duration = Duration::from_secs(120);

/// The same for a create whose caller has turned away: nobody waits, and nobody but this search knows what there may be.
pub(super) const ABANDONED: Duration = Duration::from_secs(900);

/// What a create has come to.
pub(super) struct Sent {
    pub(super) instance: Instance,
    /// Whether this call made the instance, so that this call may remove it. What an earlier call with the same
    /// idempotency key made may be in somebody's hands.
    pub(super) ours: bool,
    /// What may still come of a sending that was repeated without waiting.
    pub(super) straggler: Option<Straggler>,
}

impl Sent {
    fn new(instance: Instance, ours: bool) -> Self {
        Self {
            instance,
            ours,
            straggler: None,
        }
    }
}

/// Makes the resource, or adopts the one that this create has made.
pub(super) async fn send(
    cx: &Cx,
    provider: &dyn Provider,
    request: &CreateRequest,
    handle: &Handle,
    max_retries: u32,
) -> Result<Sent> {
    // What bears a name that is not drawn for this create may be older than it. Looked for first, so that whatever is
    // found after an ambiguous answer is known to be younger.
    if handle.origin() != Origin::Random
        && let Some(holder) = earlier(cx, provider, handle).await?
    {
        return Ok(Sent::new(holder, false));
    }
    let mut straggler = None;
    let settled = settle(cx, provider, request, handle, max_retries, &mut straggler).await?;
    Ok(Sent { straggler, ..settled })
}

/// Sends until it is known what has come of it.
async fn settle(
    cx: &Cx,
    provider: &dyn Provider,
    request: &CreateRequest,
    handle: &Handle,
    max_retries: u32,
    straggler: &mut Option<Straggler>,
) -> Result<Sent> {
    let mut sent = 0;
    let mut polling = Polling::new();
    loop {
        let attempt = provider.create(cx, request, handle).await;
        sent += 1;
        let error = match attempt {
            Ok(instance) => return Ok(Sent::new(instance, true)),
            Err(error) => error,
        };
        match (error.outcome(), error.code(), handle.origin()) {
            (Outcome::Unknown, ..) => {}
            // A clash with our own name: an earlier sending of this call arrived after all, or one arrived twice.
            (_, ErrorCode::AlreadyExists, Origin::Random) => return adopt(cx, provider, handle, error, true).await,
            (_, ErrorCode::AlreadyExists, _) if sent > 1 => return adopt(cx, provider, handle, error, true).await,
            // A call with this key that was too young to be seen, or is under way in another process.
            (_, ErrorCode::AlreadyExists, Origin::Key) => return adopt(cx, provider, handle, error, false).await,
            (_, ErrorCode::AlreadyExists, Origin::Caller) => {
                return Err(with_holder(cx, provider, handle, error).await);
            }
            _ if straggler.is_none() => return Err(error),
            // This sending was refused, but an earlier one was lost.
            _ => {}
        }
        let lost = error.outcome() == Outcome::Unknown;
        let repeatable = lost && sent <= max_retries && error.code() != ErrorCode::Internal;
        if provider.repeats_safely() && lost && (repeatable || sent > 1) {
            *straggler = Some(Straggler {
                handle: handle.clone(),
                until: cx.now() + provider.absence_window(),
            });
            if repeatable && cx.sleep(polling.next_wait()).await.is_ok() {
                continue;
            }
        }
        tracing::debug!(
            ?error,
            handle = handle.name(),
            "the outcome of a create is unknown: looking for it"
        );
        match look_up(cx, provider, handle).await {
            Ending::Found(instance) => return claim(cx, provider, handle, instance, &error).await,
            // Nothing was made, so there is nothing to clean up either.
            Ending::Absent if cx.is_cancelled() => return Err(Error::aborted()),
            // Long enough for every sending so far.
            Ending::Absent if repeatable => *straggler = None,
            Ending::Absent if !lost => return Err(error),
            Ending::Absent => {
                let note = format!("Sent {sent} times; nothing was made");
                return Err(error.with_outcome(Outcome::NoEffect).after(&note));
            }
            Ending::Unsettled(search) => return Err(unknown(&error, &search, handle)),
        }
    }
}

/// What bore the name before this create began: the caller's own name makes it somebody else's, which is never adopted;
/// under a key it is what an earlier call has made.
async fn earlier(cx: &Cx, provider: &dyn Provider, handle: &Handle) -> Result<Option<Instance>> {
    let found = find(cx, provider, handle).await;
    match found.map_err(|error| error.with_outcome(Outcome::NoEffect))? {
        Some(holder) if handle.origin() == Origin::Caller => Err(taken(holder, handle)),
        found => Ok(found),
    }
}

/// Finds the resource that is known to bear the handle, however long reads take to show it.
async fn adopt(cx: &Cx, provider: &dyn Provider, handle: &Handle, clash: Error, ours: bool) -> Result<Sent> {
    match look_up(cx, provider, handle).await {
        Ending::Found(instance) if ours => claim(cx, provider, handle, instance, &clash).await,
        Ending::Found(instance) => Ok(Sent::new(instance, ours)),
        // The name is taken, and nothing that bears it shows.
        Ending::Absent => {
            let unseen = Error::new(ErrorCode::NotFound, "its name is taken, but it was not seen");
            Err(unknown(&clash, &unseen, handle))
        }
        Ending::Unsettled(search) => Err(unknown(&clash, &search, handle)),
    }
}

/// Takes what was found for this create's own, if its mark shows that it is.
///
/// A name that was not drawn for this create may be borne by what another one has made: at the same time, or so shortly
/// before that the first look did not show it.
async fn claim(cx: &Cx, provider: &dyn Provider, handle: &Handle, instance: Instance, lost: &Error) -> Result<Sent> {
    let Some(mark) = handle.mark() else {
        return Ok(Sent::new(instance, true));
    };
    let search = Search::new(cx, provider);
    let mut polling = Polling::new();
    loop {
        // Absence counts only in a look that began when reads no longer lagged.
        let due = search.elapsed() >= provider.visibility_lag();
        let seen = match search.patience() {
            Some(patience) => provider.has_mark(&cx.detached(patience), &instance, mark).await,
            None => return Err(unknown(lost, &timed_out(), handle).with_instance_id(instance.id)),
        };
        match seen {
            Ok(Some(true)) => return Ok(Sent::new(instance, true)),
            Ok(Some(false)) => break,
            // No mark after all this time: made by no create of this package.
            Ok(None) if due => break,
            Err(error) if !search.may_go_on_after(&error) => {
                return Err(unknown(lost, &error, handle).with_instance_id(instance.id));
            }
            Ok(None) | Err(_) => {}
        }
        search.pause(polling.next_wait()).await;
    }
    // Somebody else's. The create that was lost may still arrive; it finds its name taken, unless the holder is removed
    // before. So the holder is not handed out before that create can no longer take effect.
    let window = provider.absence_window();
    cx.sleep(window.saturating_sub(search.elapsed())).await?;
    match handle.origin() {
        Origin::Key => Ok(Sent::new(instance, false)),
        Origin::Random | Origin::Caller => Err(taken(instance, handle)),
    }
}

/// The caller's name is somebody else's.
fn taken(holder: Instance, handle: &Handle) -> Error {
    Error::new(ErrorCode::AlreadyExists, "An instance of this name exists already.")
        .with_instance_id(holder.id)
        .with_resource_name(handle.name())
}

/// Adds who holds the name, where a single look tells.
async fn with_holder(cx: &Cx, provider: &dyn Provider, handle: &Handle, clash: Error) -> Error {
    let clash = clash.with_resource_name(handle.name());
    match find(cx, provider, handle).await {
        Ok(Some(holder)) => clash.with_instance_id(holder.id),
        _ => clash,
    }
}

/// A search for what a lost create may have made: how long it has gone on, and how long it may.
struct Search<'a> {
    /// The create's. Its cancellation does not end the search: what is found then has to be removed.
    cx: &'a Cx,
    began: Instant,
    window: Duration,
}

impl<'a> Search<'a> {
    fn new(cx: &'a Cx, provider: &dyn Provider) -> Self {
        Self {
            cx,
            began: cx.now(),
            window: provider.absence_window(),
        }
    }

    fn elapsed(&self) -> Duration {
        self.cx.now() - self.began
    }

    /// How long the next look may take; `None` if the search is over.
    fn patience(&self) -> Option<Duration> {
        let limit = if self.cx.is_cancelled() { ABANDONED } else { SLACK };
        let left = (self.window + limit).saturating_sub(self.elapsed());
        (!left.is_zero()).then_some(left)
    }

    /// A failure that does not pass by itself ends the search, unless the caller has gone: then there is nobody to tell,
    /// and a page that somebody in between has sent must not leave a resource behind.
    fn may_go_on_after(&self, failure: &Error) -> bool {
        (failure.may_pass() || self.cx.is_cancelled()) && self.patience().is_some()
    }

    async fn pause(&self, wait: Duration) {
        self.cx.core.clock.sleep(wait).await;
    }
}

/// How a search for a handle ended.
enum Ending {
    Found(Instance),
    /// Not seen, often enough and over long enough a time.
    Absent,
    /// The looks themselves failed.
    Unsettled(Error),
}

/// Looks for the handle until it is found or surely absent.
async fn look_up(cx: &Cx, provider: &dyn Provider, handle: &Handle) -> Ending {
    let search = Search::new(cx, provider);
    let mut wait = FIRST_WAIT;
    let mut unseen = 0;
    let mut failure = None;
    loop {
        let Some(patience) = search.patience() else {
            return Ending::Unsettled(failure.unwrap_or_else(timed_out));
        };
        // A look counts for the moment in which it began: a slow answer may tell of a state that is long past.
        let over = search.elapsed() >= search.window;
        match find(&cx.detached(patience), provider, handle).await {
            Ok(Some(instance)) => return Ending::Found(instance),
            Ok(None) => {
                unseen += 1;
                if over && unseen >= LOOKS {
                    return Ending::Absent;
                }
                failure = None;
            }
            Err(error) if !search.may_go_on_after(&error) => return Ending::Unsettled(error),
            Err(error) => failure = Some(error),
        }
        search.pause(wait).await;
        wait = LONGEST_WAIT.min(wait * 2);
    }
}

/// Looks once. What this process has removed is not taken for alive because reads still show it; nor what another create,
/// with another credential, is about to remove.
async fn find(cx: &Cx, provider: &dyn Provider, handle: &Handle) -> Result<Option<Instance>> {
    let found = provider.find(cx, handle).await?;
    let (memory, scope) = (&cx.core.memory, provider.scope());
    let was_removed = |id: &str| provider.ids_are_unique() && memory.was_removed(scope, id);
    Ok(found.filter(|instance| !memory.is_doomed(scope, &instance.id) && !was_removed(&instance.id)))
}

fn timed_out() -> Error {
    Error::new(ErrorCode::Timeout, "The search took too long.")
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
