//! The three cookies: the session, a stranger's form secret, and a sentence to show once.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::clock::Token;
use crate::config::Config;

/// One of our cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cookie {
    Session,
    Guest,
    Flash,
}

impl Cookie {
    fn name(self, config: &Config) -> String {
        let name = match self {
            Cookie::Session => "signalbox",
            Cookie::Guest => "signalbox-guest",
            Cookie::Flash => "signalbox-said",
        };
        // The prefix makes browsers refuse one that a sibling host planted (S63); it needs https.
        if config.base.is_secure() { format!("__Host-{name}") } else { name.to_owned() }
    }

    /// The value that came with a request. Two of one name means that somebody meddles: then neither counts (S63).
    pub fn read(self, headers: &HeaderMap, config: &Config) -> Option<String> {
        let name = self.name(config);
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut found =
            lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('=')).filter(|(n, _)| *n == name).map(|(_, value)| value);
        match (found.next(), found.next()) {
            (Some(value), None) => Some(value.to_owned()),
            _ => None,
        }
    }

    /// The secret that came with a request.
    pub fn read_token(self, headers: &HeaderMap, config: &Config) -> Option<Token> {
        Token::from_hex(&self.read(headers, config)?)
    }

    /// The header that sets it until the browser closes. `value` holds hexadecimal or percent-encoded text.
    pub fn set(self, value: &str, config: &Config) -> HeaderValue {
        self.line(value, "", config)
    }

    /// The header that takes it away.
    pub fn clear(self, config: &Config) -> HeaderValue {
        self.line("", "; Max-Age=0", config)
    }

    fn line(self, value: &str, age: &str, config: &Config) -> HeaderValue {
        let secure = if config.base.is_secure() { "; Secure" } else { "" };
        let line = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}", self.name(config));
        // Names and values are plain ASCII by construction.
        HeaderValue::from_str(&line).unwrap_or(HeaderValue::from_static(""))
    }
}

/// Text as a cookie may hold it.
pub fn encode(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// What [`encode`] wrote.
pub fn decode(text: &str) -> Option<String> {
    let (name, value) = form_urlencoded::parse(text.as_bytes()).next()?;
    value.is_empty().then(|| name.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_survives_its_cookie() {
        let sentence = "Ruth Ellery’s role is saved; 100 % = done & dusted.";
        let encoded = encode(sentence);
        assert!(encoded.is_ascii() && !encoded.contains([';', ' ', '=', ',']));
        assert_eq!(decode(&encoded).as_deref(), Some(sentence));
    }
}
