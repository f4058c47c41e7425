//! The meaning of a failure to the caller, and the effect of the failed request.

/// The meaning of a failure: `error.code` in JavaScript.
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
    /// Every code, in the order of docs/errors.md.
    #[cfg(test)]
    pub(super) const ALL: [Self; 17] = [
        Self::InvalidConfig,
        Self::InvalidArgument,
        Self::Unauthenticated,
        Self::PermissionDenied,
        Self::NotFound,
        Self::AlreadyExists,
        Self::RateLimited,
        Self::QuotaExceeded,
        Self::PaymentRequired,
        Self::ProvisionFailed,
        Self::Timeout,
        Self::Aborted,
        Self::Network,
        Self::Unavailable,
        Self::Protocol,
        Self::OutcomeUnknown,
        Self::Internal,
    ];

    /// Returns the name that is part of the public contract.
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

    /// Returns whether the same call may succeed later although the caller changes nothing.
    pub(super) fn is_transient(self) -> bool {
        matches!(
            self,
            Self::RateLimited | Self::Timeout | Self::Network | Self::Unavailable
        )
    }
}

/// Whether the failed request may have changed something at the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It changed nothing: it was never sent, or it was refused.
    NoEffect,
    /// The provider refused it in an error of its own, which does not rule out an effect. A brief lookup decides.
    RefusedUnclear,
    /// It may have: the response was lost, cut or unreadable, or the provider failed midway.
    Unknown,
    /// It took effect. A later step failed.
    Done,
}

impl Outcome {
    /// Returns whether it is unclear if the request took effect.
    pub(crate) fn is_unclear(self) -> bool {
        matches!(self, Self::RefusedUnclear | Self::Unknown)
    }
}
