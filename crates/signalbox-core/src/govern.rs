//! Who changes the process, and when: the life of a proposed version of a document. A text is written, checked, put to
//! everybody whom it concerns, and adopted from a date by somebody who had no hand in it (X18).

use crate::actor::{Actor, OrgKind, Role};
use crate::ids::{OrgId, PersonId};
use crate::refusal::Bar;
use crate::words::vocabulary;
use jiff::Timestamp;
use std::collections::BTreeSet;

vocabulary! {
    /// How far a proposed version has come.
    State {
        Draft = "draft", "being written";
        Checked = "checked", "checked";
        Consultation = "consultation", "in consultation";
        Adopted = "adopted", "adopted";
        Withdrawn = "withdrawn", "withdrawn";
    }
}

vocabulary! {
    /// What an organisation says to a proposed version.
    Answer {
        Acknowledged = "acknowledged", "acknowledged";
        Objected = "objected", "objects";
    }
}

/// Something done about a proposed version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A proposal is begun, or its text changed.
    Write,
    /// Trusts and suppliers are asked.
    Publish,
    /// An organisation says what it thinks.
    Answer(OrgId),
    /// An objection is answered.
    Reply,
    Adopt,
    Withdraw,
}

/// A proposed version, as far as deciding needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    pub state: State,
    /// Everybody who wrote its text or published it.
    pub hands: BTreeSet<PersonId>,
    /// Until when organisations may object.
    pub due_at: Option<Timestamp>,
    /// The organisations that were asked.
    pub asked: BTreeSet<OrgId>,
    /// Objections that nobody has answered.
    pub open_objections: usize,
}

/// How many working days organisations have to object (X18).
pub const WORKING_DAYS: i64 = 10;
/// The largest text of a document, in bytes.
pub const SOURCE_MAX_BYTES: usize = 256 * 1024;

/// Whether the actor reads proposals that are not published: the authority's change managers and administrators.
pub fn may_write(actor: &Actor) -> bool {
    actor.memberships().iter().any(|m| m.role == Role::Administrator || (m.role == Role::AuthorityManager && m.org_kind == OrgKind::Authority))
}

/// Whether the actor reads a proposal: what is published is for everybody who works in an organisation, and for auditors.
pub fn may_read(actor: &Actor, proposal: &Proposal) -> bool {
    let is_published = matches!(proposal.state, State::Consultation | State::Adopted);
    may_write(actor) || actor.holds(Role::Auditor) || (is_published && actor.memberships().iter().any(|m| m.role != Role::GroupMember))
}

/// The roles that answer for an organisation of this kind.
pub fn speaker(kind: OrgKind) -> Option<Role> {
    match kind {
        OrgKind::Trust => Some(Role::Coordinator),
        OrgKind::Supplier => Some(Role::SupplierManager),
        OrgKind::Authority | OrgKind::Network => None,
    }
}

/// Everything that bars the deed; empty: it may be done.
pub fn bars(actor: &Actor, proposal: Option<&Proposal>, deed: Deed, now: Timestamp) -> Vec<Bar> {
    let mut bars = vec![];
    let is_manager = actor.memberships().iter().any(|m| m.role == Role::AuthorityManager && m.org_kind == OrgKind::Authority);
    let is_allowed = match deed {
        Deed::Write | Deed::Withdraw | Deed::Publish => may_write(actor),
        Deed::Reply | Deed::Adopt => is_manager,
        Deed::Answer(org) => actor.memberships().iter().any(|m| m.org == org && speaker(m.org_kind) == Some(m.role)),
    };
    if !is_allowed {
        bars.push(Bar::new(if matches!(deed, Deed::Answer(_)) { "process-speaker" } else { "process-role" }));
    }
    let Some(proposal) = proposal else { return bars };
    if matches!(proposal.state, State::Adopted | State::Withdrawn) {
        bars.push(Bar::new("process-over").with(proposal.state.words()));
        return bars;
    }
    match deed {
        Deed::Write if proposal.state == State::Consultation => bars.push(Bar::new("process-published")),
        Deed::Publish if proposal.state == State::Consultation => bars.push(Bar::new("process-published")),
        Deed::Publish if proposal.state == State::Draft => bars.push(Bar::new("process-not-checked")),
        Deed::Answer(org) if proposal.state != State::Consultation || !proposal.asked.contains(&org) => bars.push(Bar::new("process-not-asked")),
        Deed::Answer(_) if proposal.due_at.is_some_and(|due| due < now) => bars.push(Bar::new("process-time-over")),
        Deed::Reply | Deed::Adopt if proposal.state != State::Consultation => bars.push(Bar::new("process-not-published")),
        _ => {}
    }
    if deed == Deed::Adopt {
        bars.extend(bars_to_adoption(actor, proposal, now));
    }
    bars
}

/// Nobody adopts what they had a hand in, nothing is adopted over an objection, and everybody has their days (X18).
fn bars_to_adoption(actor: &Actor, proposal: &Proposal, now: Timestamp) -> Vec<Bar> {
    let mut bars = vec![];
    if actor.person().is_some_and(|person| proposal.hands.contains(&person)) {
        bars.push(Bar::new("process-own-hand"));
    }
    if let Some(due) = proposal.due_at.filter(|due| *due > now) {
        bars.push(Bar::new("process-time-open").with(due));
    }
    if proposal.open_objections > 0 {
        bars.push(Bar::new("process-objections").with(proposal.open_objections));
    }
    bars
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::Membership;

    fn person(id: i64, org: i64, kind: OrgKind, role: Role) -> Actor {
        Actor::Person { id: PersonId(id), memberships: vec![Membership { org: OrgId(org), org_kind: kind, role, service: None, cover: None }] }
    }

    fn codes(actor: &Actor, proposal: &Proposal, deed: Deed, now: i64) -> Vec<&'static str> {
        bars(actor, Some(proposal), deed, Timestamp::from_second(now).unwrap()).iter().map(|bar| bar.code).collect()
    }

    fn published() -> Proposal {
        Proposal {
            state: State::Consultation,
            hands: BTreeSet::from([PersonId(1)]),
            due_at: Some(Timestamp::from_second(100).unwrap()),
            asked: BTreeSet::from([OrgId(7)]),
            open_objections: 0,
        }
    }

    #[test]
    fn two_people_of_the_authority_adopt_and_neither_alone() {
        let (ann, ben) = (person(1, 4, OrgKind::Authority, Role::AuthorityManager), person(2, 4, OrgKind::Authority, Role::AuthorityManager));
        assert_eq!(codes(&ann, &published(), Deed::Adopt, 101), ["process-own-hand"]);
        assert_eq!(codes(&ben, &published(), Deed::Adopt, 101), [""; 0]);
        assert_eq!(codes(&ben, &published(), Deed::Adopt, 100), [""; 0], "the moment itself is in time");
        assert_eq!(codes(&ben, &published(), Deed::Adopt, 99), ["process-time-open"]);
        assert_eq!(codes(&ben, &Proposal { open_objections: 1, ..published() }, Deed::Adopt, 101), ["process-objections"]);
        assert_eq!(codes(&ben, &Proposal { state: State::Checked, ..published() }, Deed::Adopt, 101), ["process-not-published"]);
    }

    #[test]
    fn administrators_write_and_never_adopt() {
        let ada = person(3, 4, OrgKind::Authority, Role::Administrator);
        assert_eq!(codes(&ada, &Proposal { state: State::Draft, ..published() }, Deed::Write, 0), [""; 0]);
        assert_eq!(codes(&ada, &published(), Deed::Adopt, 101), ["process-role"]);
        assert_eq!(codes(&ada, &published(), Deed::Write, 0), ["process-published"], "what people were asked about stays as it is");
        assert_eq!(codes(&ada, &Proposal { state: State::Draft, ..published() }, Deed::Publish, 0), ["process-not-checked"]);
        let stranger = person(9, 3, OrgKind::Supplier, Role::SupplierManager);
        assert_eq!(codes(&stranger, &Proposal { state: State::Draft, ..published() }, Deed::Write, 0), ["process-role"]);
        assert!(!may_read(&stranger, &Proposal { state: State::Draft, ..published() }) && may_read(&stranger, &published()));
    }

    #[test]
    fn an_organisation_that_was_asked_answers_through_its_coordinator_in_time() {
        let (sam, pat) = (person(5, 7, OrgKind::Trust, Role::Coordinator), person(6, 7, OrgKind::Trust, Role::Requester));
        assert_eq!(codes(&sam, &published(), Deed::Answer(OrgId(7)), 100), [""; 0]);
        assert_eq!(codes(&sam, &published(), Deed::Answer(OrgId(7)), 101), ["process-time-over"]);
        assert_eq!(codes(&pat, &published(), Deed::Answer(OrgId(7)), 50), ["process-speaker"]);
        assert_eq!(codes(&sam, &published(), Deed::Answer(OrgId(8)), 50), ["process-speaker", "process-not-asked"]);
        assert_eq!(codes(&sam, &Proposal { state: State::Adopted, ..published() }, Deed::Answer(OrgId(7)), 50), ["process-over"]);
    }
}
