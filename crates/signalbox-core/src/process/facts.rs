//! What a decision table or a condition may ask about: computed facts, each with its type, so that gaps can be
//! proved (settled 13). One that is not known yet answers only `-`.

use jiff::civil::Date;

/// The type of a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// One of these codes.
    Words(&'static [&'static str]),
    /// A whole number, at least the first and at most the second.
    Number(i64, i64),
    /// A date.
    Date,
}

/// The value of a fact.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    Word(String),
    Number(i64),
    Date(Date),
}

impl From<&str> for Value {
    fn from(word: &str) -> Value {
        Value::Word(word.to_owned())
    }
}

impl From<bool> for Value {
    fn from(yes: bool) -> Value {
        Value::from(if yes { "yes" } else { "no" })
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Number(number)
    }
}

/// A fact that documents may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The name in the program and in conditions.
    pub code: &'static str,
    /// The heading of a column.
    pub words: &'static str,
    pub kind: Type,
    /// What it means, for authors.
    pub meaning: &'static str,
}

const YES_NO: Type = Type::Words(&["yes", "no"]);
/// No count in a change comes near it.
const MANY: i64 = 1_000_000;

const fn fact(code: &'static str, words: &'static str, kind: Type, meaning: &'static str) -> Fact {
    Fact { code, words, kind, meaning }
}

/// Every fact that documents may name.
pub const FACTS: &[Fact] = &[
    fact(
        "kind",
        "kind",
        Type::Words(&["normal", "service_request", "planned_outage", "emergency", "retrospective", "firewall_network", "pacs_modality", "national_service"]),
        "The kind of change.",
    ),
    fact("raised_by", "raised by", Type::Words(&["trust", "supplier", "authority", "network"]), "The kind of organisation that raised the change."),
    fact("direct_care", "direct care", YES_NO, "Whether a service that is touched is used in direct care."),
    fact("patient_facing", "patient facing", Type::Words(&["none", "indirect", "direct"]), "How near to patients the change comes."),
    fact("user_impact", "user impact", YES_NO, "Whether any user loses a service or has it degraded."),
    fact("affected_trusts", "affected trusts", Type::Number(0, MANY), "How many trusts lose something, the raiser's included."),
    fact(
        "category",
        "category",
        Type::Words(&["minor", "significant", "major"]),
        "The category, from impact and risk; not known before the change is accepted.",
    ),
    fact("impact", "impact", Type::Number(1, 4), "The impact level: 1 is the worst; from what is answered so far."),
    fact(
        "risk",
        "risk",
        Type::Words(&["low", "medium", "high", "very_high"]),
        "The risk band, from the six questions; not known before the change is accepted.",
    ),
    fact("risk_score", "risk score", Type::Number(0, 18), "The sum of the six risk questions; not known before the change is accepted."),
    fact("touches_network", "touches network", YES_NO, "Whether the network is, or may be, touched, or a circuit is listed."),
    fact("touches_security", "touches security", YES_NO, "Whether personal data, access or a firewall is touched."),
    fact("needs_supplier", "needs supplier", YES_NO, "Whether the supplier has work to do in it."),
    fact("takes_service_away", "takes service away", YES_NO, "Whether anything is off or degraded for a while."),
    fact("notice", "notice", Type::Words(&["enough", "short"]), "Short if less notice is given than is asked for, or the start has passed."),
    fact("days", "days", Type::Number(0, MANY), "Days of notice given, counted as the document counts."),
    fact("share_of_notice", "share of notice", Type::Number(0, MANY), "Days given as a percentage of days asked, rounded down."),
    fact("started", "started", YES_NO, "Whether the start had passed on receipt."),
    fact(
        "outcome",
        "outcome",
        Type::Words(&["successful", "successful_with_issues", "partial", "backed_out", "failed", "not_implemented"]),
        "The outcome that is stated.",
    ),
    fact("minutes_over", "minutes over", Type::Number(0, MANY), "Minutes from the end of the window to the end of the work."),
    fact(
        "incident",
        "incident",
        Type::Words(&["none", "lesser", "serious", "clinical"]),
        "The worst incident linked to the change: serious is priority 1 or 2.",
    ),
    fact("unapproved", "unapproved", YES_NO, "Whether work began without an approval."),
    fact("sampled", "sampled", YES_NO, "Whether the change falls in the sample of one in twenty."),
    fact("start_date", "start date", Type::Date, "The local date of the start."),
];

/// The fact of this name: its code or its words.
pub fn find(name: &str) -> Option<&'static Fact> {
    let code = code_of(name);
    FACTS.iter().find(|fact| fact.code == code)
}

/// A name as a code: lower case, with underscores.
pub fn code_of(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join("_").to_ascii_lowercase()
}
