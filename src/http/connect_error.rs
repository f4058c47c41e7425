//! What both transports tell of an error of theirs: its innermost cause, and what to do about a certificate.

use std::error::Error;
use std::io;

use crate::error::Message;

/// Returns an error, then the errors that led to it, the innermost last.
pub(super) fn causes<'a>(error: Option<&'a (dyn Error + 'static)>) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(error, |&cause| {
        // An I/O error hides the error that it wraps: `source` gives the cause of that.
        let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        match wrapped {
            Some(wrapped) => Some(wrapped as &(dyn Error + 'static)),
            None => cause.source(),
        }
    })
}

/// Returns the text of the innermost cause, such as "Connection refused" or "invalid peer certificate: …". The texts of outer
/// errors say less, and reqwest's repeats the URL.
pub(super) fn describe(error: Option<&(dyn Error + 'static)>) -> String {
    let innermost = std::iter::successors(error, |&cause| cause.source()).last();
    innermost.map_or_else(|| "no cause was given".to_owned(), ToString::to_string)
}

/// Returns why a certificate is refused, and what to do about it; `None` if the error is another, or if another attempt may
/// meet another certificate.
pub(super) fn explain_certificate(error: &(dyn Error + 'static)) -> Option<Message> {
    let error = error.downcast_ref::<rustls::Error>()?;
    // It names what the certificate is for.
    Some(Message::from(error.to_string()).then(". ").then(advise(error)?))
}

fn advise(error: &rustls::Error) -> Option<&'static str> {
    use rustls::CertificateError as Refusal;
    let rustls::Error::InvalidCertificate(refusal) = error else {
        return None;
    };
    match refusal {
        // A list of revoked certificates that is missing or old is fetched anew.
        Refusal::UnknownRevocationStatus
        | Refusal::ExpiredRevocationList
        | Refusal::ExpiredRevocationListContext { .. } => None,
        Refusal::NotValidForName | Refusal::NotValidForNameContext { .. } => Some(
            "The server's certificate is for another host: check baseUrl, and whether a proxy answers in its place",
        ),
        Refusal::Expired | Refusal::ExpiredContext { .. } => {
            Some("The server's certificate has expired: check this machine's clock; else its operator has to renew it")
        }
        Refusal::NotValidYet | Refusal::NotValidYetContext { .. } => {
            Some("The server's certificate is not valid yet: check this machine's clock")
        }
        _ => Some(
            "This machine does not trust the server's certificate: if your company's authority issued it, add the authority to the system's certificates, or on Linux name a file of certificates that holds it in SSL_CERT_FILE",
        ),
    }
}
