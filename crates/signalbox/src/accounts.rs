//! How people come in and how they are let in: passwords, sessions, links that work once, and the letters that
//! carry those. Shared by the pages, the worker and the command line.

pub mod letters;
mod passwords;
mod process_letters;

pub use passwords::{PASSWORD_BYTES_MAX, PASSWORD_CHARACTERS_MIN, Passwords};

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use signalbox_core::ids::PersonId;
use signalbox_store::accounts::{self as store, LinkPurpose, OneTimeLink, PersonState, Session, TokenHash};

use crate::app::App;
use crate::clock::Token;
use crate::web::problem::{Failure, Fault};

/// A session ends after this time whatever happens: two shifts.
pub const SESSION_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// Tries are counted in windows of this length.
const WINDOW: SignedDuration = SignedDuration::from_mins(15);

/// Wrong tries in one window, for an address of mail and for an address of the network.
const TRIES: i64 = 10;

/// Links mailed to one address in one window.
const MAILS: u32 = 3;

/// What a browser says when it signs in.
pub struct Entry<'a> {
    pub email: &'a str,
    pub password: &'a str,
    pub address: Option<IpAddr>,
    pub user_agent: &'a str,
    /// The session it came with; it ends (S55).
    pub replaces: Option<TokenHash>,
}

/// Checks a password and opens a session.
pub async fn sign_in(app: &App, entry: Entry<'_>) -> Result<Token, Failure> {
    let person = prove(app, &entry).await?;
    open_session(app, person, entry.user_agent, entry.replaces)
}

/// Whose password it is. Nobody learns from the answer or its time whether the address is known (S57), and wrong tries
/// are counted wherever they are made.
pub async fn prove(app: &App, entry: &Entry<'_>) -> Result<PersonId, Failure> {
    if entry.password.len() > PASSWORD_BYTES_MAX {
        let detail = format!("A password has {PASSWORD_BYTES_MAX} characters at most.");
        return Err(Failure::invalid(Fault::of("password", "too-long", detail)));
    }
    let now = app.clock.now();
    let (window, keys) = (window_of(now), keys_of(entry));
    let _turn = app.passwords.turn().await;
    let email = entry.email.to_owned();
    let (is_shut, credentials) = app.read::<_, Failure>(|tx| {
        let mut is_shut = false;
        for key in &keys {
            is_shut |= store::tries(tx, key, window)? >= TRIES;
        }
        Ok((is_shut, store::credentials(tx, &email)?))
    })?;
    if is_shut {
        return Err(too_many(now));
    }
    let active = credentials.filter(|known| known.state == PersonState::Active);
    let hash = active.as_ref().and_then(|known| known.password_hash.as_deref());
    let is_right = app.passwords.is_right(entry.password, hash);
    let Some(known) = active.filter(|_| is_right) else {
        app.write::<_, Failure>(move |tx| {
            for key in &keys {
                store::hit(tx, key, window, u32::MAX)?;
            }
            Ok(())
        })?;
        return Err(wrong());
    };
    Ok(PersonId(known.person_id))
}

/// The one answer to a wrong address and to a wrong password.
fn wrong() -> Failure {
    Failure::Invalid(vec![
        Fault::of("email", "wrong", "The e-mail or the password is not right."),
        Fault::of("password", "wrong", "The e-mail or the password is not right."),
    ])
}

/// Opens a session for a person who has proved who they are. Its secret goes to the browser; we keep the hash.
pub fn open_session(app: &App, person: PersonId, user_agent: &str, replaces: Option<TokenHash>) -> Result<Token, Failure> {
    let (now, token, form_secret) = (app.clock.now(), app.ids.token(), app.ids.token());
    let session = Session {
        token_hash: token.hash(),
        person_id: person.0,
        csrf_secret: form_secret.0.to_vec(),
        acting_membership: None,
        created_at: now,
        last_used_at: now,
        expires_at: now + SESSION_LIFE,
        user_agent: user_agent.to_owned(),
    };
    app.write::<_, Failure>(move |tx| {
        store::begin_session(tx, &session, replaces.as_ref())?;
        store::note_seen(tx, person.0, now)
    })?;
    Ok(token)
}

fn keys_of(entry: &Entry<'_>) -> Vec<String> {
    let email = format!("sign-in/{}", store::normal_email(entry.email));
    let address = entry.address.map(|address| format!("sign-in/{}", network_of(address)));
    std::iter::once(email).chain(address).collect()
}

/// One subscriber's share of the network: a whole /64 for IPv6, where addresses are free.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(_) => address.to_canonical(),
        IpAddr::V6(six) => {
            let [a, b, c, d, ..] = six.segments();
            std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

fn window_of(now: Timestamp) -> Timestamp {
    let seconds = now.as_second() - now.as_second().rem_euclid(WINDOW.as_secs());
    // A quarter of an hour before an instant that exists.
    Timestamp::from_second(seconds).unwrap_or(now)
}

fn too_many(now: Timestamp) -> Failure {
    let left = (window_of(now) + WINDOW).duration_since(now).as_secs();
    Failure::TooMany { retry_after_seconds: u64::try_from(left).unwrap_or(0).max(1) }
}

/// Whether another letter may go to this address now. Counts the try.
pub fn may_mail(app: &App, what: &str, email: &str, from: Option<IpAddr>) -> Result<(), Failure> {
    let now = app.clock.now();
    let window = window_of(now);
    let to = format!("{what}/{}", store::normal_email(email));
    let from = from.map(|address| format!("{what}/{}", network_of(address)));
    let is_within = app.write::<_, Failure>(move |tx| {
        // Somebody else's address must not be flooded from here, nor ours be used to write to many.
        let is_within = store::hit(tx, &to, window, MAILS)?;
        let from = from.as_ref().map(|from| store::hit(tx, from, window, 10 * MAILS)).transpose()?;
        Ok(is_within && from.unwrap_or(true))
    })?;
    if is_within { Ok(()) } else { Err(too_many(now)) }
}

/// A fresh link that sets a password, as a full address. It works once.
pub fn link_to_set_password(app: &App, person: PersonId, life: SignedDuration) -> Result<String, Failure> {
    let token = store_link(app, LinkPurpose::SetPassword, Some(person.0), None, life)?;
    Ok(app.config.base.link(&format!("/password/{}", token.to_hex())))
}

/// A fresh link that proves the address of somebody who asks to join.
pub fn link_to_confirm(app: &App, registration: i64, life: SignedDuration) -> Result<String, Failure> {
    let token = store_link(app, LinkPurpose::ConfirmEmail, None, Some(registration), life)?;
    Ok(app.config.base.link(&format!("/join/confirm/{}", token.to_hex())))
}

fn store_link(app: &App, purpose: LinkPurpose, person_id: Option<i64>, registration_id: Option<i64>, life: SignedDuration) -> Result<Token, Failure> {
    let (now, token) = (app.clock.now(), app.ids.token());
    let link = OneTimeLink { token_hash: token.hash(), purpose, person_id, registration_id, change_id: None, created_at: now, expires_at: now + life };
    app.write::<_, Failure>(move |tx| store::add_link(tx, &link))?;
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_are_counted_by_quarter_hours_and_networks() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(window_of(at("2026-11-17T12:14:59Z")), at("2026-11-17T12:00:00Z"));
        assert_eq!(window_of(at("2026-11-17T12:15:00Z")), at("2026-11-17T12:15:00Z"));
        assert_eq!(too_many(at("2026-11-17T12:14:00Z")), Failure::TooMany { retry_after_seconds: 60 });
        let net = |text: &str| network_of(text.parse().unwrap()).to_string();
        assert_eq!(net("192.0.2.7"), "192.0.2.7");
        assert_eq!(net("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(net("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    }
}
