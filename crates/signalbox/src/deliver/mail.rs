//! Letters as internet mail (RFC 5322) through an SMTP server (RFC 5321). The builder writes every header from one
//! value each, so that nothing typed can become a header of its own (S81).

use std::time::Duration;

use jiff::Timestamp;
use lettre::message::Mailbox as Address;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Attachment, MultiPart, SinglePart};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::{Envelope, Post, Trouble};

/// A subject is cut here: longer lines help nobody.
const SUBJECT_CHARACTERS_MOST: usize = 150;

/// A server that hangs, or speaks a letter a minute, must not hold the worker beyond its lease: a whole letter takes no
/// longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// Says that no person wrote it, so that no absence notice answers it (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(AutoSubmitted)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".into())
    }
}

/// Where a reader leaves (RFC 2369).
#[derive(Clone)]
struct Unsubscribe(String);

impl Header for Unsubscribe {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe")
    }

    fn parse(line: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Unsubscribe(line.trim_matches(['<', '>']).to_owned()))
    }

    fn display(&self) -> HeaderValue {
        // An address of ours, which has no place to fold: a line may be longer than most.
        HeaderValue::dangerous_new_pre_encoded(Self::name(), format!("<{}>", self.0), format!("<{}>", self.0))
    }
}

/// That one press is enough (RFC 8058).
#[derive(Clone)]
struct OnePress;

impl Header for OnePress {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe-Post")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(OnePress)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "List-Unsubscribe=One-Click".into())
    }
}

/// An SMTP server.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Address,
    patience: Duration,
    /// What stands behind the at of a Message-ID.
    host: String,
}

impl Smtp {
    /// The server of a URL. `smtps://` speaks TLS at once, `smtp://` begins with STARTTLS and goes no further without
    /// it; in the clear only to this very machine.
    ///
    /// # Errors
    /// Words about a wrong URL or sender.
    pub fn new(url: &str, from: &str) -> Result<Smtp, String> {
        Smtp::with_patience(url, from, PATIENCE)
    }

    /// The same, with how long a letter may take.
    ///
    /// # Errors
    /// As for [`Smtp::new`].
    pub fn with_patience(url: &str, from: &str, patience: Duration) -> Result<Smtp, String> {
        let from: Address = format!("Signalbox <{from}>").parse().map_err(|_| format!("“{from}” is no address of a sender"))?;
        let secured = secured(url)?;
        // What the address says stays out of the words: it holds a password.
        let words = "the mail server's address should be like smtps://user:password@host or smtp://host:25";
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(&secured).map_err(|_| words)?;
        let host = from.email.domain().to_owned();
        Ok(Smtp { transport: builder.timeout(Some(patience)).build(), from, patience, host })
    }
}

/// The URL with the TLS that we insist on.
fn secured(url: &str) -> Result<String, String> {
    if url.starts_with("smtps://") {
        return Ok(url.to_owned());
    }
    let Some(rest) = url.strip_prefix("smtp://") else { return Err("a mail server's address starts with smtps:// or smtp://".into()) };
    if rest.contains('?') {
        return Err("a mail server's address takes no parameters: TLS is used wherever the server is not this machine".into());
    }
    let authority = rest.split('/').next().unwrap_or_default();
    let host_and_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    Ok(if is_this_machine(host_and_port) { url.to_owned() } else { format!("{}?tls=required", url.trim_end_matches('/')) })
}

fn is_this_machine(host_and_port: &str) -> bool {
    let host = match host_and_port.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((six, _)) => six,
        None => host_and_port.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// The letter as a message; tests read it back with a parser of their own.
///
/// # Errors
/// [`Trouble`] that no trying again will mend: an address that is none.
pub fn message(envelope: &Envelope, from: &Address, host: &str) -> Result<Message, Trouble> {
    let to = envelope.to.parse().map_err(|_| Trouble::never("the recipient's address is none"))?;
    let at = Timestamp::as_second(envelope.at);
    let date = std::time::UNIX_EPOCH + Duration::from_secs(u64::try_from(at).unwrap_or(0));
    let builder = Message::builder()
        .from(from.clone())
        .to(Address::new(None, to))
        .subject(one_line(&envelope.subject))
        .message_id(Some(format!("<{}@{host}>", envelope.id)))
        .date(date)
        .header(AutoSubmitted);
    let builder = match &envelope.unsubscribe {
        Some(address) => builder.header(Unsubscribe(address.clone())).header(OnePress),
        None => builder,
    };
    let Some(file) = &envelope.calendar else {
        return builder.header(ContentType::TEXT_PLAIN).body(plain(&envelope.text)).map_err(Trouble::never);
    };
    let kind = ContentType::parse("text/calendar; charset=utf-8").map_err(Trouble::never)?;
    let attached = Attachment::new(file.name.clone()).body(file.text.clone(), kind);
    builder.multipart(MultiPart::mixed().singlepart(SinglePart::plain(plain(&envelope.text))).singlepart(attached)).map_err(Trouble::never)
}

/// Words without line breaks and other controls, and not too many.
pub fn one_line(words: &str) -> String {
    let flat: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let flat = flat.split_whitespace().collect::<Vec<_>>().join(" ");
    if flat.chars().count() <= SUBJECT_CHARACTERS_MOST { flat } else { flat.chars().take(SUBJECT_CHARACTERS_MOST - 1).chain(['…']).collect() }
}

/// Text with one kind of line break and no control characters.
fn plain(text: &str) -> String {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    lines.chars().filter(|c| *c == '\n' || !c.is_control()).collect()
}

impl Post for Smtp {
    fn deliver(&self, envelope: &Envelope) -> Result<(), Trouble> {
        let message = message(envelope, &self.from, &self.host)?;
        let sent = super::wait(async { tokio::time::timeout(self.patience, self.transport.send(message)).await })?;
        match sent {
            Err(_) => Err(Trouble::later(format!("the mail server did not take the letter within {} seconds", self.patience.as_secs_f32()))),
            Ok(Ok(_)) => Ok(()),
            Ok(Err(fault)) if fault.is_permanent() => Err(Trouble::never(fault)),
            Ok(Err(fault)) => Err(Trouble::later(fault)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_goes_in_the_clear_to_this_machine_only() {
        for local in ["smtp://localhost:25", "smtp://127.0.0.1:2525", "smtp://[::1]:25", "smtp://u:p@localhost"] {
            assert_eq!(secured(local), Ok(local.to_owned()), "{local}");
        }
        for remote in ["smtp://mail.example.org", "smtp://mail.example.org:25/", "smtp://localhost@mail.example.org", "smtp://127.0.0.1.example.org"] {
            assert!(secured(remote).unwrap().ends_with("?tls=required"), "{remote}");
        }
        assert_eq!(secured("smtps://mail.example.org"), Ok("smtps://mail.example.org".to_owned()));
        for wrong in ["mail.example.org", "http://mail.example.org", "smtp://mail.example.org?tls=opportunistic"] {
            assert!(secured(wrong).is_err(), "{wrong}");
        }
        assert!(Smtp::new("smtp://mail.example.org", "signalbox@example.org").is_ok());
        assert!(Smtp::new("smtp://mail.example.org", "nobody").is_err());
    }

    #[test]
    fn c153_a_letter_that_one_may_leave_says_how_and_no_other_does() {
        let address = format!("https://change.example.org/status/leave/7-{}", "0f".repeat(32));
        let from: Address = "Signalbox <signalbox@example.org>".parse().unwrap();
        for unsubscribe in [None, Some(address.clone())] {
            let envelope = Envelope {
                id: "7.8".into(),
                to: "reader@elsewhere.example".into(),
                subject: "Planned: imaging".into(),
                text: "It is planned.".into(),
                calendar: None,
                unsubscribe: unsubscribe.clone(),
                at: "2026-11-17T12:00:00Z".parse().unwrap(),
            };
            let formatted = String::from_utf8(message(&envelope, &from, "example.org").unwrap().formatted()).unwrap();
            let lines = [format!("List-Unsubscribe: <{address}>\r\n"), "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n".to_owned()];
            assert!(lines.iter().all(|line| formatted.contains(line) == unsubscribe.is_some()), "{formatted}");
        }
    }

    #[test]
    fn s81_nothing_typed_becomes_a_header() {
        let nasty = [
            "Power\r\nBcc: eve@example.org",
            "Power\nX-Other: 1",
            "=?utf-8?q?=0d=0aBcc:_eve@example.org?=",
            "é\u{0}\u{7}ü\u{2028}Bcc: eve@example.org",
            &"long ".repeat(400),
        ];
        for subject in nasty {
            let envelope = Envelope {
                id: "7.8".into(),
                to: "ruth@northbrook.example".into(),
                subject: subject.into(),
                text: "One.\r\n.\r\nRCPT TO:<eve@example.org>\nTwo\rThree".into(),
                calendar: None,
                unsubscribe: None,
                at: "2026-11-17T12:00:00Z".parse().unwrap(),
            };
            let from: Address = "Signalbox <signalbox@example.org>".parse().unwrap();
            let message = message(&envelope, &from, "example.org").unwrap();
            assert_eq!(message.envelope().to().len(), 1);
            let formatted = String::from_utf8(message.formatted()).unwrap();
            let (head, _) = formatted.split_once("\r\n\r\n").unwrap();
            let names: Vec<&str> = head.split("\r\n").filter(|l| !l.starts_with([' ', '\t'])).map(|l| l.split(':').next().unwrap()).collect();
            let mut sorted = names.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, ["Auto-Submitted", "Content-Transfer-Encoding", "Content-Type", "Date", "From", "Message-ID", "Subject", "To"], "{head}");
            assert!(!formatted.replace("\r\n", "").contains(['\r', '\n']), "a bare line break: {formatted}");
            assert!(head.contains("Message-ID: <7.8@example.org>") && head.contains("Auto-Submitted: auto-generated"), "{head}");
        }
        let envelope = Envelope {
            id: "1".into(),
            to: "a@b.example\r\nBcc: eve@example.org".into(),
            subject: String::new(),
            text: String::new(),
            calendar: None,
            unsubscribe: None,
            at: Timestamp::UNIX_EPOCH,
        };
        let from: Address = "signalbox@example.org".parse().unwrap();
        assert!(message(&envelope, &from, "example.org").is_err());
    }
}
