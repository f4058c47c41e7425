//! What a failure means, and whether the request that failed had an effect.

/// What went wrong, in the words that JavaScript sees as `error.code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ErrorCode {
    InvalidConfig,
    InvalidArgument,
    Unauthenticated,
    PermissionDenied,
    NotFound,
    AlreadyExists,
    RateLimited,
    QuotaExceeded,
    PaymentRequired,
    ProvisionFailed,
    Timeout,
    Aborted,
    Network,
    Unavailable,
    Protocol,
    OutcomeUnknown,
    Internal,
}

impl ErrorCode {
    /// The stable name, part of the public contract.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::InvalidConfig => "INVALID_CONFIG",
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::RateLimited => "RATE_LIMITED",
            Self::QuotaExceeded => "QUOTA_EXCEEDED",
            Self::PaymentRequired => "PAYMENT_REQUIRED",
            Self::ProvisionFailed => "PROVISION_FAILED",
            Self::Timeout => "TIMEOUT",
            Self::Aborted => "ABORTED",
            Self::Network => "NETWORK",
            Self::Unavailable => "UNAVAILABLE",
            Self::Protocol => "PROTOCOL",
            Self::OutcomeUnknown => "OUTCOME_UNKNOWN",
            Self::Internal => "INTERNAL",
        }
    }

    /// Whether the same call may succeed later without the caller changing anything first.
    pub(super) fn is_transient(self) -> bool {
        matches!(
            self,
            Self::RateLimited | Self::Timeout | Self::Network | Self::Unavailable
        )
    }
}

/// Whether the request that failed may have changed something at the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It surely changed nothing: never sent, or refused.
    NoEffect,
    /// Nobody can tell: the answer was lost, cut or unreadable, or the provider failed midway.
    Unknown,
    /// It took effect; what failed came after.
    Done,
}
