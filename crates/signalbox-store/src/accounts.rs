//! People: who they are, what roles they hold, how they get in, and how they ask to join
//! (issue 2 point 4, spec 3 and 13).
//!
//! A person's name, address and number stand in `people` and nowhere else, apart from a registration that
//! is still waiting; events carry the id. Passwords arrive hashed, tokens and links arrive as SHA-256 of what
//! only their holder knows, and neither is ever handed out again (S17, S53).

pub(crate) mod access;
pub(crate) mod feed;
pub(crate) mod person;
pub(crate) mod registration;
pub(crate) mod role;

pub use access::*;
pub use feed::*;
pub use person::*;
pub use registration::*;
pub use role::*;
