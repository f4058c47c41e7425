//! Decides how a create goes on after a failed request. It is a pure function.

use crate::error::{ErrorCode, Outcome};
use crate::model::handle::Origin;

/// A failed create request, with everything that the decision depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failure {
    pub(super) code: ErrorCode,
    pub(super) outcome: Outcome,
    pub(super) origin: Origin,
    /// How many create requests were sent, this one included.
    pub(super) sent: u32,
    pub(super) max_retries: u32,
    /// Whether the provider answers a second create under one handle with the resource of the first.
    pub(super) create_is_idempotent: bool,
}

/// How the create goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// The error is final: nothing was made.
    Fail,
    /// The caller's name is another resource's: the error names its holder.
    NameTaken,
    /// The name is taken by an earlier request of this create: adopt the resource.
    AdoptOwn,
    /// The name is taken by an earlier call with the same key: adopt its resource, which stays if this create fails.
    AdoptEarlier,
    /// Send the same request again. `look_up_first`: look up the handle once before; what is found is adopted.
    SendAgain { look_up_first: bool },
    /// Look up the handle briefly. If nothing is found, the call rejects with the provider's refusal.
    LookUpBriefly,
    /// Look up the handle until it is found or surely absent.
    LookUp { if_absent: IfAbsent },
}

/// How the create ends after a search that has found nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IfAbsent {
    /// The call rejects with the error unchanged.
    Fail,
    /// The call rejects with the error and the note that nothing was made.
    FailWithoutEffect,
}

/// Returns the row of the decision table that a failure is in, and counts that it was reached.
#[cfg(test)]
fn note_row(failure: Failure, decision: Decision) {
    let Failure {
        outcome, origin, sent, ..
    } = failure;
    let again = if sent > 1 { "again" } else { "first" };
    let row = match decision {
        Decision::AdoptOwn | Decision::AdoptEarlier | Decision::NameTaken => {
            format!("name taken, {origin:?}, {again}: {decision:?}")
        }
        _ => format!("{outcome:?}, {again}: {decision:?}"),
    };
    reached!("decisions", &row);
}

/// Decides.
pub(super) fn decide(failure: Failure) -> Decision {
    let decision = choose(failure);
    #[cfg(test)]
    note_row(failure, decision);
    decision
}

/// Returns the decision.
fn choose(failure: Failure) -> Decision {
    let is_lost = failure.outcome == Outcome::Unknown;
    if !is_lost {
        match (failure.code, failure.origin) {
            // The name is ours alone: an earlier request of this create arrived after all, or this one arrived twice.
            (ErrorCode::AlreadyExists, Origin::Random) if mutated!(TakesOwnForAnothers) => return Decision::Fail,
            (ErrorCode::AlreadyExists, Origin::Random) => return Decision::AdoptOwn,
            (ErrorCode::AlreadyExists, _) if failure.sent > 1 => return Decision::AdoptOwn,
            // The earlier call's resource is too young to be seen, or another process is creating it.
            (ErrorCode::AlreadyExists, Origin::Key) => return Decision::AdoptEarlier,
            (ErrorCode::AlreadyExists, Origin::Caller) if mutated!(AdoptsAnothersName) => {
                return Decision::AdoptEarlier;
            }
            (ErrorCode::AlreadyExists, Origin::Caller) => return Decision::NameTaken,
            // This request was refused, but an earlier one was lost.
            _ if mutated!(BelievesRefusalAfterLoss) => return Decision::Fail,
            _ if failure.sent > 1 => {
                return Decision::LookUp {
                    if_absent: IfAbsent::Fail,
                };
            }
            _ if failure.outcome == Outcome::RefusedUnclear && !mutated!(BelievesUnclearRefusal) => {
                return Decision::LookUpBriefly;
            }
            _ => return Decision::Fail,
        }
    }
    if mutated!(BelievesLoss) {
        return Decision::Fail;
    }
    if failure.sent <= failure.max_retries && failure.code != ErrorCode::Internal {
        return Decision::SendAgain {
            look_up_first: !failure.create_is_idempotent,
        };
    }
    Decision::LookUp {
        if_absent: IfAbsent::FailWithoutEffect,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAST: u32 = 4;

    fn decided(code: ErrorCode, outcome: Outcome, origin: Origin, sent: u32, idempotent: bool) -> Decision {
        decide(Failure {
            code,
            outcome,
            origin,
            sent,
            max_retries: LAST - 1,
            create_is_idempotent: idempotent,
        })
    }

    #[test]
    fn a_taken_name_is_ours_an_earlier_calls_or_anothers() {
        use Origin::{Caller, Key, Random};
        for (origin, sent, decision) in [
            (Random, 1, Decision::AdoptOwn),
            (Random, 2, Decision::AdoptOwn),
            (Key, 1, Decision::AdoptEarlier),
            (Key, 2, Decision::AdoptOwn),
            (Caller, 1, Decision::NameTaken),
            (Caller, 2, Decision::AdoptOwn),
        ] {
            for idempotent in [false, true] {
                for outcome in [Outcome::NoEffect, Outcome::RefusedUnclear] {
                    let taken = decided(ErrorCode::AlreadyExists, outcome, origin, sent, idempotent);
                    assert_eq!(taken, decision, "{origin:?} {sent}");
                }
            }
        }
    }

    #[test]
    fn a_refusal_is_final_unless_it_is_unclear_or_an_earlier_request_was_lost() {
        let look_up = Decision::LookUp {
            if_absent: IfAbsent::Fail,
        };
        for code in [
            ErrorCode::PaymentRequired,
            ErrorCode::InvalidArgument,
            ErrorCode::NotFound,
            ErrorCode::Network,
        ] {
            for origin in [Origin::Random, Origin::Key, Origin::Caller] {
                for (outcome, sent, decision) in [
                    (Outcome::NoEffect, 1, Decision::Fail),
                    (Outcome::NoEffect, 2, look_up),
                    (Outcome::RefusedUnclear, 1, Decision::LookUpBriefly),
                    (Outcome::RefusedUnclear, 2, look_up),
                ] {
                    assert_eq!(
                        decided(code, outcome, origin, sent, true),
                        decision,
                        "{outcome:?} {sent}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_lost_request_is_sent_again_after_one_lookup() {
        let lost = |code, sent, idempotent| decided(code, Outcome::Unknown, Origin::Random, sent, idempotent);
        let after_lookup = Decision::SendAgain { look_up_first: true };
        let at_once = Decision::SendAgain { look_up_first: false };
        let search = Decision::LookUp {
            if_absent: IfAbsent::FailWithoutEffect,
        };
        for (code, sent, idempotent, decision) in [
            (ErrorCode::Timeout, 1, false, after_lookup),
            (ErrorCode::Timeout, LAST - 1, false, after_lookup),
            (ErrorCode::Timeout, LAST, false, search),
            (ErrorCode::Timeout, 1, true, at_once),
            (ErrorCode::Timeout, LAST - 1, true, at_once),
            (ErrorCode::Timeout, LAST, true, search),
            // A fault of this package would happen again.
            (ErrorCode::Internal, 1, false, search),
            (ErrorCode::Internal, 2, true, search),
            // The name is taken, says a response that was lost: nothing is known.
            (ErrorCode::AlreadyExists, 1, false, after_lookup),
        ] {
            assert_eq!(lost(code, sent, idempotent), decision, "{code:?} {sent} {idempotent}");
        }
    }
}
