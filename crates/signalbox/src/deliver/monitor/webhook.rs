//! Any other monitor: it is told by a webhook that is signed as standardwebhooks.com says, and may answer with any 2xx.
//! It only listens, so what it does is known from what it was told.

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use ring::hmac;
use serde_json::{Value, json};
use signalbox_core::silence::{Held, Key as Known, Wanted};
use signalbox_store::monitors::Silence;

use super::http::{Address, Http};
use super::{Fault, Ours, Secret};

/// The key by which messages are signed.
pub struct Key(hmac::Key);

impl Key {
    /// Reads `whsec_` with 24 to 64 bytes in base64.
    ///
    /// # Errors
    /// A sentence about what is wrong with it.
    pub fn parse(text: &str) -> Result<Key, String> {
        let wrong = "The key of a webhook is whsec_ and then 24 to 64 random bytes in base64.";
        let bytes = text.strip_prefix("whsec_").and_then(|rest| STANDARD.decode(rest).ok()).filter(|bytes| (24..=64).contains(&bytes.len())).ok_or(wrong)?;
        Ok(Key(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// The signature of a message: over its id, its time and its body.
    pub fn sign(&self, id: &str, seconds: i64, body: &str) -> String {
        format!("v1,{}", STANDARD.encode(hmac::sign(&self.0, format!("{id}.{seconds}.{body}").as_bytes())))
    }
}

/// Somebody at an address who is told of things by signed messages, and is no monitor.
pub struct Listener {
    http: Http,
    key: Option<Key>,
}

impl Listener {
    /// Whoever answers there.
    ///
    /// # Errors
    /// Words about a setting that cannot be used.
    pub fn of(address: &str, key: Option<&Secret>, patience: std::time::Duration) -> Result<Listener, String> {
        let http = Http::new(Address::parse(address)?, None, "", patience)?;
        Ok(Listener { http, key: key.map(|key| Key::parse(key.reveal())).transpose()? })
    }

    /// Tells it; the same `id` whenever the same is told again.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn tell(&self, id: &str, event: &str, data: Value, now: Timestamp) -> Result<(), Fault> {
        send(&self.http, self.key.as_ref(), id, event, data, now).await.map(drop)
    }
}

/// What it was told of and what has not been taken back.
pub(super) fn held(known: &[Silence]) -> Vec<Held> {
    let held = |one: &Silence| {
        let ((from, until), id) = one.has.zip(one.peer_id.clone())?;
        Some(Held { id, key: Known { reference: one.reference.clone(), name: one.name.clone() }, from, until })
    };
    known.iter().filter_map(held).collect()
}

/// The same silence has the same name whenever it is told again, so that a listener counts it once.
fn name_of(wanted: &Wanted) -> String {
    format!("{}.{}.{}.{}", wanted.key.reference, wanted.key.name, wanted.from.as_second(), wanted.until.as_second())
}

async fn send(http: &Http, key: Option<&Key>, id: &str, event: &str, data: Value, now: Timestamp) -> Result<String, Fault> {
    let key = key.ok_or_else(|| Fault::answered("It has no key yet to sign with: an administrator sets it."))?;
    let body = json!({"type": event, "timestamp": now.to_string(), "data": data}).to_string();
    let id = hashed(&format!("{event}.{id}"));
    let signature = key.sign(&id, now.as_second(), &body);
    let headers = [("webhook-id", id), ("webhook-timestamp", now.as_second().to_string()), ("webhook-signature", signature)];
    let answer = http.ask(Method::POST, "", &headers, Some(body)).await?;
    if answer.status.is_success() { Ok(answer.words()) } else { Err(answer.fault()) }
}

/// An id holds no dot, which separates what is signed, and no character that a header could not carry.
fn hashed(text: &str) -> String {
    use sha2::{Digest, Sha256};
    format!("msg_{}", &signalbox_core::text::hex(&Sha256::digest(text.as_bytes()))[..32])
}

pub(super) async fn make(http: &Http, key: Option<&Key>, ours: &Ours, wanted: &Wanted, now: Timestamp) -> Result<String, Fault> {
    let id = name_of(wanted);
    let data = json!({"id": id, "reference": wanted.key.reference, "name": wanted.key.name, "from": wanted.from.to_string(),
        "until": wanted.until.to_string(), "creator": ours.creator(), "comment": ours.comment(wanted)});
    send(http, key, &id, "silence.set", data, now).await.map(|_| id)
}

pub(super) async fn remove(http: &Http, key: Option<&Key>, held: &Held, now: Timestamp) -> Result<(), Fault> {
    let data = json!({"id": held.id, "reference": held.key.reference, "name": held.key.name});
    send(http, key, &held.id, "silence.removed", data, now).await.map(drop)
}

pub(super) async fn test(http: &Http, key: Option<&Key>, now: Timestamp) -> Result<String, Fault> {
    send(http, key, &now.to_string(), "silence.test", json!({}), now).await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector that the reference libraries share.
    #[test]
    fn a_signature_is_that_of_the_standard() {
        let key = Key::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = key.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}");
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_key_that_is_none_is_refused() {
        for wrong in ["", "whsec_", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_not base64 at all, but long enough for one"] {
            assert!(Key::parse(wrong).is_err(), "{wrong}");
        }
    }
}
