//! Names for things. Every id is minted by the shell and handed in, so that deciding needs no chance.

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { self.0.fmt(f) }
        }
    )*};
}

ids! {
    /// A change; people use its reference (`RFC-2026-000123`) instead.
    ChangeId,
    /// A person. Events carry this and never a name, so that a person can be erased.
    PersonId,
    /// An organisation of any kind.
    OrgId,
    /// A place that an organisation runs.
    SiteId,
    /// A shared service, such as PACS imaging.
    ServiceId,
    /// A configuration item: circuit, server, modality, interface.
    ItemId,
    /// A piece of free text, kept beside the log so that it can be blanked.
    TextId,
    /// An attached file.
    FileId,
    /// An event in the log.
    EventId,
}

/// Fresh ids and chance for one command: a block of ids reserved by the shell, and a seed for salts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mint {
    next_id: i64,
    seed: [u8; 16],
}

impl Mint {
    /// How many ids a command may use; the shell reserves that many.
    pub const BLOCK: i64 = 512;

    /// A mint over the ids `first .. first + BLOCK`.
    pub fn new(first: i64, seed: [u8; 16]) -> Self {
        Mint { next_id: first, seed }
    }

    /// The next fresh id.
    pub fn id(&mut self) -> i64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    /// A salt for the text with this id.
    pub fn salt(&self, text: TextId) -> [u8; 16] {
        use sha2::{Digest, Sha256};
        let digest = Sha256::new().chain_update(self.seed).chain_update(text.0.to_be_bytes()).finalize();
        let mut salt = [0; 16];
        salt.copy_from_slice(&digest[..16]);
        salt
    }
}
