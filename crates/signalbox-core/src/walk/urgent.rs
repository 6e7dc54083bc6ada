//! Fills what only emergencies and late records ask, validly.

use super::chance::Chance;
use super::fill::words;
use crate::act::Act;
use crate::actor::Actor;
use crate::change::Kind;
use crate::form::Raw;
use crate::ids::PersonId;
use crate::samples::{Case, Player};
use crate::urgent::officer_not_asked;
use jiff::SignedDuration;

fn set(raw: &mut Raw, id: &str, value: &str) {
    raw.insert(id.to_owned(), vec![value.to_owned()]);
}

fn ago(case: &Case, minutes: i64) -> String {
    case.now.checked_sub(SignedDuration::from_mins(minutes)).unwrap_or(case.now).to_string()
}

/// Who may say yes to what this person sends or sent.
fn approver<'w>(case: &Case<'w>, sender: Option<&Actor>, chance: &mut Chance) -> Option<&'w Player> {
    let roles = [crate::actor::Role::AuthorityManager, crate::actor::Role::EmergencyBoardMember];
    let is_own = |person: PersonId| {
        case.change.raised_by.concerns(person)
            || case.change.submitted_by.contains(&person)
            || sender.and_then(Actor::person) == Some(person)
            || case.change.implementer.is_some_and(|(who, _)| who == person)
    };
    // Whoever stands in for somebody is them.
    let covered = |p: &Player| p.actor.memberships().iter().any(|m| m.cover.as_ref().is_some_and(|cover| is_own(cover.person)));
    let own = |p: &Player| p.actor.person().is_some_and(is_own) || covered(p);
    let fits: Vec<&Player> = case.world.people.iter().filter(|p| roles.iter().any(|role| p.actor.holds(*role)) && !own(p)).collect();
    chance.pick(&fits).copied()
}

/// The yes by phone.
pub fn verbal(case: &Case, sender: Option<&Actor>, chance: &mut Chance, raw: &mut Raw) {
    let Some(player) = approver(case, sender, chance) else { return };
    set(raw, "verbal_approver", &player.email);
    set(raw, "verbal_channel", "phone");
    set(raw, "verbal_at", &ago(case, chance.between(0, 90)));
    set(raw, "verbal_witness", &words(chance));
}

/// What the kind of a field does not say of the acts of this side.
pub fn settle(case: &Case, act: Act, chance: &mut Chance, raw: &mut Raw) {
    match act {
        Act::RecordVerbal => verbal(case, None, chance, raw),
        Act::ConfirmVerbal => set(raw, "words", &words(chance)),
        _ => {
            set(raw, "reason", &words(chance));
            set(raw, "action", &words(chance));
            if act == Act::GiveVerdict && chance.percent(30) {
                set(raw, "verdict", chance.pick(crate::urgent::Judgement::ALL).map_or("", |j| j.code()));
            }
        }
    }
}

/// What the safety officer said; an answer on which somebody may say yes.
fn contact(case: &Case, chance: &mut Chance, raw: &mut Raw) {
    let tried = chance.percent(30);
    set(raw, "clinical_contact", if tried { "unreachable" } else { "agrees" });
    set(raw, "clinical_officer", &words(chance));
    set(raw, "first_try", &ago(case, 40));
    set(raw, "second_try", &ago(case, 20));
}

/// The questions of a document of these kinds.
pub fn sending(case: &Case, actor: &Actor, chance: &mut Chance, raw: &mut Raw) {
    match case.process.kind {
        Kind::Emergency => {
            // Seldom nobody was asked yet: then a yes by phone does not count.
            let asked = chance.percent(80);
            if asked {
                contact(case, chance, raw);
            } else {
                set(raw, "clinical_contact", "not_yet_asked");
            }
            let said = asked && chance.percent(40);
            set(raw, "said_yes", if said { "yes" } else { "no" });
            if said {
                verbal(case, Some(actor), chance, raw);
            }
        }
        Kind::Retrospective => {
            let day = |n: i64| case.world.zone.to_datetime(case.now).date().checked_sub(jiff::Span::new().days(n)).map(|d| d.to_string()).unwrap_or_default();
            raw.retain(|id, _| !id.starts_with("window.") && !id.starts_with("discovered_at"));
            let date = day(chance.between(1, 6));
            for (id, value) in [("start.date", date.as_str()), ("start.time", "10:00"), ("end.date", date.as_str()), ("end.time", "11:30")] {
                set(raw, &format!("window.{id}"), value);
            }
            set(raw, "discovered_at", &ago(case, 30));
        }
        _ => {}
    }
}

/// Whether a willing person would ask the safety officer now.
pub fn owes_contact(case: &Case) -> bool {
    case.change.kind == Kind::Emergency && officer_not_asked(&case.change).is_some()
}

/// And does.
pub fn ask_officer(case: &Case, chance: &mut Chance, raw: &mut Raw) {
    if owes_contact(case) {
        contact(case, chance, raw);
    }
}
