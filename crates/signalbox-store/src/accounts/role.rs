//! Memberships: a role of a person in an organisation, some for one service only (spec 3.1).

use super::person::{self, Person, PersonState};
use crate::directory::{Act, Answer, Refused, Viewer, organisation, read_kind, record_directory_event, service};
use crate::page::{opt_time, time};
use crate::sql::statements;
use crate::{Row, StoreError, Tx, values};
use jiff::Timestamp;
use serde_json::json;
use signalbox_core::actor::{self as core, OrgKind, Role};
use signalbox_core::ids::{OrgId, PersonId, ServiceId};

/// A role of a person in an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Id.
    pub id: i64,
    /// Whose.
    pub person_id: i64,
    /// Where.
    pub org_id: i64,
    /// The organisation's code.
    pub org_code: String,
    /// The organisation's kind.
    pub org_kind: OrgKind,
    /// What.
    pub role: Role,
    /// For this service only.
    pub service_id: Option<i64>,
    /// That service's code.
    pub service_code: Option<String>,
    /// Who gave it; none from the command line or an import.
    pub granted_by: Option<i64>,
    /// When.
    pub granted_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Whose it is, where the person holds it for somebody else for a time (SD-10).
    pub cover: Option<Box<core::Cover>>,
}

/// A role to be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewMembership {
    /// Id, for the case that it is new.
    pub id: i64,
    /// To whom.
    pub person_id: i64,
    /// Where.
    pub org_id: i64,
    /// What.
    pub role: Role,
    /// For this service only.
    pub service_id: Option<i64>,
}

/// A person who may act, with every live membership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActorRow {
    /// Who.
    pub person: Person,
    /// What they hold now, oldest first.
    pub memberships: Vec<Membership>,
}

impl ActorRow {
    /// The same, as the core knows an actor.
    pub fn to_core(&self) -> core::Actor {
        let memberships = self.memberships.iter().map(|m| core::Membership {
            org: OrgId(m.org_id),
            org_kind: m.org_kind,
            role: m.role,
            service: m.service_id.map(ServiceId),
            cover: m.cover.clone(),
        });
        core::Actor::Person { id: PersonId(self.person.id), memberships: memberships.collect() }
    }

    /// How far this actor sees in lists of people and items (settled 8).
    pub fn viewer(&self) -> Viewer {
        let sees_all = |m: &Membership| m.org_kind == OrgKind::Authority || matches!(m.role, Role::Administrator | Role::Auditor);
        if self.memberships.iter().any(sees_all) { Viewer::All } else { Viewer::Person(self.person.id) }
    }
}

statements! {
    BY_ID = "select m.id, m.person_id, m.org_id, o.code, o.kind, m.role, m.service_id, s.code, m.granted_by, m.granted_at, m.ended_at
        from memberships m join organisations o on o.id = m.org_id left join services s on s.id = m.service_id where m.id = $1";
    LIVE = "select m.id, m.person_id, m.org_id, o.code, o.kind, m.role, m.service_id, s.code, m.granted_by, m.granted_at, m.ended_at
        from memberships m join organisations o on o.id = m.org_id left join services s on s.id = m.service_id
        where m.person_id = $1 and m.ended_at is null and o.active = 1 order by m.id";
    HISTORY = "select m.id, m.person_id, m.org_id, o.code, o.kind, m.role, m.service_id, s.code, m.granted_by, m.granted_at, m.ended_at
        from memberships m join organisations o on o.id = m.org_id left join services s on s.id = m.service_id
        where m.person_id = $1 order by m.id";
    SAME = "select id from memberships where person_id = $1 and org_id = $2 and role = $3 and coalesce(service_id, 0) = $4 and ended_at is null";
    INSERT = "insert into memberships (id, person_id, org_id, role, service_id, granted_by, granted_at) values ($1, $2, $3, $4, $5, $6, $7)";
    END = "update memberships set ended_at = $2 where id = $1 and ended_at is null";
    END_ALL = "update memberships set ended_at = $2 where person_id = $1 and ended_at is null";
    HOLDERS = "select distinct m.person_id from memberships m join people p on p.id = m.person_id
        join organisations o on o.id = m.org_id where m.role = $1 and (cast($2 as BIGINT) = 0 or m.org_id = $2)
        and (cast($3 as BIGINT) = 0 or m.service_id is null or m.service_id = $3)
        and m.ended_at is null and p.state = 'active' and o.active = 1 order by m.person_id";
    HOLDS = "select m.id from memberships m join people p on p.id = m.person_id
        where m.person_id = $1 and m.role = $2 and (cast($3 as BIGINT) = 0 or m.org_id = $3) and m.ended_at is null and p.state = 'active' limit 1";
}

fn read(row: &dyn Row) -> Result<Membership, StoreError> {
    let code = row.text(5)?;
    let role = Role::from_code(&code).ok_or_else(|| StoreError::Corrupt(format!("{code} is no role")))?;
    Ok(Membership {
        id: row.int(0)?,
        person_id: row.int(1)?,
        org_id: row.int(2)?,
        org_code: row.text(3)?,
        org_kind: read_kind(row, 4)?,
        role,
        service_id: row.opt_int(6)?,
        service_code: row.opt_text(7)?,
        granted_by: row.opt_int(8)?,
        granted_at: time(row, 9)?,
        ended_at: opt_time(row, 10)?,
        cover: None,
    })
}

/// The membership with this id, ended or not.
pub fn membership(tx: &mut dyn Tx, id: i64) -> Result<Option<Membership>, StoreError> {
    tx.maybe_one(BY_ID, values![id], read)
}

/// What a person holds and held, oldest first.
pub fn memberships(tx: &mut dyn Tx, person_id: i64) -> Result<Vec<Membership>, StoreError> {
    tx.all(HISTORY, values![person_id], read)
}

/// Who acts: read anew for every request, so that a role that was taken away counts for nothing at once (S56).
/// None unless the person is active (S49).
pub fn actor(tx: &mut dyn Tx, person_id: i64) -> Result<Option<ActorRow>, StoreError> {
    let Some(person) = person::person(tx, person_id)?.filter(|p| p.state == PersonState::Active) else {
        return Ok(None);
    };
    let memberships = tx.all(LIVE, values![person_id], read)?;
    Ok(Some(ActorRow { person, memberships }))
}

/// The active people who hold this role now: in one organisation if `org` is given, for one service if
/// `service` is given (a role without a service counts for all).
pub fn eligible_holders(tx: &mut dyn Tx, role: Role, org: Option<i64>, service: Option<i64>) -> Result<Vec<i64>, StoreError> {
    tx.all(HOLDERS, values![role.code(), org.unwrap_or(0), service.unwrap_or(0)], |row| row.int(0))
}

pub(super) fn holds(tx: &mut dyn Tx, person_id: i64, role: Role, org: Option<i64>) -> Result<bool, StoreError> {
    Ok(tx.maybe_one(HOLDS, values![person_id, role.code(), org.unwrap_or(0)], |_| Ok(()))?.is_some())
}

/// Gives a role and answers with the membership's id; the one that is live already if there is one. Nobody
/// gives a role to themselves (SD-9); the first administrator is made on the command line, by nobody.
pub fn grant_role(tx: &mut dyn Tx, act: &Act, new: &NewMembership) -> Answer<i64> {
    if act.by == Some(new.person_id) {
        return Ok(Err(Refused::SelfGrant));
    }
    let is_known = person::person(tx, new.person_id)?.is_some_and(|p| matches!(p.state, PersonState::Active | PersonState::Pending));
    if !is_known {
        return Ok(Err(Refused::Unknown("person")));
    }
    let Some(org) = organisation(tx, new.org_id)?.filter(|org| org.merged_into.is_none()) else {
        return Ok(Err(Refused::Unknown("organisation")));
    };
    // X7: who is on call is the rota's to say.
    if new.role.is_by_rota() || new.role.org_kind().is_some_and(|kind| kind != org.kind) {
        return Ok(Err(Refused::Invalid("role")));
    }
    if let Some(id) = new.service_id
        && service(tx, id)?.is_none()
    {
        return Ok(Err(Refused::Unknown("service")));
    }
    let (id, is_new) = insert(tx, act, new)?;
    if is_new {
        let payload = json!({"person": new.person_id.to_string(), "organisation": new.org_id.to_string(),
            "role": new.role.code(), "service": new.service_id.map(|s| s.to_string())});
        record_directory_event(tx, act, "RoleGranted", id, &payload)?;
    }
    Ok(Ok(id))
}

/// Writes the membership unless there is such a live one. Its id, and whether it is new.
pub(crate) fn insert(tx: &mut dyn Tx, act: &Act, new: &NewMembership) -> Result<(i64, bool), StoreError> {
    let role = new.role.code();
    let same = values![new.person_id, new.org_id, role, new.service_id.unwrap_or(0)];
    if let Some(id) = tx.maybe_one(SAME, same, |row| row.int(0))? {
        return Ok((id, false));
    }
    tx.exec(INSERT, values![new.id, new.person_id, new.org_id, role, new.service_id, act.by, act.at.as_microsecond()])?;
    Ok((new.id, true))
}

/// Ends a role. False if it had ended.
pub fn end_role(tx: &mut dyn Tx, act: &Act, id: i64) -> Answer<bool> {
    let Some(known) = membership(tx, id)? else {
        return Ok(Err(Refused::Unknown("membership")));
    };
    if tx.exec(END, values![id, act.at.as_microsecond()])? == 0 {
        return Ok(Ok(false));
    }
    let payload = json!({"person": known.person_id.to_string(), "organisation": known.org_id.to_string(),
        "role": known.role.code()});
    record_directory_event(tx, act, "RoleEnded", id, &payload)?;
    Ok(Ok(true))
}

pub(super) fn end_all(tx: &mut dyn Tx, person_id: i64, at: Timestamp) -> Result<(), StoreError> {
    tx.exec(END_ALL, values![person_id, at.as_microsecond()])?;
    Ok(())
}
