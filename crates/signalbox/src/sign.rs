//! The site signs what it gives out as one file: Ed25519 over every byte before the last line, which names the key and
//! the signature. Whoever has the file and the public key can check it without this site.

use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use signalbox_core::text::hex;
use signalbox_store::keys;

use crate::app::App;
use crate::clock::Token;
use crate::web::problem::Failure;

const BEGINS: &str = "<!-- signalbox-record 1 key:";

/// What is wrong with a signed file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsound {
    /// The last line is not a signature.
    Unsigned,
    /// The signature does not fit: a byte was altered, or the line was.
    Altered,
    /// It was signed by another key than was expected.
    OtherKey(String),
}

/// The secret that the site's keys are made of; drawn on first use and kept in the store.
pub(crate) fn secret(app: &App) -> Result<Token, Failure> {
    let known = app.read::<_, Failure>(keys::site_key)?;
    let (seed, _) = match known {
        Some(known) => known,
        None => {
            let seed = app.ids.token();
            let fresh = Ed25519KeyPair::from_seed_unchecked(&seed.0).map_err(|fault| Failure::bug(&fault))?;
            let (seed, public, now) = (seed.to_hex(), hex(fresh.public_key().as_ref()), app.clock.now());
            app.write::<_, Failure>(move |tx| keys::keep_site_key(tx, &seed, &public, now))?
        }
    };
    Token::from_hex(&seed).ok_or_else(|| Failure::bug(&"the site key can’t be read"))
}

/// The site's key.
fn pair(app: &App) -> Result<Ed25519KeyPair, Failure> {
    Ed25519KeyPair::from_seed_unchecked(&secret(app)?.0).map_err(|fault| Failure::bug(&fault))
}

/// The public half, in hexadecimal.
///
/// # Errors
/// The store's.
pub fn public_key(app: &App) -> Result<String, Failure> {
    Ok(hex(pair(app)?.public_key().as_ref()))
}

/// The text with its signature as the last line.
///
/// # Errors
/// The store's.
pub fn sign(app: &App, text: &str) -> Result<String, Failure> {
    let (pair, text) = (pair(app)?, format!("{}\n", text.trim_end()));
    let signature = hex(pair.sign(text.as_bytes()).as_ref());
    Ok(format!("{text}{}", line(&hex(pair.public_key().as_ref()), &signature)))
}

fn line(key: &str, signature: &str) -> String {
    format!("{BEGINS}{key} signature:{signature} -->\n")
}

/// The key by which a file was signed, if every byte is as it was then.
///
/// # Errors
/// [`Unsound`].
pub fn verify(file: &[u8], expected: Option<&str>) -> Result<String, Unsound> {
    let at = file.windows(BEGINS.len()).rposition(|window| window == BEGINS.as_bytes()).ok_or(Unsound::Unsigned)?;
    let (text, last) = file.split_at(at);
    let last = std::str::from_utf8(last).map_err(|_| Unsound::Altered)?;
    let parts = last.strip_prefix(BEGINS).and_then(|rest| rest.strip_suffix(" -->\n")).and_then(|rest| rest.split_once(" signature:"));
    let (key, signature) = parts.ok_or(Unsound::Altered)?;
    let (key_bytes, signature_bytes) = (bytes(key).ok_or(Unsound::Altered)?, bytes(signature).ok_or(Unsound::Altered)?);
    // Written again it is the same line: no other spelling passes.
    if line(&hex(&key_bytes), &hex(&signature_bytes)) != last || !text.ends_with(b"\n") {
        return Err(Unsound::Altered);
    }
    UnparsedPublicKey::new(&ED25519, &key_bytes).verify(text, &signature_bytes).map_err(|_| Unsound::Altered)?;
    match expected {
        Some(expected) if !expected.trim().eq_ignore_ascii_case(key) => Err(Unsound::OtherKey(key.to_owned())),
        _ => Ok(key.to_owned()),
    }
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = hex.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    Some(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(text: &str) -> Vec<u8> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let text = format!("{text}\n");
        let signature = hex(pair.sign(text.as_bytes()).as_ref());
        format!("{text}{}", line(&hex(pair.public_key().as_ref()), &signature)).into_bytes()
    }

    #[test]
    fn c143_every_flipped_bit_of_a_signed_file_is_found() {
        let file = signed("<p>H1 rated 4, accepted by nobody</p>");
        let key = verify(&file, None).unwrap();
        assert_eq!(verify(&file, Some(&key)), Ok(key.clone()));
        for at in 0..file.len() {
            for bit in 0..8 {
                let mut altered = file.clone();
                altered[at] ^= 1 << bit;
                assert!(verify(&altered, Some(&key)).is_err(), "bit {bit} of byte {at}");
            }
        }
        assert_eq!(verify(b"no signature", None), Err(Unsound::Unsigned));
        for cut in [1, 40, 200] {
            assert!(verify(&file[..file.len() - cut], None).is_err());
        }
        let mut longer = file.clone();
        longer.extend(b"\nmore");
        assert!(verify(&longer, None).is_err());
        assert_eq!(verify(&file, Some("00")), Err(Unsound::OtherKey(key)));
    }
}
