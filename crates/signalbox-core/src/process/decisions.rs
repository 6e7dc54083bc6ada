//! The decisions that the program asks a document for: a closed list. A document says how each is taken, in a table;
//! what is asked, when, and what an answer may be is said here, and printed for authors.

use super::{Process, Who, cells, dictionary, facts};
use crate::act::Act;
use crate::calendar::{Notice, Verdict};
use crate::change::Outcome;
use crate::clinical::{Decides, Signing};
use crate::rule::Rule;

/// A decision that the program asks for.
pub struct Decision {
    /// The name in the heading `Decide: NAME`.
    pub name: &'static str,
    /// When it is asked and what follows, for authors.
    pub asked: &'static str,
    /// Whether a document has to have it.
    pub needed: fn(&Process) -> bool,
    pub outputs: &'static [OutputColumn],
    /// Facts that this decision answers. Its table, and those before it in the list, cannot ask for them.
    pub gives: &'static [&'static str],
    /// Several rows may answer, and each counts; otherwise one answer is wanted.
    pub many: bool,
}

/// A column of answers.
pub struct OutputColumn {
    pub name: &'static str,
    pub kind: Output,
    /// Whether the column may be left out.
    pub optional: bool,
}

/// What an answer may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// A number of days.
    Count,
    /// How days are counted.
    Basis,
    Verdict,
    Consequence,
    /// Roles that may take the step approve.
    Roles,
    YesNo,
    /// `no`, `unsure` or `yes`.
    Doubt,
    /// Words for the reader.
    Words,
    /// An impact level, 1 to 4.
    Level,
    Band,
    Category,
    /// `none`, `soft` or `hard`.
    Freeze,
    /// `nothing`, `confirm` or `tell`.
    Telling,
    /// The verdict on work that nobody approved beforehand.
    Judgement,
    /// What may be decided on clinical risk.
    Clinical,
    /// Whose signature it needs.
    Signature,
}

const fn output(name: &'static str, kind: Output) -> OutputColumn {
    OutputColumn { name, kind, optional: false }
}

const fn may(name: &'static str, kind: Output) -> OutputColumn {
    OutputColumn { name, kind, optional: true }
}

fn has(process: &Process, act: Act) -> bool {
    process.steps.iter().any(|step| step.act == act)
}

fn needs(process: &Process, rule: Rule) -> bool {
    process.steps.iter().any(|step| step.needs.contains(&rule))
}

/// Every decision, in the order in which one may build upon another.
pub const DECISIONS: &[Decision] = &[
    Decision {
        name: "network question",
        asked: "When a change is sent or its answers change: whether the network provider is told, somebody confirms that the router keeps its power, or nothing follows.",
        needed: |p| needs(p, Rule::ProviderTold),
        outputs: &[output("result", Output::Telling), may("because", Output::Words)],
        gives: &["network_question", "touches_network"],
        many: false,
    },
    Decision {
        name: "impact level",
        asked: "When a change is accepted, and before that for what depends on it: the impact level. The worst row that answers counts.",
        needed: |p| needs(p, Rule::Classified),
        outputs: &[output("level", Output::Level), may("because", Output::Words)],
        gives: &["impact"],
        many: false,
    },
    Decision {
        name: "risk band",
        asked: "When a change is classified: how risky it is, from the score of the risk questions and from what is known of like work. Where several rows answer, the worst counts.",
        needed: |p| needs(p, Rule::Classified),
        outputs: &[output("risk", Output::Band), may("because", Output::Words)],
        gives: &["risk"],
        many: false,
    },
    Decision {
        name: "category",
        asked: "When a change is classified, after impact and risk: what it is treated as.",
        needed: |p| needs(p, Rule::Classified),
        outputs: &[output("category", Output::Category), may("because", Output::Words)],
        gives: &["category"],
        many: false,
    },
    Decision {
        name: "notice asked for",
        asked: "Whenever notice is judged: how many days are asked for, and how they are counted.",
        needed: |_| true,
        outputs: &[output("notice", Output::Count), output("count", Output::Basis)],
        gives: &[],
        many: false,
    },
    Decision {
        name: "notice verdict",
        asked: "When a change is received: what its notice is called and what follows; whether alarms are covered only for what is listed.",
        needed: |_| true,
        outputs: &[output("verdict", Output::Verdict), output("consequence", Output::Consequence), may("defective", Output::YesNo)],
        gives: &[],
        many: false,
    },
    Decision {
        name: "chargeable",
        asked: "When a change is accepted, and whenever charging looks at it: whether the work is charged for. Unsure leaves it to a person.",
        needed: |_| false,
        outputs: &[output("chargeable", Output::Doubt), may("because", Output::Words)],
        gives: &["chargeable"],
        many: false,
    },
    Decision {
        name: crate::clinical::decision::TABLE,
        asked: "When a safety officer looks at the hazards: what may be decided on their ratings, and whose signature it needs. An officer may always reject.",
        needed: |p| has(p, Act::Clear),
        outputs: &[output("decision", Output::Clinical), output("signature", Output::Signature)],
        gives: &[],
        many: false,
    },
    Decision {
        name: "approver",
        asked: "When the change waits for its approval: which roles, all of whom may take the step approve.",
        needed: |p| has(p, Act::Approve),
        outputs: &[output("approver", Output::Roles)],
        gives: &[],
        many: false,
    },
    Decision {
        name: "freeze",
        asked: "At approval and schedule, for each day from the start to the latest end: whether changes are frozen. Freezes that an organisation declares count beside it.",
        needed: |_| false,
        outputs: &[output("freeze", Output::Freeze), may("because", Output::Words)],
        gives: &[],
        many: false,
    },
    Decision {
        name: "gap before start",
        asked: "At schedule: how much time is asked for between the approval and the start. Less needs a reason, where the step needs short gap explained.",
        needed: |p| needs(p, Rule::GapExplained),
        outputs: &[output("gap", Output::Count), output("count", Output::Basis)],
        gives: &[],
        many: false,
    },
    Decision {
        name: "material change",
        asked: "When answers or the window change after sending, for each answer that changed: whether the approvals given are void.",
        needed: |p| has(p, Act::Amend) || has(p, Act::Reschedule),
        outputs: &[output("material", Output::YesNo), may("because", Output::Words)],
        gives: &[],
        many: false,
    },
    Decision {
        name: "closure",
        asked: "When a change is closed or its outcome restated: whether this outcome fits what happened.",
        needed: |_| false,
        outputs: &[output("allowed", Output::YesNo), may("because", Output::Words)],
        gives: &[],
        many: false,
    },
    Decision {
        name: "retrospective verdict",
        asked: "When an emergency is not ratified, and when work that nobody approved beforehand is judged: what is said of it.",
        needed: |p| has(p, Act::GiveVerdict) || has(p, Act::Ratify),
        outputs: &[output("verdict", Output::Judgement), may("because", Output::Words)],
        gives: &[],
        many: false,
    },
    Decision {
        name: crate::catalogue::TABLE,
        asked: "When the work of a request ends, its outcome is stated anew, or an incident is linked to it: whether its entry in the catalogue may no longer be asked for until somebody has looked at it again.",
        needed: |p| needs(p, Rule::RequestEligible),
        outputs: &[output("suspended", Output::YesNo), may("because", Output::Words)],
        gives: &[],
        many: false,
    },
    Decision {
        name: "review needed",
        asked: "When work has ended: whether a review is due. Every row that answers is given as a reason.",
        needed: |p| has(p, Act::Review),
        outputs: &[output("review", Output::YesNo), output("because", Output::Words)],
        gives: &[],
        many: true,
    },
];

/// What late notice may lead to (spec 6.5, settled 2); a waiver is proposed here and decided by a person (BR-14).
const CONSEQUENCES: &[&str] = &["protected", "at_risk", "exclusion_proposed", "waiver_proposed", "waived"];
const DOUBTS: &[&str] = &["no", "unsure", "yes"];
const LEVELS: &[&str] = &["4", "3", "2", "1"];
const BANDS: &[&str] = &["low", "medium", "high", "very_high"];
const CATEGORIES: &[&str] = &["minor", "significant", "major"];
const FREEZES: &[&str] = &["none", "soft", "hard"];
const TELLINGS: &[&str] = &["nothing", "confirm", "tell"];

/// The decision of this name.
pub fn find(name: &str) -> Option<&'static Decision> {
    DECISIONS.iter().find(|decision| decision.name == name)
}

/// Whether the table of a decision may ask for a fact: not for one that it, or a decision after it, answers.
pub fn may_ask(name: &str, fact: &str) -> bool {
    let own = DECISIONS.iter().position(|decision| decision.name == name);
    let giver = DECISIONS.iter().position(|decision| decision.gives.contains(&fact));
    match (own, giver) {
        (Some(own), Some(giver)) => giver < own,
        _ => true,
    }
}

impl Output {
    /// The words that an answer may be, the mildest first; `None` where it is a number, roles or free.
    pub fn words(self) -> Option<Vec<&'static str>> {
        Some(match self {
            Output::Basis => vec!["days", "working_days", "clear_working_days"],
            Output::Verdict => Verdict::ALL.iter().map(|v| v.code()).collect(),
            Output::Consequence => CONSEQUENCES.to_vec(),
            Output::YesNo => vec!["no", "yes"],
            Output::Doubt => DOUBTS.to_vec(),
            Output::Level => LEVELS.to_vec(),
            Output::Band => BANDS.to_vec(),
            Output::Category => CATEGORIES.to_vec(),
            Output::Freeze => FREEZES.to_vec(),
            Output::Telling => TELLINGS.to_vec(),
            Output::Judgement => crate::urgent::Judgement::ALL.iter().map(|j| j.code()).collect(),
            Output::Clinical => Decides::ALL.iter().map(|d| d.code()).collect(),
            Output::Signature => Signing::ALL.iter().map(|s| s.code()).collect(),
            Output::Count | Output::Roles | Output::Words => return None,
        })
    }

    /// How grave an answer is, where answers of this sort have an order.
    pub fn rank(self, cell: &str) -> Option<i64> {
        match self {
            Output::Count => cell.parse().ok(),
            Output::Level | Output::Band | Output::Category | Output::Freeze | Output::Telling | Output::Doubt | Output::YesNo => {
                let code = facts::code_of(cell);
                self.words()?.iter().position(|word| *word == code).map(|at| at as i64)
            }
            _ => None,
        }
    }

    /// What an answer may be, for authors.
    pub fn domain(self) -> String {
        match (self, self.words()) {
            (_, Some(words)) => words.iter().map(|word| word.replace('_', " ")).collect::<Vec<_>>().join(", "),
            (Output::Count, _) => "a number of days".to_owned(),
            (Output::Roles, _) => "roles that may take the step approve".to_owned(),
            _ => "words".to_owned(),
        }
    }

    /// Whether a cell is such an answer; `Err` is a sentence for the author.
    pub fn check(self, process: &Process, cell: &str) -> Result<(), String> {
        match self {
            Output::Count => {
                let fits = cell.parse::<i64>().is_ok_and(|n| (0..=Notice::MOST).contains(&n));
                if fits { Ok(()) } else { Err(format!("{cell:?} is not a number of days.")) }
            }
            Output::Words => Ok(()),
            Output::Roles => roles(process, cell),
            _ => {
                let words = self.words().unwrap_or_default();
                if words.contains(&facts::code_of(cell).as_str()) { Ok(()) } else { Err(format!("{cell:?} is not one of {}.", self.domain())) }
            }
        }
    }
}

/// Else a change would wait for somebody who has no way to approve it.
fn roles(process: &Process, cell: &str) -> Result<(), String> {
    for words in cells::entries(cell) {
        let board = crate::board::is_board(words).then_some(Who::Role(crate::actor::Role::AuthorityManager));
        let who = board.or_else(|| dictionary::who(words)).ok_or_else(|| format!("{words:?} is not a role."))?;
        if has(process, Act::Approve) && !process.steps.iter().any(|step| step.act == Act::Approve && step.who.contains(&who)) {
            return Err(format!("the {words} is asked to approve, but may not take the step approve."));
        }
    }
    if cells::entries(cell).next().is_none() { Err("nobody is named.".to_owned()) } else { Ok(()) }
}

/// The outcomes that a closing may state, for the check that some outcome is always allowed.
pub fn outcomes() -> Vec<&'static str> {
    Outcome::OF_WORK.iter().map(|outcome| outcome.code()).collect()
}
