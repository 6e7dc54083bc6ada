//! The closed set of rules that a step may need. A document picks and parameterises; it cannot program.
//! A *gate* is decided by the change and the facts alone and hides the act; the others speak of what was typed.

use crate::calendar::Notice;

/// A rule named in a Needs cell. `WORDS` is the printed catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Every question asked and due by this step is answered as its kind says (spec 4).
    AnswersComplete,
    /// Notice short of what is asked needs a reason; it is never refused (BR-13, settled 2).
    LateNoticeExplained,
    /// The supplier names who takes down, who restores, phone and times (X3).
    ResourcesPromised,
    /// Risk questions answered, impact and category set (T8, spec 6.2 and 6.3).
    Classified,
    /// Words say why.
    ReasonGiven,
    /// At least one defect is listed (T5).
    DefectsListed,
    /// The person who will do the work is named (T18).
    ImplementerNamed,
    /// Each service taken away is said to be back, or why not (X1, T23).
    ServicesAnsweredFor,
    /// A start sooner after the approval than asked needs a reason; it is never refused (spec 6.1, X11).
    GapExplained,
    /// An outcome of spec 6.12 is stated.
    OutcomeStated,
    /// Gate: every assessment due is given, or silent where silence counts (BR-12, X9).
    AssessmentsDone,
    /// Gate: the clinical screen is signed and, where any answer was yes, a safety officer accepted (spec 8).
    ClinicalAccepted,
    /// Gate: where care is touched directly, or a system that it uses is away, the procedure for the time without it is
    /// attached, or a safety officer said why none is needed.
    DowntimeAttached,
    /// Gate: not approved by who raised, submitted, or was asked on behalf of; nor by its implementer (SD-1, SD-2).
    FourEyes,
    /// Gate: approved by an organisation other than the one that raised it (X2).
    OtherOrganisation,
    /// Gate: where a board is asked and set up, it has met with a quorum, and no safety officer said no (BR-20, BR-5).
    BoardDecided,
    /// Gate: no hard clash with other work (BR-19a).
    NoHardClash,
    /// Gate: not inside a hard freeze (BR-19f).
    NotInFreeze,
    /// Gate: the network provider was told where that is needed (BR-16, X6).
    ProviderTold,
    /// Gate: nothing to pay, or the quote is accepted (spec 9).
    ChargeAgreed,
    /// Gate: the outcome is confirmed by somebody who did not implement (SD-6).
    OutcomeByAnother,
    /// Gate: a review that is due has been written (BR-33).
    ReviewDone,
    /// Gate: every condition of the approvals is met.
    ConditionsMet,
    /// Gate: a safety officer agreed, or two tries 15 minutes apart reached nobody (CR-6).
    OfficerAsked,
    /// Gate: a second person has ratified the emergency or refused to, and a yes by phone is confirmed (SD-8, T32).
    Ratified,
    /// Gate: where work began without approval, the verdict of BR-24 is given.
    VerdictGiven,
    /// Gate: a safety officer or the screening has looked at it, whatever was found (CR-6, spec 6.10).
    ClinicallyReviewed,
    /// The work lies in the past (spec 4.4).
    AlreadyDone,
    /// The window asked for gives this much notice; only marked, never refused (settled 2).
    Notice(Notice),
    /// Gate: every step is done, left out or failed (C096).
    TasksDone,
    /// After a back-out it is said how the former state was found to be back (T25).
    StateVerified,
    /// Gate: the catalogue entry is in force and every eligibility answer matches (spec 4.5).
    RequestEligible,
    /// Gate: refused less than 30 days ago, and for the first time (BR-23, T34).
    SecondTry,
    /// Gate: the national approval has its reference before the local one is given (BR-18).
    NationalApproval,
    /// Gate: no other device answers to the AE title, or has the address, at that time (spec 4.8).
    AeTitleFree,
    /// Going back fits between the end of the window and the latest end (spec 4.2).
    WayBackFits,
}

/// Rule words as documents write them, with whether the rule is a gate and the sentence that it stands for.
pub const CATALOGUE: &[(Rule, &str, bool, &str)] = &[
    (Rule::AnswersComplete, "answers complete", false, "Every question that is asked by this step is answered."),
    (Rule::LateNoticeExplained, "late notice explained", false, "Notice shorter than asked needs a reason. It is recorded, never refused."),
    (Rule::ResourcesPromised, "resources promised", false, "The supplier names who takes the service down, who restores it, a phone and the times."),
    (Rule::Classified, "classified", false, "Impact and risk are answered, and give the category."),
    (Rule::ReasonGiven, "reason given", false, "Words say why."),
    (Rule::DefectsListed, "defects listed", false, "What is missing is listed."),
    (Rule::ImplementerNamed, "implementer named", false, "The person who does the work is named."),
    (Rule::GapExplained, "short gap explained", false, "A start sooner after the approval than asked needs a reason. It is recorded, never refused."),
    (Rule::ServicesAnsweredFor, "every service answered for", false, "For each service taken away it is said that it is back, or why not."),
    (Rule::OutcomeStated, "outcome stated", false, "An outcome is stated."),
    (Rule::AssessmentsDone, "assessments done", true, "Every assessment is given, or its time has passed where silence counts."),
    (Rule::ClinicalAccepted, "clinical accepted", true, "The clinical screen is signed; if any answer was yes, a safety officer has accepted."),
    (
        Rule::DowntimeAttached,
        "downtime procedure attached",
        true,
        "Where care is touched directly, or a system that it uses is away, a downtime procedure is attached, or a safety officer said why none is needed.",
    ),
    (Rule::FourEyes, "four eyes", true, "Nobody approves what they raised, sent or will carry out."),
    (Rule::OtherOrganisation, "other organisation", true, "The approval comes from an organisation other than the one that raised it."),
    (
        Rule::BoardDecided,
        "board decided",
        true,
        "Where the approver is a change advisory board, it has met with a quorum, twice for a major change, and no safety officer on it said no.",
    ),
    (Rule::NoHardClash, "no hard clash", true, "No other work holds the same equipment at the same time."),
    (Rule::NotInFreeze, "not in freeze", true, "The window is outside every hard freeze."),
    (Rule::ProviderTold, "provider told", true, "The network provider has been told where its line is touched."),
    (
        Rule::ChargeAgreed,
        "charge agreed",
        true,
        "There is nothing to pay, or the quote is accepted and ordered. An approval may come first, subject to the order.",
    ),
    (Rule::OutcomeByAnother, "outcome by another", true, "The outcome is confirmed by somebody who did not do the work."),
    (Rule::ReviewDone, "review done", true, "A review that is due has been written."),
    (Rule::ConditionsMet, "conditions met", true, "Every condition of the approvals is met."),
    (Rule::TasksDone, "tasks done", true, "Every step of the work is done, left out with a reason, or failed."),
    (Rule::StateVerified, "state verified", false, "After a back-out it is said how the former state was found to be back."),
    (Rule::RequestEligible, "request eligible", true, "The request is in the catalogue, in force, and every answer matches."),
    (Rule::OfficerAsked, "safety officer asked", true, "A safety officer agreed, or could not be reached in two tries fifteen minutes apart."),
    (Rule::Ratified, "ratified", true, "A second person has looked at the emergency, and a yes by phone is confirmed by who gave it."),
    (Rule::VerdictGiven, "verdict given", true, "Where work began without approval, the verdict is given."),
    (Rule::ClinicallyReviewed, "clinically reviewed", true, "The clinical question is answered, if only afterwards."),
    (Rule::AlreadyDone, "already done", false, "The work lies in the past."),
    (Rule::SecondTry, "second try", true, "It may be sent again once, within 30 days of being refused."),
    (Rule::NationalApproval, "national approval", true, "The national approval is there, with its reference, before the local one."),
    (Rule::AeTitleFree, "AE title free", true, "No other device answers to the AE title, or has the address, at that time."),
    (Rule::WayBackFits, "way back fits", false, "The minutes for going back fit between the end of the window and the latest end."),
];

impl Rule {
    /// The rule that a Needs entry names: its catalogue words, or `notice 10 days`.
    pub fn from_words(words: &str) -> Option<Rule> {
        let words = words.trim();
        if let Some(notice) = words.strip_prefix("notice ") {
            return Notice::parse(notice).map(Rule::Notice);
        }
        CATALOGUE.iter().find(|(_, w, _, _)| w.eq_ignore_ascii_case(words)).map(|(rule, ..)| *rule)
    }

    /// The words that documents use.
    pub fn words(&self) -> String {
        match self {
            Rule::Notice(notice) => format!("notice {notice}"),
            rule => CATALOGUE.iter().find(|(r, ..)| r == rule).map_or(String::new(), |(_, w, ..)| (*w).to_owned()),
        }
    }
}
