//! A form counts only if it came from a page of ours (S42, S63).
//!
//! Two checks, each enough alone in a sound browser: the request says that it comes from our own origin (`Origin`,
//! `Sec-Fetch-Site`), and the form carries a token made from a secret that belongs to the session and stays on
//! the server. A visitor who has not signed in has a cookie of their own with such a secret.

use axum::http::{HeaderMap, HeaderName, header};
use sha2::{Digest, Sha256};

use crate::clock::Token;
use crate::config::Config;

/// The name of the hidden field.
pub const FIELD: &str = "csrf";

/// The header that carries the token where there is no form.
pub const HEADER: HeaderName = HeaderName::from_static("x-signalbox-csrf");

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The token for a page, different each time it is written: the answer is compressed, and a token that stays the
/// same beside text an attacker chooses could be read from its length (BREACH).
pub fn token(secret: &Token, mask: Token) -> String {
    let mut hidden = mask;
    hidden.0.iter_mut().zip(proof(secret)).for_each(|(byte, proof)| *byte ^= proof);
    mask.to_hex() + &hidden.to_hex()
}

/// Whether a token was made from this secret.
pub fn is_ours(secret: &Token, given: &str) -> bool {
    let halves = given.split_at_checked(64).and_then(|(a, b)| Some((Token::from_hex(a)?, Token::from_hex(b)?)));
    let Some((mask, hidden)) = halves else { return false };
    let bytes = mask.0.iter().zip(hidden.0).zip(proof(secret));
    // No early way out: the time taken tells nothing (S61).
    bytes.fold(0, |differences, ((mask, hidden), proof)| differences | (mask ^ hidden ^ proof)) == 0
}

fn proof(secret: &Token) -> [u8; 32] {
    // The digest's input has one fixed length, so a prefix is as good as an HMAC here.
    Sha256::new().chain_update(b"signalbox form 1").chain_update(secret.0).finalize().into()
}

/// Whether the request can have come from a page of ours. A browser always says where a form comes from; a
/// program that says nothing is left to the token alone.
pub fn is_same_origin(headers: &HeaderMap, config: &Config) -> bool {
    let said = |name: HeaderName| headers.get_all(name).iter().map(|value| value.to_str().unwrap_or(""));
    said(FETCH_SITE).all(|site| matches!(site, "same-origin" | "none")) && said(header::ORIGIN).all(|origin| is_our_origin(origin, headers, config))
}

fn is_our_origin(origin: &str, headers: &HeaderMap, config: &Config) -> bool {
    if origin == config.base.to_string() {
        return true;
    }
    // Without a named address the server answers to whatever name it was reached by.
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    !config.is_base_named && host.is_some_and(|host| origin == format!("http://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::IdSource;

    #[test]
    fn a_token_belongs_to_one_secret_and_differs_each_time() {
        let ids = IdSource::new();
        let (mine, other) = (ids.token(), ids.token());
        let (first, second) = (token(&mine, ids.token()), token(&mine, ids.token()));
        assert_ne!(first, second);
        assert!(is_ours(&mine, &first) && is_ours(&mine, &second));
        assert!(!is_ours(&other, &first));
        let altered = first.replace(|c: char| c.is_ascii_digit(), "a");
        for wrong in ["", "x", &first[1..], &altered, &"é".repeat(64), &"0".repeat(128)] {
            assert!(!is_ours(&mine, wrong), "{wrong:?}");
        }
    }
}
