//! What the operator chose on the command line or in the environment, read once at start.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;

/// The settings of a running server.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address people use. Every link we write starts with it (S54).
    pub base: BaseUrl,
    /// Whether the operator named that address. Then no other host is answered.
    pub is_base_named: bool,
    /// The reverse proxy whose `X-Forwarded-For` we believe, if there is one.
    pub proxy: Option<IpAddr>,
    /// The folder whose process documents replace those in the binary.
    pub processes: Option<PathBuf>,
    /// The folder to which the worker writes a signed copy of the open schedule, if there is one.
    pub static_copy: Option<PathBuf>,
    /// How monitors are told what to keep quiet about.
    pub silences: Silences,
    /// How mail leaves.
    pub mail: MailRoute,
    /// The name under which the mail server that takes notices of carriers in writes what it found about their senders
    /// (RFC 8601). `None`: it refuses by itself what does not come from where it says.
    pub mail_checked_by: Option<String>,
    /// Whom people ring or write to: on every page.
    pub team: Team,
    /// Whether this is the demo, with its one-click sign-in and its mails on a page (settled 26).
    pub is_demo: bool,
}

/// How monitors are told what to keep quiet about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silences {
    /// How long before its beginning a monitor learns of a silence.
    pub lead: SignedDuration,
    /// How long one answer of a monitor is waited for.
    pub patience: Duration,
}

impl Default for Silences {
    /// A day, and ten seconds.
    fn default() -> Silences {
        Silences { lead: SignedDuration::from_hours(24), patience: Duration::from_secs(10) }
    }
}

/// How mail leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailRoute {
    /// Through this SMTP server, as `smtp://` or `smtps://` with user and password where it needs them.
    Smtp { url: String, from: String },
    /// Mail stays in the outbox; the demo shows it on a page.
    Kept,
}

/// The change team, on every page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    pub name: String,
    pub email: String,
    pub telephone: String,
    /// When somebody answers, in words.
    pub hours: String,
}

/// Scheme, host and port of the address people use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    scheme: Scheme,
    /// Host and, unless it is the scheme's own, port; lower case.
    authority: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
}

impl BaseUrl {
    /// Reads `https://change.example.org` or `http://127.0.0.1:8080`. Anything beyond scheme, host and port is
    /// refused, and so is plain http beyond this machine: a session cookie must not travel in the clear.
    pub fn parse(text: &str) -> Result<BaseUrl, String> {
        let text = text.trim().trim_end_matches('/');
        let (scheme, authority) = if let Some(rest) = text.strip_prefix("https://") {
            (Scheme::Https, rest)
        } else if let Some(rest) = text.strip_prefix("http://") {
            (Scheme::Http, rest)
        } else {
            return Err(format!("“{text}” does not start with https:// or http://"));
        };
        let authority = normal_authority(scheme, authority)
            .ok_or_else(|| format!("“{text}” should be a scheme, a host and perhaps a port, such as https://change.example.org"))?;
        let base = BaseUrl { scheme, authority };
        if scheme == Scheme::Http && !base.is_loopback() {
            return Err(format!("“{text}” would send sessions in the clear: use https, or http on this machine only"));
        }
        Ok(base)
    }

    /// The address of a server that listens on this machine and was given no other name.
    pub fn of_listener(listen: SocketAddr) -> BaseUrl {
        let host = if listen.ip().is_unspecified() { "localhost".to_owned() } else { host_text(listen.ip()) };
        BaseUrl { scheme: Scheme::Http, authority: format!("{host}:{}", listen.port()) }
    }

    /// Whether cookies are marked Secure and carry the `__Host-` prefix.
    pub fn is_secure(&self) -> bool {
        self.scheme == Scheme::Https
    }

    /// Whether a `Host` header names this server.
    pub fn is_host(&self, header: &str) -> bool {
        normal_authority(self.scheme, header).as_deref() == Some(self.authority.as_str())
    }

    /// The host alone, as it stands in the names of things.
    pub fn host(&self) -> &str {
        self.authority.rsplit_once(':').filter(|(_, port)| port.chars().all(|c| c.is_ascii_digit())).map_or(self.authority.as_str(), |(host, _)| host)
    }

    /// A full link to a path of ours.
    pub fn link(&self, path: &str) -> String {
        format!("{self}{path}")
    }

    fn is_loopback(&self) -> bool {
        let host =
            self.authority.rsplit_once(':').map_or(self.authority.as_str(), |(host, port)| if port.ends_with(']') { self.authority.as_str() } else { host });
        host == "localhost" || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

impl fmt::Display for BaseUrl {
    /// The origin, as RFC 6454 writes it: no slash at the end.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_secure() { "https" } else { "http" };
        write!(out, "{scheme}://{}", self.authority)
    }
}

fn host_text(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

/// Host and port in one spelling, or nothing if the text is anything else (a path, a user, a space).
fn normal_authority(scheme: Scheme, text: &str) -> Option<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']' | '_');
    if text.is_empty() || !text.chars().all(is_plain) {
        return None;
    }
    let text = text.to_ascii_lowercase();
    let own_port = if scheme == Scheme::Https { ":443" } else { ":80" };
    Some(text.strip_suffix(own_port).map(str::to_owned).unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_is_https_or_this_machine() {
        for good in ["https://change.example.org", "https://change.example.org/", "http://localhost:8080", "http://127.0.0.1", "http://[::1]:80"] {
            assert!(BaseUrl::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "change.example.org", "http://change.example.org", "https://a/b", "https://u@h", "ftp://h", "https://"] {
            assert!(BaseUrl::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_scheme_s_own_port_may_be_said_or_left_out() {
        let base = BaseUrl::parse("https://Change.Example.org:443").unwrap();
        assert_eq!(base.to_string(), "https://change.example.org");
        assert!(base.is_host("change.example.org") && base.is_host("CHANGE.example.org:443"));
        assert!(!base.is_host("change.example.org:80") && !base.is_host("evil.example") && !base.is_host(""));
        assert_eq!(base.link("/join"), "https://change.example.org/join");
    }

    #[test]
    fn a_listener_names_itself() {
        assert_eq!(BaseUrl::of_listener("0.0.0.0:8080".parse().unwrap()).to_string(), "http://localhost:8080");
        assert_eq!(BaseUrl::of_listener("[::1]:9".parse().unwrap()).to_string(), "http://[::1]:9");
    }
}
