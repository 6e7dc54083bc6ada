//! Every statement of the store, so that a test can prepare each on both databases and look how it would run.

/// Names the statements of a file, and lists them for [`crate::sql::ALL`].
macro_rules! statements {
    ($($(#[$about:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$about])* const $name: &str = $sql;)*

        /// The statements of this file, by name.
        pub(crate) const STATEMENTS: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}
pub(crate) use statements;

/// The statements of each file.
pub const ALL: &[(&str, &[(&str, &str)])] = &[
    ("documents", crate::documents::STATEMENTS),
    ("log", crate::log::STATEMENTS),
    ("organisation", crate::directory::organisation::STATEMENTS),
    ("service", crate::directory::service::STATEMENTS),
    ("estate", crate::directory::estate::STATEMENTS),
    ("freeze", crate::directory::freeze::STATEMENTS),
    ("person", crate::accounts::person::STATEMENTS),
    ("role", crate::accounts::role::STATEMENTS),
    ("access", crate::accounts::access::STATEMENTS),
    ("registration", crate::accounts::registration::STATEMENTS),
    ("drafts", crate::drafts::STATEMENTS),
    ("gather", crate::gather::STATEMENTS),
    ("project", crate::project::STATEMENTS),
    ("sight", crate::queries::sight::STATEMENTS),
    ("change", crate::queries::change::STATEMENTS),
    ("names", crate::queries::names::STATEMENTS),
    ("outbox", crate::outbox::STATEMENTS),
];
