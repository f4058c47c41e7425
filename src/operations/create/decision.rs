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
    /// Whether a create that is sent twice under one handle makes one resource.
    pub(super) create_is_idempotent: bool,
    /// Whether an earlier request of this create may still take effect.
    pub(super) earlier_is_pending: bool,
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
    /// Send the same request again at once; this one may still take effect.
    SendAgain,
    /// Look up the handle. `pending`: this request may still take effect after that.
    LookUp { pending: bool, if_absent: IfAbsent },
}

/// How the create goes on after a lookup that has found nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IfAbsent {
    SendAgain,
    /// The error is told as it is.
    Fail,
    /// The error is told with the note that nothing was made.
    FailWithoutEffect,
}

/// Decides.
pub(super) fn decide(failure: Failure) -> Decision {
    let is_lost = failure.outcome == Outcome::Unknown;
    if !is_lost {
        match (failure.code, failure.origin) {
            // The name is ours alone: an earlier request of this create arrived after all, or this one arrived twice.
            (ErrorCode::AlreadyExists, Origin::Random) => return Decision::AdoptOwn,
            (ErrorCode::AlreadyExists, _) if failure.sent > 1 => return Decision::AdoptOwn,
            // The earlier call's resource is too young to be seen, or another process is creating it.
            (ErrorCode::AlreadyExists, Origin::Key) => return Decision::AdoptEarlier,
            (ErrorCode::AlreadyExists, Origin::Caller) => return Decision::NameTaken,
            _ if !failure.earlier_is_pending => return Decision::Fail,
            // This request was refused, but an earlier one was lost.
            _ => {}
        }
    }
    let may_send_again = is_lost && failure.sent <= failure.max_retries && failure.code != ErrorCode::Internal;
    if may_send_again && failure.create_is_idempotent {
        return Decision::SendAgain;
    }
    Decision::LookUp {
        pending: is_lost && failure.create_is_idempotent && failure.sent > 1,
        if_absent: match (may_send_again, is_lost) {
            (true, _) => IfAbsent::SendAgain,
            (false, true) => IfAbsent::FailWithoutEffect,
            (false, false) => IfAbsent::Fail,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAST: u32 = 4;

    fn decided(
        code: ErrorCode,
        outcome: Outcome,
        origin: Origin,
        sent: u32,
        idempotent: bool,
        pending: bool,
    ) -> Decision {
        decide(Failure {
            code,
            outcome,
            origin,
            sent,
            max_retries: LAST - 1,
            create_is_idempotent: idempotent,
            earlier_is_pending: pending,
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
                let taken = decided(
                    ErrorCode::AlreadyExists,
                    Outcome::NoEffect,
                    origin,
                    sent,
                    idempotent,
                    false,
                );
                assert_eq!(taken, decision, "{origin:?} {sent}");
            }
        }
    }

    #[test]
    fn a_refusal_is_final_unless_an_earlier_request_is_pending() {
        for code in [
            ErrorCode::PaymentRequired,
            ErrorCode::InvalidArgument,
            ErrorCode::Network,
        ] {
            for origin in [Origin::Random, Origin::Key, Origin::Caller] {
                let refused = |pending| decided(code, Outcome::NoEffect, origin, 2, true, pending);
                assert_eq!(refused(false), Decision::Fail);
                let look_up = Decision::LookUp {
                    pending: false,
                    if_absent: IfAbsent::Fail,
                };
                assert_eq!(refused(true), look_up);
            }
        }
    }

    #[test]
    fn a_lost_request_is_looked_up_or_sent_again() {
        let lost = |code, sent, idempotent| decided(code, Outcome::Unknown, Origin::Random, sent, idempotent, sent > 1);
        let look_up = |pending, if_absent| Decision::LookUp { pending, if_absent };
        for (code, sent, idempotent, decision) in [
            (ErrorCode::Timeout, 1, false, look_up(false, IfAbsent::SendAgain)),
            (ErrorCode::Timeout, LAST - 1, false, look_up(false, IfAbsent::SendAgain)),
            (
                ErrorCode::Timeout,
                LAST,
                false,
                look_up(false, IfAbsent::FailWithoutEffect),
            ),
            (ErrorCode::Timeout, 1, true, Decision::SendAgain),
            (ErrorCode::Timeout, LAST - 1, true, Decision::SendAgain),
            (
                ErrorCode::Timeout,
                LAST,
                true,
                look_up(true, IfAbsent::FailWithoutEffect),
            ),
            // A fault of this package would happen again.
            (
                ErrorCode::Internal,
                1,
                false,
                look_up(false, IfAbsent::FailWithoutEffect),
            ),
            (
                ErrorCode::Internal,
                1,
                true,
                look_up(false, IfAbsent::FailWithoutEffect),
            ),
            (ErrorCode::Internal, 2, true, look_up(true, IfAbsent::FailWithoutEffect)),
            // The name is taken, says a response that was lost: nothing is known.
            (ErrorCode::AlreadyExists, 1, false, look_up(false, IfAbsent::SendAgain)),
        ] {
            assert_eq!(lost(code, sent, idempotent), decision, "{code:?} {sent} {idempotent}");
        }
    }
}
