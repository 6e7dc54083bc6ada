//! Passwords: Argon2id, one at a time.

use std::sync::OnceLock;

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::clock::Token;
use crate::web::problem::{Failure, Fault};

/// Longer ones are refused before any work is done with them (S58).
pub const PASSWORD_BYTES_MAX: usize = 1024;

/// Length is what makes a password hard to guess; nothing else is asked of it (NIST SP 800-63B, 3.1.1.2).
pub const PASSWORD_CHARACTERS_MIN: usize = 12;

/// The place where passwords are hashed. Each hash takes 19 MiB and tens of milliseconds, so they queue here
/// and leave the other processors to everybody else (S58).
pub struct Passwords {
    gate: Semaphore,
    nobody: OnceLock<String>,
}

impl Default for Passwords {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Passwords { gate: Semaphore::new((processors / 2).max(1)), nobody: OnceLock::new() }
    }
}

impl Passwords {
    /// Waits for a turn.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // The gate is never closed.
        self.gate.acquire().await.ok()
    }

    /// Whether the password belongs to the hash. Without a hash the same work is done and the answer is no (S57).
    pub fn is_right(&self, password: &str, hash: Option<&str>) -> bool {
        tokio::task::block_in_place(|| {
            let nobody = self.nobody.get_or_init(|| digest("nobody has this password", Token([7; 32])).unwrap_or_default());
            let Ok(parsed) = PasswordHash::new(hash.unwrap_or(nobody)) else { return false };
            let is_right = Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
            is_right && hash.is_some()
        })
    }

    /// The hash of a new password, if it will do. `salt` is fresh chance.
    pub fn hash(&self, password: &str, salt: Token) -> Result<String, Failure> {
        let fault = |code, detail: String| Err(Failure::invalid(Fault::of("password", code, detail)));
        if password.len() > PASSWORD_BYTES_MAX {
            return fault("too-long", format!("Use {PASSWORD_BYTES_MAX} characters at most."));
        }
        let different = password.chars().collect::<std::collections::BTreeSet<_>>().len();
        if password.chars().count() < PASSWORD_CHARACTERS_MIN || different < 5 {
            let detail = format!("Use at least {PASSWORD_CHARACTERS_MIN} characters, five of them different. Three or four words will do.");
            return fault("too-short", detail);
        }
        tokio::task::block_in_place(|| digest(password, salt).map_err(|error| Failure::bug(&error)))
    }
}

fn digest(password: &str, salt: Token) -> Result<String, argon2::password_hash::Error> {
    let salt = SaltString::encode_b64(&salt.0[..16])?;
    Ok(Argon2::default().hash_password(password.as_bytes(), &salt)?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_right_or_wrong_and_nobody_s_is_always_wrong() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correct horse battery", Token([1; 32])).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(passwords.is_right("correct horse battery", Some(&hash)));
        assert!(!passwords.is_right("correct horse batterz", Some(&hash)));
        assert!(!passwords.is_right("nobody has this password", None));
        assert!(!passwords.is_right("", Some("not a hash")));
    }

    #[test]
    fn short_and_endless_passwords_are_refused() {
        let passwords = Passwords::default();
        for wrong in ["", "short", "aaaaaaaaaaaaaaaa", "elevenchars", &"x".repeat(1025)] {
            assert!(passwords.hash(wrong, Token([1; 32])).is_err(), "{wrong}");
        }
    }
}
