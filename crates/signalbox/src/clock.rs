//! The one place that reads the clock and draws random numbers. Everything else is handed an instant, an id or a
//! token, so that a test, a walk or the demo can replay what happened.
#![expect(clippy::disallowed_methods, reason = "this file is where the clock and the random numbers of the operating system come in")]

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};

/// What time it is: the machine's time, or a time that stands still until it is moved.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Held(Arc<Mutex<Timestamp>>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Clock(Source::System)
    }

    /// A clock that shows `at` until somebody moves it. All clones move together.
    pub fn held_at(at: Timestamp) -> Self {
        Clock(Source::Held(Arc::new(Mutex::new(to_microseconds(at)))))
    }

    /// Now, cut to microseconds, which is what the database keeps.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => to_microseconds(Timestamp::now()),
            Source::Held(at) => *unpoisoned(at),
        }
    }

    /// Puts a held clock to another time. The machine's clock is not ours to move, so there it does nothing.
    pub fn set(&self, to: Timestamp) {
        if let Source::Held(at) = &self.0 {
            *unpoisoned(at) = to_microseconds(to);
        }
    }

    /// Moves a held clock forward by `step`.
    pub fn advance(&self, step: SignedDuration) {
        if let Source::Held(at) = &self.0 {
            let mut at = unpoisoned(at);
            *at = to_microseconds(*at + step);
        }
    }
}

fn to_microseconds(at: Timestamp) -> Timestamp {
    // Only instants outside the supported range fail, and `at` came from inside it.
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

fn unpoisoned<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ids and secrets.
#[derive(Clone, Debug)]
pub struct IdSource {
    drawn: Arc<Mutex<Drawn>>,
}

#[derive(Debug)]
struct Drawn {
    last: i64,
    chance: StdRng,
}

/// A secret of 32 random bytes. Only its hash is ever stored (S53, S65).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Token(pub [u8; 32]);

impl std::fmt::Debug for Token {
    /// A token never reaches a log.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Token(…)")
    }
}

impl Default for IdSource {
    fn default() -> Self {
        IdSource::new()
    }
}

impl IdSource {
    /// Ids that start from the operating system's random numbers.
    pub fn new() -> Self {
        IdSource::from_chance(StdRng::from_os_rng())
    }

    /// The same ids for the same seed and the same clock: for the demo and for tests that compare.
    pub fn seeded(seed: u64) -> Self {
        IdSource::from_chance(StdRng::seed_from_u64(seed))
    }

    fn from_chance(chance: StdRng) -> Self {
        IdSource { drawn: Arc::new(Mutex::new(Drawn { last: 0, chance })) }
    }

    /// A new positive id: 43 bits of milliseconds, then 20 random bits, so that ids sort by time and two nodes
    /// do not meet. Within one source ids always rise, also when the clock stands still or is put back.
    pub fn mint(&self, now: Timestamp) -> i64 {
        self.mint_block(now, 1)
    }

    /// The first of so many ids in a row, none of which is given to anybody else: they are taken at once, so that no
    /// other thread draws one from between them.
    pub fn mint_block(&self, now: Timestamp, count: i64) -> i64 {
        let mut drawn = unpoisoned(&self.drawn);
        let noise: i64 = drawn.chance.random_range(0..1 << 20);
        let wanted = (now.as_millisecond().max(0) << 20) | noise;
        let first = wanted.max(drawn.last + 1);
        drawn.last = first + count - 1;
        first
    }

    /// A new secret, always from the operating system, whatever the seed: a demo's sessions are as secret as any.
    pub fn token(&self) -> Token {
        let mut bytes = [0; 32];
        rand::rng().fill_bytes(&mut bytes);
        Token(bytes)
    }
}

impl Token {
    /// As it stands in a cookie or a link: 64 hexadecimal digits.
    pub fn to_hex(self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads what [`Token::to_hex`] wrote: exactly 64 lower-case digits, nothing else (S53).
    pub fn from_hex(text: &str) -> Option<Token> {
        let digits = text.as_bytes();
        if digits.len() != 64 || !digits.iter().all(|d| matches!(d, b'0'..=b'9' | b'a'..=b'f')) {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Token(bytes))
    }

    /// What the database keeps in its place.
    pub fn hash(self) -> [u8; 32] {
        use sha2::{Digest, Sha256};
        Sha256::digest(self.0).into()
    }
}

/// A number to quote for a fault that stands in the log.
pub fn correlation() -> String {
    let number: u64 = rand::rng().random();
    format!("{number:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> Timestamp {
        "2026-11-17T12:00:00.123456789Z".parse().unwrap()
    }

    #[test]
    fn time_is_cut_to_microseconds_and_moves_for_all_clones() {
        let clock = Clock::held_at(noon());
        let other = clock.clone();
        clock.advance(SignedDuration::from_hours(1));
        assert_eq!(other.now().to_string(), "2026-11-17T13:00:00.123456Z");
    }

    #[test]
    fn ids_rise_even_when_the_clock_is_put_back() {
        let ids = IdSource::seeded(7);
        let mut last = 0;
        for step in [0, 0, 5, -3600, 0, 1] {
            let id = ids.mint(noon() + SignedDuration::from_secs(step));
            assert!(id > last, "{id} after {last}");
            last = id;
        }
    }

    #[test]
    fn blocks_that_several_threads_take_at_once_share_no_id() {
        let ids = IdSource::seeded(3);
        let take = || (0..2_000).map(|_| ids.mint_block(noon(), 512)).collect::<Vec<_>>();
        let mut firsts = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(take)).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        firsts.sort_unstable();
        assert!(firsts.windows(2).all(|two| two[1] - two[0] >= 512));
    }

    #[test]
    fn the_same_seed_gives_the_same_ids() {
        let (one, two) = (IdSource::seeded(42), IdSource::seeded(42));
        assert_eq!(one.mint(noon()), two.mint(noon()));
        assert_ne!(one.token(), two.token());
    }

    #[test]
    fn tokens_are_read_back_exactly_or_not_at_all() {
        let token = IdSource::new().token();
        let text = token.to_hex();
        assert_eq!(Token::from_hex(&text), Some(token));
        for wrong in ["", "%", "*", &text[1..], &format!("{text}0"), &text.to_uppercase(), &format!("{}\0", &text[1..]), &"+f".repeat(32)] {
            // An upper-case spelling of digits only would be the same text; that is not what chance drew.
            assert!(Token::from_hex(wrong).is_none() || wrong == text, "{wrong:?}");
        }
    }
}
