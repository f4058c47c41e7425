//! The faults of the network and of whatever answers in the provider's place.

use super::dice::Dice;

/// A request that meets a fault: the `nth` of its operation in the whole scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) operation: &'static str,
    pub(super) nth: u32,
    pub(super) kind: FaultKind,
}

/// What happens to a request. Times are in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FaultKind {
    /// No connection is made.
    NotConnected,
    /// The connection is lost before the request has an effect.
    ResetBefore,
    /// The connection is lost after the effect.
    ResetAfter,
    /// The connection is lost, and the request takes effect so much later.
    ResetThenEffect { after: u64 },
    /// The response takes so long. The effect comes first, or last.
    Slow { takes: u64, effect_first: bool },
    /// No response ever comes. The effect comes so much later, or never.
    Hang { effect: Option<u64> },
    /// Something between client and provider answers so.
    Status { status: u16, html: bool, effect: bool },
    /// A success without anything to read.
    Unreadable { effect: bool },
    /// A rate limit refuses the request.
    Throttled { wait: Wait },
    /// The request arrives twice. The second answer, or the first, comes back.
    Twice { second: bool },
    /// The provider refuses the request in these words of its list, and has done it all the same or not.
    Refused { which: usize, effect: bool },
    /// The answer speaks of another resource.
    OfAnother,
    /// A field that is information alone has another type.
    Drift,
    /// The provider repeats the credential and the variables in a refusal.
    Echo,
}

/// How long a rate limit asks to wait, and in which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    Untold,
    Seconds(u32),
    Date(u32),
    Window(u32),
}

/// What a fault has to fit in with, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// How long a client waits for a response.
    pub(super) timeout: u64,
    /// How long after its request an effect may come that counts as in time.
    pub(super) latest: u64,
}

/// What kind of operation a request is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Create,
    Delete,
    /// A request that changes what was created.
    Step,
    Read,
}

/// Draws a fault for a request of this kind. `refusals` of the provider may be told, those of `unclear` also after an effect.
pub(super) fn draw(dice: &mut Dice, kind: Kind, limits: Limits, refusals: &[bool]) -> FaultKind {
    let effect = dice.percent(50);
    let timeout = limits.timeout;
    match dice.below(if kind == Kind::Create { 22 } else { 15 }) {
        0 => FaultKind::NotConnected,
        1 => FaultKind::ResetBefore,
        2 | 3 => FaultKind::ResetAfter,
        4 => FaultKind::Slow {
            takes: dice.between(500, timeout * 4 / 5),
            effect_first: dice.percent(70),
        },
        // What it tells is long past when it comes.
        5 => FaultKind::Slow {
            takes: dice.between(timeout * 3 / 5, timeout * 17 / 20),
            effect_first: true,
        },
        6 => FaultKind::Hang {
            effect: effect.then(|| dice.between(0, limits.latest)),
        },
        7 | 8 => FaultKind::Status {
            status: dice.pick(&[500, 502, 503, 504]),
            html: dice.percent(30),
            effect,
        },
        9 => FaultKind::Unreadable { effect },
        10 => FaultKind::Throttled {
            wait: match dice.below(5) {
                0 | 1 => Wait::Untold,
                2 => Wait::Seconds(u32::try_from(dice.between(1, 12)).unwrap()),
                3 => Wait::Date(u32::try_from(dice.between(1, 12)).unwrap()),
                _ => Wait::Window(u32::try_from(dice.between(1, 12)).unwrap()),
            },
        },
        11 => FaultKind::Echo,
        12 if kind == Kind::Read => FaultKind::Drift,
        12 => FaultKind::Twice {
            second: dice.percent(50),
        },
        13 | 14 if refusals.is_empty() => FaultKind::ResetAfter,
        13 | 14 => draw_refusal(dice, refusals, kind == Kind::Create),
        15 | 16 => FaultKind::ResetThenEffect {
            after: dice.between(200, limits.latest),
        },
        // Just in time.
        17 => FaultKind::ResetThenEffect {
            after: dice.between(limits.latest * 4 / 5, limits.latest),
        },
        18 => FaultKind::Hang {
            // It is given up when the client's time is over, and counts as lost from then on.
            effect: Some(match dice.below(3) {
                0 => dice.between(0, limits.timeout),
                1 => dice.between(0, limits.timeout + limits.latest),
                _ => dice.between(limits.latest, limits.timeout + limits.latest),
            }),
        },
        19 => FaultKind::OfAnother,
        20 => FaultKind::Drift,
        _ if refusals.is_empty() => FaultKind::ResetBefore,
        _ => draw_refusal(dice, refusals, true),
    }
}

fn draw_refusal(dice: &mut Dice, refusals: &[bool], may_have_effect: bool) -> FaultKind {
    let which = usize::try_from(dice.below(refusals.len() as u64)).unwrap();
    FaultKind::Refused {
        which,
        effect: may_have_effect && refusals[which] && dice.percent(60),
    }
}

impl FaultKind {
    /// Returns its name in tables.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::NotConnected => "no connection",
            Self::ResetBefore => "reset before the effect",
            Self::ResetAfter => "reset after the effect",
            Self::ResetThenEffect { .. } => "reset, effect later",
            Self::Slow { .. } => "slow",
            Self::Hang { effect: None } => "hang without effect",
            Self::Hang { effect: Some(_) } => "hang with effect",
            Self::Status { effect: false, .. } => "5xx",
            Self::Status { effect: true, .. } => "5xx after the effect",
            Self::Unreadable { effect: false } => "unreadable success",
            Self::Unreadable { effect: true } => "unreadable success after the effect",
            Self::Throttled { .. } => "throttled",
            Self::Twice { .. } => "arrives twice",
            Self::Refused { effect: false, .. } => "refused",
            Self::Refused { effect: true, .. } => "refused after the effect",
            Self::OfAnother => "answer of another resource",
            Self::Drift => "drift",
            Self::Echo => "refusal that repeats secrets",
        }
    }
}
