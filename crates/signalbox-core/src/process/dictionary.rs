//! One table from the words of documents to the names of the program (settled 12).

use super::{Audience, Who};
use crate::act::Act;
use crate::actor::Role;
use crate::change::{AssessmentKind, Stage};

/// Words for roles beside [`Role::words`] and the codes of spec 3.1.
const ROLE_ALIASES: &[(&str, Role)] = &[
    ("coordinator", Role::Coordinator),
    ("trust change coordinator", Role::Coordinator),
    ("service owner", Role::ServiceOwner),
    ("supplier", Role::SupplierManager),
    ("assessor", Role::Assessor),
    ("operations", Role::Desk),
    ("desk", Role::Desk),
    ("authority", Role::AuthorityManager),
    ("change authority", Role::AuthorityManager),
    ("network provider", Role::NetworkDesk),
];

/// Words in a Who cell that are no role.
const WHO_WORDS: &[(&str, Who)] = &[
    ("safety officer", Who::SafetyOfficer),
    ("any safety officer", Who::SafetyOfficer),
    ("affected trust", Who::Affected(Role::Coordinator)),
    ("anyone who sees it", Who::Anyone),
    ("anyone", Who::Anyone),
    ("system", Who::System),
];

/// Words in a Tells cell that are no role.
const AUDIENCE_WORDS: &[(&str, Audience)] = &[
    ("requester", Audience::Raiser),
    ("raiser", Audience::Raiser),
    ("affected trusts", Audience::AffectedTrusts),
    ("affected trust coordinator", Audience::AffectedTrusts),
    ("subscribers", Audience::Subscribers),
    ("network provider", Audience::NetworkProvider),
    ("safety officer", Audience::SafetyOfficers),
    ("safety officers", Audience::SafetyOfficers),
    ("assessors", Audience::Assessors),
    ("on-site contact", Audience::OnSite),
    ("contact on site", Audience::OnSite),
    ("go decider", Audience::Decider),
];

fn normal(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase()
}

fn find<T: Copy>(table: &[(&str, T)], words: &str) -> Option<T> {
    table.iter().find(|(w, _)| *w == words).map(|(_, found)| *found)
}

/// The role of these words, or of this code; one plural `s` is forgiven.
pub fn role(words: &str) -> Option<Role> {
    let words = normal(words);
    let singular = words.strip_suffix('s').unwrap_or(&words);
    [words.as_str(), singular]
        .into_iter()
        .find_map(|w| Role::from_words(w).or_else(|| find(ROLE_ALIASES, w)).or_else(|| Role::from_code(&w.to_ascii_uppercase())))
}

/// Who may act, of these words.
pub fn who(words: &str) -> Option<Who> {
    let words = normal(words);
    find(WHO_WORDS, &words).or_else(|| words.strip_prefix("affected ").and_then(role).map(Who::Affected)).or_else(|| role(&words).map(Who::Role))
}

/// Who is told, of these words.
pub fn audience(words: &str) -> Option<Audience> {
    let words = normal(words);
    find(AUDIENCE_WORDS, &words).or_else(|| role(&words).map(Audience::Role))
}

/// The act of this code (spaces may stand for underscores) or of these words.
pub fn act(words: &str) -> Option<Act> {
    let words = normal(words);
    Act::from_code(&words.replace(' ', "_")).or_else(|| Act::from_words(&words))
}

/// The stage of this code, or of the label on pages.
pub fn stage(words: &str) -> Option<Stage> {
    let words = normal(words);
    Stage::from_code(&words.replace(' ', "_").to_ascii_uppercase()).or_else(|| Stage::from_words(&words))
}

/// The assessment of this code or of these words.
pub fn assessment(words: &str) -> Option<AssessmentKind> {
    let words = normal(words);
    AssessmentKind::from_code(&words).or_else(|| AssessmentKind::from_words(&words))
}

/// How documents write who may act.
pub fn who_words(who: Who) -> String {
    match who {
        Who::Role(role) => role.words().to_owned(),
        Who::Affected(Role::Coordinator) => "affected trust coordinator".to_owned(),
        Who::Affected(role) => format!("affected {}", role.words()),
        Who::SafetyOfficer => "safety officer".to_owned(),
        Who::Anyone => "anyone who sees it".to_owned(),
        Who::System => "system".to_owned(),
    }
}

/// How documents write who is told.
pub fn audience_words(audience: Audience) -> String {
    match audience {
        Audience::Role(role) => role.words().to_owned(),
        Audience::Raiser => "requester".to_owned(),
        Audience::AffectedTrusts => "affected trusts".to_owned(),
        Audience::Subscribers => "subscribers".to_owned(),
        Audience::NetworkProvider => "network provider".to_owned(),
        Audience::SafetyOfficers => "safety officers".to_owned(),
        Audience::Assessors => "assessors".to_owned(),
        Audience::OnSite => "on-site contact".to_owned(),
        Audience::Decider => "go decider".to_owned(),
    }
}

/// ` Did you mean X?` for a word that is not known, or nothing if none is near.
pub fn meant(word: &str, known: &[&str]) -> String {
    let word = normal(word);
    let near = known.iter().map(|k| (distance(&word, &normal(k)), *k)).min();
    match near {
        Some((steps, k)) if steps > 0 && steps <= 2 + word.len() / 6 => format!(" Did you mean {k}?"),
        _ => String::new(),
    }
}

/// Every word that may stand in a Who cell.
pub fn who_known() -> Vec<&'static str> {
    Role::ALL.iter().map(|role| role.words()).chain(ROLE_ALIASES.iter().map(|(w, _)| *w)).chain(WHO_WORDS.iter().map(|(w, _)| *w)).collect()
}

/// Every word that may stand in a Tells cell.
pub fn audience_known() -> Vec<&'static str> {
    AUDIENCE_WORDS.iter().map(|(w, _)| *w).chain(who_known()).collect()
}

/// How many letters have to be put in, taken out or changed.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_is_known_by_words_and_by_code() {
        for &r in Role::ALL {
            assert_eq!(role(r.words()), Some(r));
            assert_eq!(role(r.code()), Some(r));
            assert_eq!(who(&who_words(Who::Role(r))), Some(Who::Role(r)));
        }
    }

    #[test]
    fn words_with_a_meaning_of_their_own_go_before_roles() {
        assert_eq!(who("affected trust coordinator"), Some(Who::Affected(Role::Coordinator)));
        assert_eq!(who("Affected trust service owner"), Some(Who::Affected(Role::ServiceOwner)));
        assert_eq!(who("safety officer"), Some(Who::SafetyOfficer));
        assert_eq!(audience("network provider"), Some(Audience::NetworkProvider));
        assert_eq!(audience("requester"), Some(Audience::Raiser));
        assert_eq!(audience("implementers"), Some(Audience::Role(Role::Implementer)));
        assert_eq!(who("the milkman"), None);
    }

    #[test]
    fn a_slip_of_the_pen_is_recognised() {
        assert_eq!(meant("trust cordinator", &who_known()), " Did you mean trust coordinator?");
        assert_eq!(meant("zebra", &who_known()), "");
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn acts_and_stages_by_code_or_words() {
        assert_eq!(act("send back"), Some(Act::SendBack));
        assert_eq!(act("send_back"), Some(Act::SendBack));
        assert_eq!(act("running late"), Some(Act::RunningLate));
        assert_eq!(stage("awaiting approval"), Some(Stage::AwaitingApproval));
        assert_eq!(stage("ON_HOLD"), Some(Stage::OnHold));
        assert_eq!(stage("SOMEWHERE"), None);
    }
}
