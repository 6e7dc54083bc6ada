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
    fact("any_any", "any any", YES_NO, "Whether a firewall rule is open to every address or to every port."),
    fact("first_of_kind", "first of kind", YES_NO, "Whether a modality is the first of its type on this PACS."),
    fact("tls", "TLS", YES_NO, "Whether the connection is encrypted."),
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
    fact("initial_rating", "initial rating", Type::Number(1, 5), "The worst rating of its hazards before controls; not known before all are rated."),
    fact("residual_rating", "residual rating", Type::Number(1, 5), "The worst rating of its hazards after controls; not known before all are rated."),
    fact("controls_set", "controls set", YES_NO, "Whether everything that lowers a rating is verified, or scheduled before the start with an owner."),
    fact("unapproved", "unapproved", YES_NO, "Whether work began without an approval."),
    fact("emergency_true", "emergency true", YES_NO, "Whether it could not have waited, as the person who judges it says."),
    fact("self_reported", "self reported", YES_NO, "Whether those who did the work said so within one working day."),
    fact("authority_agreed", "authority agreed", YES_NO, "Whether somebody with authority agreed at the time."),
    fact("sampled", "sampled", YES_NO, "Whether the change falls in the sample of one in twenty."),
    fact("start_date", "start date", Type::Date, "The local date of the start."),
    // Impact (spec 6.2, X11).
    fact("users_affected", "users affected", Type::Number(0, MANY), "How many people cannot work as usual meanwhile."),
    fact("loses_service", "loses service", YES_NO, "Whether somebody is without service, or a service is off altogether, for a while."),
    fact(
        "outage_in_service_hours",
        "outage in service hours",
        Type::Number(0, MANY),
        "Minutes of outage in service hours; where care never stops, every hour is one.",
    ),
    fact("outage_at_other_hours", "outage at other hours", Type::Number(0, MANY), "Minutes of outage at other hours."),
    fact("always_on", "always on", YES_NO, "Whether an emergency department, intensive care, a theatre or a maternity unit depends on it."),
    fact("reversible", "reversible", YES_NO, "Whether it can be undone; yes until it is answered."),
    fact("minutes_to_go_back", "minutes to go back", Type::Number(0, MANY), "Minutes that going back takes; 0 until it is answered."),
    fact("national_service", "national service", YES_NO, "Whether a national service is touched."),
    // Risk (spec 6.3).
    fact(
        "timing",
        "timing",
        Type::Number(0, 3),
        "How bad the moment of the start is: 1 outside service hours, 2 within them, 3 on Monday morning, Friday afternoon, the eve of a holiday or at the end of a month.",
    ),
    fact(
        "like_changes",
        "like changes",
        Type::Number(0, MANY),
        "Changes of the last year that touched the same services or equipment, as far as they were carried out.",
    ),
    fact("like_failures", "like failures", Type::Number(0, 100), "How many in a hundred of them failed or were backed out; not known while there are none."),
    // Network (spec 6.6).
    fact("line_affected", "line affected", Type::Words(&["yes", "no", "unsure"]), "The answer to network_affected."),
    fact("circuit_listed", "circuit listed", YES_NO, "Whether a circuit reference is given."),
    fact("network_part", "network part", YES_NO, "Whether a circuit or a network service is among what is touched, or depends on it."),
    fact("circuits_at_the_site", "circuits at the site", YES_NO, "Whether the register has a circuit at a site that is touched."),
    fact("network_question", "network question", Type::Words(&["nothing", "confirm", "tell"]), "What the decision network question says."),
    // Notice (BR-14, BR-15).
    fact(
        "late_reason",
        "late reason",
        Type::Words(&["none", "utility_imposed", "safety", "discovered_late", "planning_error", "other"]),
        "Why notice is short, once it was said.",
    ),
    fact("evidence", "evidence", YES_NO, "Whether a file is attached."),
    fact("objects_named", "objects named", YES_NO, "Whether equipment is named, and a circuit where the line is affected."),
    // Charging (BR-25).
    fact("charge_hint", "charge hint", Type::Words(&["no", "yes", "do_not_know"]), "What the raiser expects."),
    fact(
        "charge_ground",
        "charge ground",
        Type::Words(&["none", "outside_scope", "rework", "supplier_fault", "authority_funded", "price_zero", "legal_duty"]),
        "The ground for or against a charge that was stated; none until it is answered.",
    ),
    fact("supplier_work", "supplier work", YES_NO, "Whether something is asked of the supplier's people, in supplier_actions."),
    fact("out_of_hours", "out of hours", YES_NO, "Whether the start lies outside service hours, 09:00 to 17:00 on a working day."),
    fact(
        "chargeable",
        "chargeable",
        Type::Words(&["no", "unsure", "yes"]),
        "Whether there is something to pay: as people have settled it, else as the decision chargeable says.",
    ),
    // Freeze (BR-32).
    fact("month", "month", Type::Number(1, 12), "The month of the day that is looked at; of the start where no day is."),
    fact("day_of_month", "day of month", Type::Number(1, 31), "Its day of the month."),
    fact("weekday", "weekday", Type::Words(&["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]), "Its day of the week."),
    // Material change (BR-31).
    fact(
        "changed_answer",
        "changed answer",
        Type::Words(&[
            "window",
            "items",
            "services",
            "sites",
            "contingency_end",
            "outage_minutes",
            "degraded_minutes",
            "backout_minutes",
            "what",
            "backout",
            "implementation_plan",
            "supplier_actions",
            "outage_type",
            "network_affected",
            "circuits",
            "reversible",
            "model",
            "rule_action",
            "rules",
            "network_plan",
            "endpoints",
            "pacs_action",
            "modality_type",
            "ae_title",
            "ip",
            "port",
            "tls",
            "dicom_services",
            "called_aes",
            "replaces_ae",
            "replaces_off_at",
            "live_from",
            "national_change",
            "ods_code",
            "asid_old",
            "asid_new",
            "party_key",
            "slots_plan",
            "other",
        ]),
        "The question whose answer changed; other stands for every question not in the list.",
    ),
    fact(
        "how_changed",
        "how changed",
        Type::Words(&["first_given", "more", "less", "other"]),
        "First given; more, longer or later; less, shorter or earlier; or simply another answer.",
    ),
    fact("approved", "approved", YES_NO, "Whether an approval is in force."),
    fact("moved_minutes", "moved minutes", Type::Number(0, MANY), "By how many minutes the start moved, either way."),
    fact("another_day", "another day", YES_NO, "Whether the start moved to another local date."),
    fact("later_end", "later end", YES_NO, "Whether the end, or the latest end, moved later."),
    // Closure (spec 6.12).
    fact("began", "began", YES_NO, "Whether a start was recorded."),
    fact("backed_out", "backed out", YES_NO, "Whether it was recorded that the work was backed out."),
    // Request models (spec 4.5, X13, BR-33).
    fact(
        "use_of_entry",
        "use of entry",
        Type::Number(1, MANY),
        "The how-manieth change it is that asks for its entry of the catalogue; not known where there is none.",
    ),
    fact("entry_uses", "entry uses", Type::Number(0, MANY), "Uses of the entry whose work ended in the last 90 days, since it was last looked at again."),
    fact("entry_failures", "entry failures", Type::Number(0, MANY), "How many of them failed, were backed out or were done in part."),
    fact("entry_failures_in_1000", "entry failures in 1000", Type::Number(0, 1_000), "How many in a thousand of them, rounded up; 0 while there are none."),
    fact("entry_harm", "entry harm", Type::Number(0, MANY), "How many of them led to a serious or clinical incident."),
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
