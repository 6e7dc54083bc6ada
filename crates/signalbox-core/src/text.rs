//! Free text stays out of the log: an event holds its id and a salted digest, the words lie in a table that can be
//! blanked (settled 20). Blanking the words leaves the hash chain whole.

use crate::ids::{Mint, TextId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A reference to free text, as events carry it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Text {
    /// Where the words are.
    pub text: TextId,
    /// SHA-256 of salt and words, in hexadecimal.
    pub digest: String,
}

/// Words to be stored beside the events that mention them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewText {
    pub id: TextId,
    pub salt: [u8; 16],
    pub body: String,
}

impl NewText {
    /// Takes an id and a salt from the mint for these words.
    pub fn mint(mint: &mut Mint, body: &str) -> NewText {
        let id = TextId(mint.id());
        NewText { id, salt: mint.salt(id), body: body.to_owned() }
    }

    /// What an event holds of it.
    pub fn reference(&self) -> Text {
        Text { text: self.id, digest: digest(&self.salt, &self.body) }
    }
}

/// The digest that an event holds: hexadecimal SHA-256 over salt, then words.
pub fn digest(salt: &[u8], body: &str) -> String {
    hex(&Sha256::new().chain_update(salt).chain_update(body.as_bytes()).finalize())
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
}
