//! What opens other systems is kept sealed (AES-256-GCM) under a key that follows from the key of the site. It keeps a
//! credential out of every page, log line, event and export, and out of a copy of one table; whoever holds the whole
//! database holds the key as well.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf;

use crate::app::App;
use crate::web::problem::Failure;

fn key(app: &App) -> Result<LessSafeKey, Failure> {
    let secret = crate::sign::secret(app)?;
    let derived = hkdf::Salt::new(hkdf::HKDF_SHA256, b"").extract(&secret.0);
    let bug = |_| Failure::bug(&"no key can be derived");
    let derived = derived.expand(&[b"signalbox credential 1"], &AES_256_GCM).map_err(bug)?;
    Ok(LessSafeKey::new(UnboundKey::from(derived)))
}

/// Seals a text for one use, which has to be named again to open it.
///
/// # Errors
/// The store's.
pub fn close(app: &App, text: &str, of: &str) -> Result<Vec<u8>, Failure> {
    let mut nonce = [0; NONCE_LEN];
    nonce.copy_from_slice(&app.ids.token().0[..NONCE_LEN]);
    let mut sealed = text.as_bytes().to_vec();
    let aad = Aad::from(of.as_bytes());
    key(app)?.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed).map_err(|_| Failure::bug(&"a credential can’t be sealed"))?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// Opens it. `None` where it was sealed for another use or by another site's key.
///
/// # Errors
/// The store's.
pub fn open(app: &App, sealed: &[u8], of: &str) -> Result<Option<String>, Failure> {
    let Some((nonce, rest)) = sealed.split_at_checked(NONCE_LEN) else { return Ok(None) };
    let Ok(nonce) = Nonce::try_assume_unique_for_key(nonce) else { return Ok(None) };
    let mut rest = rest.to_vec();
    let opened = key(app)?.open_in_place(nonce, Aad::from(of.as_bytes()), &mut rest);
    Ok(opened.ok().and_then(|text| String::from_utf8(text.to_vec()).ok()))
}
