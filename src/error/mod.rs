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
    /// The call has an idempotency key: repeating it finds what this one may have made.
    repeatable: bool,
    /// The failed create left something at the provider.
    leftover: bool,
    /// Repeating the call does not help before someone has changed a setting.
    permanent: bool,
}

/// Where an error occurred. Every error that reaches a caller has it.
#[derive(Clone, Debug)]
pub(crate) struct ErrorContext {
    /// `error.provider` in JavaScript.
    pub(crate) provider: &'static str,
    /// The provider's name in messages.
    pub(crate) title: &'static str,
    pub(crate) operation: Operation,
    /// The name under which the call may leave a resource, for errors that reach the caller before the work has ended.
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

    /// Returns whether a setting has to change before a repeated call can succeed, even if the code is a transient one.
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
        let mut message = self.0.message.to_shown();
        let bare = self.0.code == ErrorCode::InvalidConfig && context.operation != Operation::Configure;
        if !bare {
            message = format!("{}: {message}", context.operation.failure(context.title));
        }
        self.0.message = Message::redacted(message);
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
        details.message = Message::redacted(message);
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

    const CONTEXT: ErrorContext = ErrorContext {
        provider: "railway",
        title: "Railway",
        operation: Operation::Create,
        resource_name: None,
    };

    fn redactor_of(values: &[&str]) -> Redactor {
        let mut redactor = Redactor::default();
        for value in values {
            redactor.add_value(&crate::secret::Secret::new((*value).to_owned()));
        }
        redactor
    }

    #[test]
    fn only_texts_from_outside_are_masked() {
        let note = || Message::ours("Gave up after 4 attempts in 0.1 s: it is true");
        let error = Error::new(ErrorCode::Unavailable, "attempts: true".to_owned())
            .with_note(note())
            .with_request_id(Some("req:1-true".to_owned()))
            .redact(&redactor_of(&["1", "4", "true", "attempts", "Railway", "Gave up"]))
            .in_context(&CONTEXT);
        assert_eq!(
            error.to_string(),
            "Failed to create Railway instance: Gave up after 4 attempts in 0.1 s: it is true: [redacted]: [redacted]"
        );
        assert_eq!(error.details().request_id.as_deref(), Some("req:1-true"));
    }

    proptest::proptest! {
        #[test]
        fn our_words_are_never_changed(
            words in proptest::collection::vec("[A-Za-z0-9]{1,9}[.:=]?", 1..12),
            secrets in proptest::collection::vec(0..12_usize, 0..6),
        ) {
            let ours = words.join(" ");
            let secrets: Vec<&str> = secrets.iter().filter_map(|at| words.get(*at)).map(String::as_str).collect();
            let redactor = redactor_of(&[&secrets[..], &[&ours]].concat());
            let error = Error::new(ErrorCode::Network, Message::ours(&ours).then("; ").then(ours.clone()));
            let text = error.redact(&redactor).to_string();
            proptest::prop_assert_eq!(text, format!("{}; [redacted]", ours));
        }
    }

    #[test]
    fn what_a_provider_names_is_visible_ascii_and_short() {
        let name = format!(
            "\u{1b}[31mBAD\r\nCODE hun\u{200B}ter2\u{e4}hunter2 {}",
            "x".repeat(1_000_000)
        );
        let error = Error::new(ErrorCode::Network, "x")
            .with_provider_code(Some(name.clone()))
            .with_request_id(Some(name))
            .redact(&redactor_of(&["hunter2hunter2", "hunter2"]));
        for name in [&error.details().provider_code, &error.details().request_id] {
            let name = name.as_deref().unwrap();
            assert!(name.starts_with("[31mBADCODE[redacted][redacted]xxx"), "{name}");
            assert_eq!(name.len(), 128);
        }
        let blank = Error::new(ErrorCode::Network, "x").with_request_id(Some("\u{202E} \n".to_owned()));
        assert_eq!(blank.redact(&Redactor::default()).details().request_id, None);
    }

    #[test]
    fn a_credential_is_masked_in_what_an_error_names() {
        let mut redactor = redactor_of(&["my-service"]);
        redactor.add_credential(&crate::secret::Secret::new("rw_key_1234567".to_owned()));
        let error = Error::new(ErrorCode::AlreadyExists, "x")
            .with_instance_id("srv-rw_key_1234567")
            .with_resource_name("my-service")
            .redact(&redactor);
        assert_eq!(error.details().instance_id.as_deref(), Some("srv-[redacted]"));
        assert_eq!(error.details().resource_name.as_deref(), Some("my-service"));
    }

    #[test]
    fn an_error_that_was_not_redacted_quotes_nothing_and_is_fit_to_be_shown() {
        let text = format!("The variable {}\u{202E} is\n bad.", "x".repeat(1_000_000));
        let error = Error::argument(text).in_context(&CONTEXT);
        assert!(error.to_string().chars().count() < 800);
        let error = Error::new(
            ErrorCode::Network,
            Message::from("It said: ").then("hunter2".to_owned()),
        );
        assert_eq!(
            error.in_context(&CONTEXT).to_string(),
            "Failed to create Railway instance: It said:"
        );
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
    fn the_documented_codes_are_those_of_the_code_and_as_retryable() {
        let document = include_str!("../../docs/errors.md");
        let rows: Vec<(&str, &str)> = document
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
            .filter_map(|(code, rest)| Some((code, rest.split_once(" | ")?.0)))
            .collect();
        let retryable = |code: ErrorCode| match code {
            ErrorCode::OutcomeUnknown => vec!["with a key"],
            // Where the fault does not pass by itself, it is not.
            ErrorCode::Network => vec!["yes", "no"],
            _ if Error::new(code, "x").is_retryable() => vec!["yes"],
            _ => vec!["no"],
        };
        let expected: Vec<(&str, &str)> = ErrorCode::ALL
            .into_iter()
            .flat_map(|code| retryable(code).into_iter().map(move |word| (code.as_str(), word)))
            .collect();
        assert_eq!(rows, expected);
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
