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
    ("proposals", crate::documents::proposals::STATEMENTS),
    ("log", crate::log::STATEMENTS),
    ("organisation", crate::directory::organisation::STATEMENTS),
    ("service", crate::directory::service::STATEMENTS),
    ("estate", crate::directory::estate::STATEMENTS),
    ("calendar", crate::directory::calendar::STATEMENTS),
    ("series", crate::directory::series::STATEMENTS),
    ("impact", crate::gather::impact::STATEMENTS),
    ("clashes", crate::clashes::STATEMENTS),
    ("merger", crate::directory::merger::STATEMENTS),
    ("incident", crate::directory::incident::STATEMENTS),
    ("project.work", crate::project::work::STATEMENTS),
    ("project.notice", crate::project::notice::STATEMENTS),
    ("money", crate::directory::money::STATEMENTS),
    ("network_accounts", crate::directory::network::STATEMENTS),
    ("network", crate::network::STATEMENTS),
    ("clinician", crate::directory::clinician::STATEMENTS),
    ("clinical", crate::clinical::STATEMENTS),
    ("keys", crate::keys::STATEMENTS),
    ("person", crate::accounts::person::STATEMENTS),
    ("role", crate::accounts::role::STATEMENTS),
    ("access", crate::accounts::access::STATEMENTS),
    ("feed", crate::accounts::feed::STATEMENTS),
    ("registration", crate::accounts::registration::STATEMENTS),
    ("drafts", crate::drafts::STATEMENTS),
    ("alarms", crate::alarms::STATEMENTS),
    ("carriers", crate::carriers::STATEMENTS),
    ("ledger", crate::ledger::STATEMENTS),
    ("handovers", crate::handovers::STATEMENTS),
    ("public", crate::public::STATEMENTS),
    ("public_subscribers", crate::public::SUBSCRIBERS),
    ("told", crate::told::STATEMENTS),
    ("subscriptions", crate::subscriptions::STATEMENTS),
    ("deployments", crate::deployments::STATEMENTS),
    ("monitors", crate::monitors::STATEMENTS),
    ("gather", crate::gather::STATEMENTS),
    ("modalities", crate::gather::modalities::STATEMENTS),
    ("occurrences", crate::gather::calendar::STATEMENTS),
    ("entry_uses", crate::gather::entries::STATEMENTS),
    ("entry_looks", crate::directory::entry::STATEMENTS),
    ("entries", crate::queries::entries::STATEMENTS),
    ("urgent", crate::urgent::STATEMENTS),
    ("register", crate::queries::urgent::STATEMENTS),
    ("project", crate::project::STATEMENTS),
    ("project_money", crate::project::money::STATEMENTS),
    ("found", crate::queries::found::STATEMENTS),
    ("sight", crate::queries::sight::STATEMENTS),
    ("change", crate::queries::change::STATEMENTS),
    ("names", crate::queries::names::STATEMENTS),
    ("past", crate::queries::past::STATEMENTS),
    ("outbox", crate::outbox::STATEMENTS),
    ("rota", crate::rota::STATEMENTS),
    ("schedule", crate::schedule::STATEMENTS),
    ("boards", crate::boards::STATEMENTS),
    ("meeting", crate::boards::meeting::STATEMENTS),
    ("agenda", crate::boards::agenda::STATEMENTS),
    ("decision_link", crate::boards::link::STATEMENTS),
    ("papers", crate::queries::agenda::STATEMENTS),
];
