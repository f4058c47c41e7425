//! The one error type of the core: a code, an outcome and context, never a bare string.
//!
//! [`ErrorCode`] says what the failure means to the caller. [`Outcome`] says whether the request may have had an effect,
//! which decides whether it may be sent again. `retryable` follows from the two.

mod code;
mod message;
mod operation;
mod quote;

use std::fmt;
use std::time::Duration;

use self::quote::{quote_end, quote_identifier, visible_ascii};
use crate::secret::{Excerpt, Redactor};

pub(crate) use self::code::{ErrorCode, Outcome};
pub(crate) use self::message::Message;
pub(crate) use self::operation::Operation;
pub(crate) use self::quote::quote_name;

/// Result of everything in the core.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of the core. Boxed, so that `Result` stays one word wide on the happy path.
#[derive(Clone, thiserror::Error)]
#[error("{}", .0.message)]
pub(crate) struct Error(Box<Details>);

/// Everything known about a failure. Its texts are safe to show once [`Error::redact`] has run.
#[derive(Clone)]
pub(crate) struct Details {
    pub(crate) code: ErrorCode,
    pub(crate) outcome: Outcome,
    message: Message,
    pub(crate) provider: Option<&'static str>,
    pub(crate) operation: Option<Operation>,
    pub(crate) http_status: Option<u16>,
    pub(crate) provider_code: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) instance_id: Option<String>,
    pub(crate) resource_name: Option<String>,
    /// The end of the output of a command of ours that failed. The message ends with it.
    output: Option<Excerpt>,
    /// Secrets were masked, and the message is fit to be shown.
    is_redacted: bool,
    /// The call has an idempotency key: repeating it finds what this one may have made.
    repeatable: bool,
    /// The failed create left something at the provider.
    leftover: bool,
    /// Repeating the call does not help before someone has changed a setting.
    permanent: bool,
}

/// Where an error occurred: what every error that reaches a caller is told with.
#[derive(Clone, Debug)]
pub(crate) struct ErrorContext {
    /// `error.provider` in JavaScript.
    pub(crate) provider: &'static str,
    /// The provider's name in messages.
    pub(crate) title: &'static str,
    pub(crate) operation: Operation,
    /// The name under which the call may leave a resource, for errors that are told before the work has ended.
    pub(crate) resource_name: Option<String>,
}

impl Error {
    /// Makes an error of a request that changed nothing at the provider.
    pub(crate) fn new(code: ErrorCode, message: impl Into<Message>) -> Self {
        Self(Box::new(Details {
            code,
            outcome: Outcome::NoEffect,
            message: message.into(),
            provider: None,
            operation: None,
            http_status: None,
            provider_code: None,
            request_id: None,
            retry_after: None,
            instance_id: None,
            resource_name: None,
            output: None,
            is_redacted: false,
            repeatable: false,
            leftover: false,
            permanent: false,
        }))
    }

    /// Makes an error of a request that may have had an effect.
    pub(crate) fn ambiguous(code: ErrorCode, message: impl Into<Message>) -> Self {
        let mut error = Self::new(code, message);
        error.0.outcome = Outcome::Unknown;
        error
    }

    /// Makes an error of a bad argument. `message` names the field and never its value: it is in our own words.
    pub(crate) fn argument(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidArgument, Message::ours(message))
    }

    /// Makes an error of a bad or missing setting. `message` names the field and never its value: it is in our own words.
    pub(crate) fn config(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidConfig, Message::ours(message))
    }

    /// Makes the error of a call whose `AbortSignal` has fired.
    pub(crate) fn aborted() -> Self {
        Self::new(ErrorCode::Aborted, "The call was aborted by its signal.")
    }

    /// Makes an error of a fault of this package: something that cannot happen did.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::ambiguous(ErrorCode::Internal, Message::ours(message))
    }

    /// Returns the code.
    pub(crate) fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// Returns whether the request may have had an effect.
    pub(crate) fn outcome(&self) -> Outcome {
        self.0.outcome
    }

    /// Returns everything known about the failure.
    pub(crate) fn details(&self) -> &Details {
        &self.0
    }

    /// Returns `error.retryable`: whether the same call may succeed later.
    ///
    /// An unknown outcome is retryable only under an idempotency key: without one, a repeated call would make a second
    /// resource.
    pub(crate) fn is_retryable(&self) -> bool {
        match self.0.code {
            ErrorCode::OutcomeUnknown => self.0.repeatable,
            _ => self.has_transient_code() && (!self.0.leftover || self.0.repeatable),
        }
    }

    /// Returns whether polling may continue after this error. Besides what a caller may retry, a response that could not
    /// be read, and an error that is not known, are transient.
    pub(crate) fn is_transient(&self) -> bool {
        self.has_transient_code() || (self.0.code == ErrorCode::Protocol && self.0.outcome.is_unclear())
    }

    /// Returns whether the code says that the failure passes, and the transport did not say otherwise.
    fn has_transient_code(&self) -> bool {
        self.0.code.is_transient() && !self.0.permanent
    }

    /// Returns whether repeating the call does not help before someone has changed a setting, whatever the code says.
    pub(crate) fn is_permanent(&self) -> bool {
        self.0.permanent
    }

    /// Notes that the failure does not pass by itself, although its code is a transient one.
    pub(crate) fn with_permanent(mut self) -> Self {
        self.0.permanent = true;
        self
    }

    /// Notes that the failed create left something that could not be deleted. Without an idempotency key a repeated call
    /// would make a second resource.
    pub(crate) fn with_leftover(mut self) -> Self {
        self.0.leftover = true;
        self
    }

    /// Sets whether repeating the call finds what this one may have made.
    pub(crate) fn with_repeatable(mut self, repeatable: bool) -> Self {
        self.0.repeatable = repeatable;
        self
    }

    /// Replaces the outcome, where a later layer knows better than the transport did.
    pub(crate) fn with_outcome(mut self, outcome: Outcome) -> Self {
        self.0.outcome = outcome;
        self
    }

    /// Replaces the code.
    pub(crate) fn with_code(mut self, code: ErrorCode) -> Self {
        self.0.code = code;
        self
    }

    /// Sets the status of the response.
    pub(crate) fn with_http_status(mut self, status: u16) -> Self {
        self.0.http_status = Some(status);
        self
    }

    /// Sets the provider's own error code, if there is one.
    pub(crate) fn with_provider_code(mut self, code: Option<String>) -> Self {
        self.0.provider_code = code.or(self.0.provider_code);
        self
    }

    /// Sets the provider's name for the request, if there is one.
    pub(crate) fn with_request_id(mut self, id: Option<String>) -> Self {
        self.0.request_id = id.or(self.0.request_id);
        self
    }

    /// Sets how long the provider asks to wait, if it does. Only with [`ErrorCode::RateLimited`].
    pub(crate) fn with_retry_after(mut self, delay: Option<Duration>) -> Self {
        self.0.retry_after = delay.or(self.0.retry_after);
        self
    }

    /// Sets the id of the instance that exists, or may exist, at the provider.
    pub(crate) fn with_instance_id(mut self, id: impl Into<String>) -> Self {
        self.0.instance_id = Some(id.into());
        self
    }

    /// Sets the name under which a resource exists, or may exist, at the provider.
    pub(crate) fn with_resource_name(mut self, name: impl Into<String>) -> Self {
        self.0.resource_name = Some(name.into());
        self
    }

    /// Sets the output of a failed command.
    pub(crate) fn with_output(mut self, output: &str) -> Self {
        self.0.output = Some(Excerpt::end(output));
        self
    }

    /// Returns the message, to be quoted in another one.
    pub(crate) fn message(&self) -> Message {
        self.0.message.clone()
    }

    /// Puts a note in front of the message, which ends with what the provider said.
    pub(crate) fn with_note(mut self, note: impl Into<Message>) -> Self {
        self.0.message = note.into().then(": ").then(self.0.message);
        self
    }

    /// Adds provider, operation and the opening words of the message, unless they are there.
    ///
    /// The text of a missing credential stays bare: it is part of the contract, word for word.
    pub(crate) fn in_context(mut self, context: &ErrorContext) -> Self {
        if self.0.operation.is_some() {
            return self;
        }
        self.0.provider = Some(context.provider);
        self.0.operation = Some(context.operation);
        if !self.0.is_redacted {
            // An error that came before the call's work: no text from outside is in it.
            self.0.message = Message::ours(self.0.message.own_words());
        }
        let bare = self.0.code == ErrorCode::InvalidConfig && context.operation != Operation::Configure;
        if !bare {
            let failure = context.operation.failure(context.title);
            self.0.message = Message::ours(format!("{failure}: {}", self.0.message));
        }
        self
    }

    /// Masks every secret of the call in every text from outside, then makes the texts fit to be shown.
    ///
    /// The order matters: a secret that was cut or whose white space was collapsed would not be recognised.
    pub(crate) fn redact(mut self, redactor: &Redactor) -> Self {
        let details = &mut *self.0;
        let mut message = details.message.redact(redactor);
        if let Some(output) = details.output.take() {
            let end = quote_end(&redactor.mask(&output));
            if !end.is_empty() {
                message = format!("{message} It printed: {end}");
            }
        }
        details.message = Message::ours(message);
        details.is_redacted = true;
        for identifier in [&mut details.provider_code, &mut details.request_id] {
            *identifier = identifier.take().and_then(|text| redact_identifier(&text, redactor));
        }
        let fields = redactor.fields();
        for field in [&mut details.instance_id, &mut details.resource_name]
            .into_iter()
            .flatten()
        {
            fields.mask(field);
        }
        self
    }
}

/// Returns a provider's name of an error or a request, fit to be shown; `None` if nothing of it is. It is masked twice: what is
/// taken out may stand in the middle of a secret.
fn redact_identifier(text: &str, redactor: &Redactor) -> Option<String> {
    let visible: String = visible_ascii(&redactor.mask_identifier(text)).collect();
    let identifier = quote_identifier(&redactor.mask_identifier(&visible));
    (!identifier.is_empty()).then_some(identifier)
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} ({:?}): {}",
            self.0.code.as_str(),
            self.0.outcome,
            self.0.message
        )
    }
}

#[cfg(test)]
mod tests {
    use super::quote::OUTPUT_LIMIT;
    use super::*;

    #[test]
    fn an_output_is_masked_before_it_is_cut() {
        let mut redactor = Redactor::default();
        redactor.add_value(&crate::secret::Secret::new("hunter2hunter2".to_owned()));
        // The cut falls into the secret.
        let output = format!("begin hunter2hunter2{}", "x".repeat(OUTPUT_LIMIT - 5));
        let text = Error::new(ErrorCode::ProvisionFailed, "It failed.")
            .with_output(&output)
            .redact(&redactor)
            .to_string();
        assert!(!text.contains("hunter") && !text.contains("ter2"), "{text}");
        assert!(
            text.starts_with("It failed. It printed: …") && text.ends_with("xxx"),
            "{text}"
        );
        let silent = Error::new(ErrorCode::ProvisionFailed, "It failed.").with_output(" \n");
        assert_eq!(silent.redact(&redactor).to_string(), "It failed.");
    }

    #[test]
    fn context_is_added_once_and_keeps_credential_texts_bare() {
        let context = |operation| ErrorContext {
            provider: "railway",
            title: "Railway",
            operation,
            resource_name: None,
        };
        let error = Error::new(ErrorCode::Network, "no route")
            .in_context(&context(Operation::Create))
            .in_context(&context(Operation::List));
        assert_eq!(error.to_string(), "Failed to create Railway instance: no route");
        let error = Error::config("Missing Railway API key.").in_context(&context(Operation::List));
        assert_eq!(error.to_string(), "Missing Railway API key.");
        assert_eq!(error.details().operation, Some(Operation::List));
    }

    #[test]
    fn retryable_follows_from_the_code() {
        for (code, retryable) in [
            (ErrorCode::RateLimited, true),
            (ErrorCode::Timeout, true),
            (ErrorCode::Network, true),
            (ErrorCode::Unavailable, true),
            (ErrorCode::PaymentRequired, false),
            (ErrorCode::QuotaExceeded, false),
            (ErrorCode::InvalidArgument, false),
            (ErrorCode::OutcomeUnknown, false),
        ] {
            assert_eq!(Error::new(code, "x").is_retryable(), retryable, "{code:?}");
        }
        let permanent = Error::new(ErrorCode::Network, "x").with_permanent();
        assert!(!permanent.is_retryable() && !permanent.is_transient());
    }
}
