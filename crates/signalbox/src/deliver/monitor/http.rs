//! One request and one answer over HTTP/1.1, with TLS where the address says so. Nothing is followed: an answer that
//! leads elsewhere is told as it is, so that a monitor cannot send us to another machine. Every wait has an end, and no
//! answer may be longer than what a monitor can sensibly say.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, StatusCode, Uri, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt, Limited};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

use super::{Fault, Secret};

/// No monitor has so many silences that their list is longer.
const ANSWER_BYTES_MOST: usize = 16 * 1024 * 1024;
/// So much of what a monitor says is shown.
const WORDS_CHARACTERS_MOST: usize = 300;

/// Where a monitor answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    is_tls: bool,
    host: String,
    port: u16,
    /// What stands before the paths of its API, without a slash at the end.
    path: String,
}

impl Address {
    /// Reads `https://alerts.example.org:9093/alertmanager`.
    ///
    /// # Errors
    /// A sentence about what is wrong with it.
    pub fn parse(text: &str) -> Result<Address, String> {
        let wrong = || "Enter an address such as https://alerts.example.org:9093.".to_owned();
        let uri: Uri = text.trim().parse().map_err(|_| wrong())?;
        let is_tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(wrong()),
        };
        if uri.query().is_some() {
            return Err("Enter the address without a question mark: what follows it is ours to say.".into());
        }
        let authority = uri.authority().filter(|authority| !authority.host().is_empty()).ok_or_else(wrong)?;
        if authority.as_str().contains('@') {
            return Err("Enter the address without user and password: they are kept apart, where nobody reads them.".into());
        }
        let port = match authority.port() {
            Some(port) => port.as_u16(),
            None if is_tls => 443,
            None => 80,
        };
        Ok(Address { is_tls, host: authority.host().to_owned(), port, path: uri.path().trim_end_matches('/').to_owned() })
    }

    /// Whether what opens the monitor may travel there: in the clear to this very machine only.
    pub fn is_confidential(&self) -> bool {
        let bare = self.host.trim_matches(['[', ']']);
        self.is_tls || bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    fn bare_host(&self) -> &str {
        self.host.trim_matches(['[', ']'])
    }
}

/// What came back.
pub(super) struct Answer {
    pub status: StatusCode,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Result<serde_json::Value, Fault> {
        serde_json::from_slice(&self.body).map_err(|_| Fault::unanswered(format!("It answered {} with something that is not JSON.", self.status.as_u16())))
    }

    /// The status and the first words of the body.
    pub fn words(&self) -> String {
        let said = brief(&String::from_utf8_lossy(&self.body));
        if said.is_empty() { format!("It answered {}.", self.status.as_u16()) } else { format!("It answered {}: {said}", self.status.as_u16()) }
    }

    /// A refusal as a fault: asking once more does no harm where the monitor itself is in trouble.
    pub fn fault(&self) -> Fault {
        Fault { words: self.words(), is_answer: self.status.is_client_error() && self.status != StatusCode::UNAUTHORIZED }
    }
}

/// Text on one line and not too long.
fn brief(text: &str) -> String {
    let flat: String = text.chars().take(WORDS_CHARACTERS_MOST * 4).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let flat = flat.split_whitespace().collect::<Vec<_>>().join(" ");
    if flat.chars().count() <= WORDS_CHARACTERS_MOST { flat } else { flat.chars().take(WORDS_CHARACTERS_MOST - 1).chain(['…']).collect() }
}

/// A way to one address.
pub struct Http {
    address: Address,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    login: Option<HeaderValue>,
    /// What must not come back in words, in each of its spellings.
    hidden: Vec<String>,
    patience: Duration,
}

impl Http {
    /// The way, with a login as `user:password` or a bearer token, trusting one authority (PEM) or the public ones.
    ///
    /// # Errors
    /// Words about a setting that cannot be used.
    pub fn new(address: Address, login: Option<&Secret>, authority: &str, patience: Duration) -> Result<Http, String> {
        if login.is_some() && !address.is_confidential() {
            return Err("Its credential would travel in the clear: give it an address that begins with https.".into());
        }
        let tls = if address.is_tls { Some(tls(&address, authority)?) } else { None };
        // Where it is concerns whoever set it up, and not everybody who reads what it said.
        let mut hidden = vec![format!("{}:{}", address.host, address.port)];
        let login = login.map(|secret| {
            let basic = STANDARD.encode(secret.reveal());
            hidden.extend([secret.reveal().to_owned(), basic.clone()]);
            // Of user and password the latter is the secret, and may come back alone.
            hidden.extend(secret.reveal().split_once(':').map(|(_, password)| password.to_owned()));
            let header = if secret.reveal().contains(':') { format!("Basic {basic}") } else { format!("Bearer {}", secret.reveal()) };
            let mut header = HeaderValue::from_str(&header).map_err(|_| "Its credential holds a character that cannot be sent.".to_owned())?;
            header.set_sensitive(true);
            Ok::<_, String>(header)
        });
        hidden.retain(|word| !word.is_empty());
        Ok(Http { address, tls, login: login.transpose()?, hidden, patience })
    }

    /// Asks once. The answer is whole within the patience, or there is none.
    pub(super) async fn ask(&self, method: Method, path: &str, headers: &[(&'static str, String)], body: Option<String>) -> Result<Answer, Fault> {
        let slow = || Fault::unanswered(format!("It did not answer within {} seconds.", self.patience.as_secs_f32()));
        let mut answer = match tokio::time::timeout(self.patience, self.exchange(method, path, headers, body)).await {
            Ok(answer) => answer?,
            Err(_) => return Err(slow()),
        };
        if answer.status.is_redirection() {
            return Err(Fault::unanswered(format!("It answered {} and leads elsewhere, which is not followed.", answer.status.as_u16())));
        }
        self.hide(&mut answer);
        Ok(answer)
    }

    /// What opens it and where it is stay out of its answers, whatever it repeats.
    fn hide(&self, answer: &mut Answer) {
        if self.hidden.iter().any(|word| answer.body.windows(word.len()).any(|window| window == word.as_bytes())) {
            let mut text = String::from_utf8_lossy(&answer.body).into_owned();
            self.hidden.iter().for_each(|word| text = text.replace(word, "…"));
            answer.body = text.into_bytes();
        }
    }

    async fn exchange(&self, method: Method, path: &str, headers: &[(&'static str, String)], body: Option<String>) -> Result<Answer, Fault> {
        let connected = tokio::time::timeout(self.patience / 2, TcpStream::connect((self.address.bare_host(), self.address.port))).await;
        let stream = match connected {
            Ok(Ok(stream)) => stream,
            Ok(Err(fault)) => return Err(Fault::unanswered(format!("It can’t be reached: {fault}."))),
            Err(_) => return Err(Fault::unanswered("It can’t be reached: nobody took the call.")),
        };
        let request = self.request(method, path, headers, body)?;
        match &self.tls {
            None => converse(stream, request).await,
            Some((tls, name)) => {
                let stream = tls.connect(name.clone(), stream).await.map_err(|fault| Fault::unanswered(format!("It did not prove who it is: {fault}.")))?;
                converse(stream, request).await
            }
        }
    }

    fn request(&self, method: Method, path: &str, headers: &[(&'static str, String)], body: Option<String>) -> Result<Request<Body>, Fault> {
        let Address { host, port, path: prefix, .. } = &self.address;
        let target = format!("{prefix}{path}");
        let mut request = Request::builder().method(method).uri(if target.is_empty() { "/" } else { &target });
        request = request.header(header::HOST, format!("{host}:{port}")).header(header::ACCEPT, "application/json").header(header::CONNECTION, "close");
        request = request.header(header::USER_AGENT, concat!("Signalbox/", env!("CARGO_PKG_VERSION")));
        if let Some(login) = &self.login {
            request = request.header(header::AUTHORIZATION, login);
        }
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        request.body(Body::from(body.unwrap_or_default())).map_err(|fault| Fault::answered(format!("It can’t be asked: {fault}.")))
    }
}

fn tls(address: &Address, authority: &str) -> Result<(TlsConnector, ServerName<'static>), String> {
    let mut roots = RootCertStore::empty();
    if authority.trim().is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    } else {
        let wrong = || "The certificate of its authority can’t be read: paste it whole, with its first and last line.".to_owned();
        for certificate in CertificateDer::pem_slice_iter(authority.as_bytes()) {
            roots.add(certificate.map_err(|_| wrong())?).map_err(|_| wrong())?;
        }
        if roots.is_empty() {
            return Err(wrong());
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions();
    let config = config.map_err(|fault| fault.to_string())?.with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from(address.bare_host().to_owned()).map_err(|_| "The host in its address is none.".to_owned())?;
    Ok((TlsConnector::from(Arc::new(config)), name))
}

async fn converse(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, request: Request<Body>) -> Result<Answer, Fault> {
    let broken = |fault: &dyn std::fmt::Display| Fault::unanswered(format!("It broke off: {fault}."));
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|fault| broken(&fault))?;
    // Ends with this call, whatever the other side does.
    let _driven = Driven(tokio::spawn(async move { connection.await.map_err(drop) }));
    let response = sender.send_request(request).await.map_err(|fault| broken(&fault))?;
    let status = response.status();
    let body = Limited::new(response.into_body(), ANSWER_BYTES_MOST).collect().await.map_err(|fault| broken(&fault))?;
    Ok(Answer { status, body: body.to_bytes().to_vec() })
}

struct Driven(tokio::task::JoinHandle<Result<(), ()>>);

impl Drop for Driven {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_scheme_a_host_and_perhaps_a_path() {
        let whole = Address::parse("https://alerts.example.org/am/").unwrap();
        assert_eq!(whole, Address { is_tls: true, host: "alerts.example.org".into(), port: 443, path: "/am".into() });
        assert_eq!(Address::parse("http://[::1]:9093").unwrap().port, 9093);
        for wrong in ["", "alerts.example.org", "ftp://alerts.example.org", "https://", "https://u:p@alerts.example.org", "https://a.example?x=1", "/path"] {
            assert!(Address::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_opens_a_monitor_goes_in_the_clear_to_this_machine_only() {
        let secret = Secret::new("root:sesame");
        let way = |address: &str| Http::new(Address::parse(address).unwrap(), Some(&secret), "", Duration::from_secs(1));
        for good in ["https://alerts.example.org", "http://127.0.0.1:9093", "http://[::1]:9093", "http://localhost"] {
            assert!(way(good).is_ok(), "{good}");
        }
        for bad in ["http://alerts.example.org", "http://127.0.0.1.example.org", "http://10.0.0.1"] {
            assert!(way(bad).is_err(), "{bad}");
        }
        assert!(Http::new(Address::parse("http://10.0.0.1").unwrap(), None, "", Duration::from_secs(1)).is_ok());
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }

    #[test]
    fn a_credential_that_is_repeated_is_not_shown() {
        let http = Http::new(Address::parse("https://a.example").unwrap(), Some(&Secret::new("root:sesame")), "", Duration::from_secs(1)).unwrap();
        for said in ["no root:sesame here", "password sesame is wrong", "Basic cm9vdDpzZXNhbWU="] {
            let mut answer = Answer { status: StatusCode::FORBIDDEN, body: said.into() };
            http.hide(&mut answer);
            assert!(!answer.words().contains("sesame") && !answer.words().contains("cm9v"), "{}", answer.words());
        }
    }

    #[test]
    fn what_a_monitor_says_is_one_line_and_not_too_long() {
        let answer = Answer { status: StatusCode::BAD_REQUEST, body: format!("no\r\n{}", "x".repeat(5000)).into_bytes() };
        assert!(answer.words().starts_with("It answered 400: no x") && answer.words().chars().count() < 330);
        assert!(answer.fault().is_answer);
        assert!(!Answer { status: StatusCode::BAD_GATEWAY, body: vec![] }.fault().is_answer);
    }
}
