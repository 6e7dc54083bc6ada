//! Who a document means by its words for people: the holders of a role on their side of the change.

use std::collections::BTreeSet;

use signalbox_core::actor::{OrgKind, Role};
use signalbox_core::change::Change;
use signalbox_core::process::{Audience, Process, Who};
use signalbox_store::accounts::eligible_holders;
use signalbox_store::{StoreError, Tx, directory, drafts, subscriptions};

/// The people of an audience. Whether each may see the change is asked when they are told (S20).
pub fn people(tx: &mut dyn Tx, to: Audience, change: &Change, process: &Process) -> Result<BTreeSet<i64>, StoreError> {
    match to {
        Audience::Role(role) => holders(tx, role, change),
        Audience::Raiser => Ok(change.raised_by.person.iter().map(|p| p.0).collect()),
        Audience::AffectedTrusts => in_orgs(tx, Role::Coordinator, affected(change)),
        Audience::Subscribers => {
            let watchers = drafts::watchers(tx, change.id.0)?;
            Ok(watchers.into_iter().chain(subscriptions::followers(tx, change.id.0)?).collect())
        }
        Audience::NetworkProvider => anywhere(tx, Role::NetworkDesk),
        Audience::SafetyOfficers => safety_officers(tx, change),
        Audience::Assessors => assessors(tx, change, process),
        // The contact on site has a telephone and no address here: the desk rings them.
        Audience::OnSite => anywhere(tx, Role::Desk),
        Audience::Decider => Ok(change.carry.checkpoint.iter().map(|checkpoint| checkpoint.planned.decider.0).collect()),
    }
}

/// Why somebody is told, in words that end "You get this because".
pub fn because(to: Audience) -> String {
    match to {
        Audience::Role(role) => format!("you are {}", role.words()),
        Audience::Raiser => "you raised it".into(),
        Audience::AffectedTrusts => "it touches your trust".into(),
        Audience::Subscribers => "you watch it, or follow one of its services or sites".into(),
        Audience::NetworkProvider => "you are at the network provider's desk".into(),
        Audience::SafetyOfficers => "you are a safety officer".into(),
        Audience::Assessors => "an assessment is asked of you".into(),
        Audience::OnSite => "the contact on site has a telephone only, so the desk is told".into(),
        Audience::Decider => "you decide go or no-go".into(),
    }
}

fn affected(change: &Change) -> Vec<i64> {
    change.parties().affected.iter().map(|org| org.0).collect()
}

fn anywhere(tx: &mut dyn Tx, role: Role) -> Result<BTreeSet<i64>, StoreError> {
    Ok(eligible_holders(tx, role, None, None)?.into_iter().collect())
}

fn in_orgs(tx: &mut dyn Tx, role: Role, orgs: impl IntoIterator<Item = i64>) -> Result<BTreeSet<i64>, StoreError> {
    let mut found = BTreeSet::new();
    for org in orgs {
        found.extend(eligible_holders(tx, role, Some(org), None)?);
    }
    Ok(found)
}

/// The organisations that run what is touched; where none is known, every supplier (as `permit` reads it).
fn running(tx: &mut dyn Tx, change: &Change) -> Result<Option<BTreeSet<i64>>, StoreError> {
    let runs = change.parties().runs;
    if runs.is_empty() {
        return Ok(None);
    }
    let mut orgs: BTreeSet<i64> = runs.iter().map(|org| org.0).collect();
    if directory::organisation(tx, change.org.0)?.is_some_and(|org| org.kind == OrgKind::Supplier) {
        orgs.insert(change.org.0);
    }
    Ok(Some(orgs))
}

fn on_the_running_side(tx: &mut dyn Tx, role: Role, change: &Change) -> Result<BTreeSet<i64>, StoreError> {
    match running(tx, change)? {
        Some(orgs) => in_orgs(tx, role, orgs),
        None => anywhere(tx, role),
    }
}

/// The holders of a role on its side of the change.
fn holders(tx: &mut dyn Tx, role: Role, change: &Change) -> Result<BTreeSet<i64>, StoreError> {
    match role {
        Role::Requester | Role::Coordinator => in_orgs(tx, role, [change.org.0]),
        Role::ServiceOwner | Role::TrustSafety | Role::Finance => in_orgs(tx, role, affected(change).into_iter().chain([change.org.0])),
        Role::SupplierManager | Role::Assessor | Role::Commercial | Role::SupplierSafety => on_the_running_side(tx, role, change),
        // The person who was named, and nobody else who could do such work.
        Role::Implementer => Ok(change.implementer.iter().map(|(person, _)| person.0).collect()),
        _ => anywhere(tx, role),
    }
}

fn safety_officers(tx: &mut dyn Tx, change: &Change) -> Result<BTreeSet<i64>, StoreError> {
    let mut found = holders(tx, Role::TrustSafety, change)?;
    found.extend(holders(tx, Role::SupplierSafety, change)?);
    found.extend(anywhere(tx, Role::AuthoritySafety)?);
    Ok(found)
}

/// Whoever owes an assessment, by the document's rows for those that are still open.
fn assessors(tx: &mut dyn Tx, change: &Change, process: &Process) -> Result<BTreeSet<i64>, StoreError> {
    let mut found = BTreeSet::new();
    for owed in change.assessments.values().filter(|a| a.given.is_none()) {
        for who in process.assessments.iter().filter(|row| row.kind == owed.asked.kind).flat_map(|row| &row.who) {
            let org = owed.asked.org.map(|org| org.0);
            found.extend(match (*who, org) {
                (Who::Role(role) | Who::Affected(role), Some(org)) => in_orgs(tx, role, [org])?,
                (Who::Role(role), None) => holders(tx, role, change)?,
                (Who::Affected(role), None) => in_orgs(tx, role, affected(change))?,
                (Who::SafetyOfficer, _) => safety_officers(tx, change)?,
                (Who::Anyone | Who::System, _) => BTreeSet::new(),
            });
        }
    }
    Ok(found)
}
