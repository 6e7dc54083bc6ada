//! Who is on call, who is away, and who stands in for whom, each with dates (X2, X7, SD-10).

use crate::accounts::{self, ActorRow, Membership};
use crate::directory::{Act, Answer, Refused, organisation, record_directory_event};
use crate::page::{opt_time, time};
use crate::sql::statements;
use crate::{Row, StoreError, Tx, values};
use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use serde_json::json;
use signalbox_core::actor::{Cover, OrgKind, Role};
use signalbox_core::calendar::{self, DEFAULT_ZONE};
use signalbox_core::cover::Holder;
use signalbox_core::ids::{OrgId, PersonId};
use std::collections::BTreeSet;

/// A turn on call: a weekly pattern, or a span of dates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    pub id: i64,
    pub org_id: i64,
    pub role: Role,
    pub person_id: i64,
    /// 1: rung first. 2: the deputy.
    pub rank: i64,
    /// Digits, 1 is Monday; `None` for a span of dates.
    pub weekdays: Option<String>,
    /// Local minutes of the day; an end at or before the beginning is on the next day.
    pub from_minute: i64,
    pub until_minute: i64,
    pub starts_at: Timestamp,
    pub ends_at: Option<Timestamp>,
}

/// A stretch of days in which somebody is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Away {
    pub id: i64,
    pub person_id: i64,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
}

/// One membership held for somebody else for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delegation {
    pub id: i64,
    pub delegator: i64,
    pub delegate: i64,
    pub org_id: i64,
    pub role: Role,
    pub service_id: Option<i64>,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
}

statements! {
    TURN = "select id, org_id, role, person_id, rank, weekdays, from_minute, until_minute, starts_at, ends_at from rotas where id = $1 and ended_at is null";
    TURNS_OF = "select id, org_id, role, person_id, rank, weekdays, from_minute, until_minute, starts_at, ends_at from rotas
        where org_id = $1 and ended_at is null order by role, rank, id limit 500";
    TURNS_OF_PERSON = "select id, org_id, role, person_id, rank, weekdays, from_minute, until_minute, starts_at, ends_at from rotas
        where person_id = $1 and ended_at is null order by id limit 100";
    ADD_TURN = "insert into rotas (id, org_id, role, person_id, rank, weekdays, from_minute, until_minute, starts_at, ends_at, created_by, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    END_TURN = "update rotas set ended_at = $2 where id = $1 and ended_at is null";
    AWAY_OF = "select id, person_id, starts_at, ends_at from away where person_id = $1 and ended_at is null and ends_at > $2 order by starts_at limit 50";
    ADD_AWAY = "insert into away (id, person_id, starts_at, ends_at, created_at) values ($1, $2, $3, $4, $5)";
    END_AWAY = "update away set ended_at = $3 where id = $1 and person_id = $2 and ended_at is null";
    DELEGATION = "select id, delegator, delegate, org_id, role, service_id, starts_at, ends_at from delegations where id = $1 and ended_at is null";
    HELD_FOR_OTHERS = "select id, delegator, delegate, org_id, role, service_id, starts_at, ends_at from delegations
        where delegate = $1 and ended_at is null and ends_at > $2 order by starts_at, id limit 100";
    HANDED_OVER = "select id, delegator, delegate, org_id, role, service_id, starts_at, ends_at from delegations
        where delegator = $1 and ended_at is null and ends_at > $2 order by starts_at, id limit 100";
    ADD_DELEGATION = "insert into delegations (id, delegator, delegate, org_id, role, service_id, starts_at, ends_at, created_by, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    END_DELEGATION = "update delegations set ended_at = $2 where id = $1 and ended_at is null";
    DECIDERS = "select m.person_id, m.role, m.org_id from memberships m join people p on p.id = m.person_id
        join organisations o on o.id = m.org_id where m.role = $1 and m.ended_at is null and p.state = 'active' and o.active = 1
        order by m.person_id, m.org_id limit 200";
    ORGS_OF = "select distinct org_id from memberships where person_id = $1 and ended_at is null order by org_id";
    OWED_SOON = "select d.change_id, d.key, d.org_id, d.role, d.due_at, c.stage from duties d join changes c on c.id = d.change_id
        where d.done_at is null and d.due_at < $1 and d.due_at > $2 order by d.due_at, d.change_id limit 500";
    TO_DECIDE = "select id, stage_since, window_start from changes where stage = 'AWAITING_APPROVAL' order by id limit 1000";
    ROTA_ORGS = "select distinct org_id from rotas where ended_at is null order by org_id";
}

fn role(row: &dyn Row, column: usize) -> Result<Role, StoreError> {
    let code = row.text(column)?;
    Role::from_code(&code).ok_or_else(|| StoreError::Corrupt(format!("{code} is no role")))
}

fn turn_row(row: &dyn Row) -> Result<Turn, StoreError> {
    Ok(Turn {
        id: row.int(0)?,
        org_id: row.int(1)?,
        role: role(row, 2)?,
        person_id: row.int(3)?,
        rank: row.int(4)?,
        weekdays: row.opt_text(5)?,
        from_minute: row.int(6)?,
        until_minute: row.int(7)?,
        starts_at: time(row, 8)?,
        ends_at: opt_time(row, 9)?,
    })
}

fn delegation_row(row: &dyn Row) -> Result<Delegation, StoreError> {
    Ok(Delegation {
        id: row.int(0)?,
        delegator: row.int(1)?,
        delegate: row.int(2)?,
        org_id: row.int(3)?,
        role: role(row, 4)?,
        service_id: row.opt_int(5)?,
        starts_at: time(row, 6)?,
        ends_at: time(row, 7)?,
    })
}

impl Turn {
    /// Whether it is this person's turn at that moment. Wall times: the night of a clock change is as long as it is.
    pub fn covers(&self, at: Timestamp, zone: &TimeZone) -> bool {
        if at < self.starts_at || self.ends_at.is_some_and(|end| at >= end) {
            return false;
        }
        let Some(days) = &self.weekdays else { return true };
        let wall = zone.to_datetime(at);
        let minute = i64::from(wall.hour()) * 60 + i64::from(wall.minute());
        let is_on = |day: Weekday| days.contains(char::from(b'0' + day.to_monday_one_offset() as u8));
        let (today, yesterday) = (wall.date().weekday(), wall.date().weekday().previous());
        if self.until_minute > self.from_minute {
            return is_on(today) && (self.from_minute..self.until_minute).contains(&minute);
        }
        (is_on(today) && minute >= self.from_minute) || (is_on(yesterday) && minute < self.until_minute)
    }
}

/// The zone of an organisation's clocks.
pub fn zone_of(tx: &mut dyn Tx, org: i64) -> Result<TimeZone, StoreError> {
    let name = organisation(tx, org)?.map_or(DEFAULT_ZONE.to_owned(), |o| o.zone);
    Ok(calendar::zone(&name).unwrap_or_else(calendar::london))
}

/// The rota of an organisation.
pub fn turns(tx: &mut dyn Tx, org: i64) -> Result<Vec<Turn>, StoreError> {
    tx.all(TURNS_OF, values![org], turn_row)
}

/// One turn.
pub fn turn(tx: &mut dyn Tx, id: i64) -> Result<Option<Turn>, StoreError> {
    tx.maybe_one(TURN, values![id], turn_row)
}

/// The organisations that keep a rota.
pub fn orgs_with_rotas(tx: &mut dyn Tx) -> Result<Vec<i64>, StoreError> {
    tx.all(ROTA_ORGS, &[], |row| row.int(0))
}

/// Whose turn it is in this organisation at that moment, first before deputy; who is away is left out.
pub fn on_call(tx: &mut dyn Tx, org: i64, at: Timestamp) -> Result<Vec<Turn>, StoreError> {
    let zone = zone_of(tx, org)?;
    let mut found = vec![];
    for turn in turns(tx, org)? {
        if turn.covers(at, &zone) && !is_away(tx, turn.person_id, at)? {
            found.push(turn);
        }
    }
    Ok(found)
}

/// Adds a turn. The person must belong to the organisation, and hold the role unless it is the rota's to give.
pub fn add_turn(tx: &mut dyn Tx, act: &Act, turn: &Turn) -> Answer<i64> {
    let held = accounts::memberships(tx, turn.person_id)?;
    let is_theirs = |m: &Membership| m.org_id == turn.org_id && m.ended_at.is_none() && (turn.role.is_by_rota() || m.role == turn.role);
    if !held.iter().any(is_theirs) {
        return Ok(Err(Refused::Invalid("person")));
    }
    let has_day = turn.weekdays.as_ref().is_none_or(|days| !days.is_empty() && days.bytes().all(|d| (b'1'..=b'7').contains(&d)));
    if !has_day {
        return Ok(Err(Refused::Invalid("weekdays")));
    }
    if turn.ends_at.is_some_and(|end| end <= turn.starts_at) {
        return Ok(Err(Refused::Invalid("ends_at")));
    }
    let (starts, ends) = (turn.starts_at.as_microsecond(), turn.ends_at.map(Timestamp::as_microsecond));
    tx.exec(
        ADD_TURN,
        values![
            turn.id,
            turn.org_id,
            turn.role.code(),
            turn.person_id,
            turn.rank,
            turn.weekdays.clone(),
            turn.from_minute,
            turn.until_minute,
            starts,
            ends,
            act.by,
            act.at.as_microsecond()
        ],
    )?;
    let payload = json!({"organisation": turn.org_id.to_string(), "role": turn.role.code(), "person": turn.person_id.to_string(), "rank": turn.rank});
    record_directory_event(tx, act, "TurnAdded", turn.id, &payload)?;
    Ok(Ok(turn.id))
}

/// Takes a turn off the rota. False if it was off.
pub fn end_turn(tx: &mut dyn Tx, act: &Act, id: i64) -> Answer<bool> {
    if tx.exec(END_TURN, values![id, act.at.as_microsecond()])? == 0 {
        return Ok(Ok(false));
    }
    record_directory_event(tx, act, "TurnEnded", id, &json!({}))?;
    Ok(Ok(true))
}

/// When somebody is away, from `after` on.
pub fn away_of(tx: &mut dyn Tx, person: i64, after: Timestamp) -> Result<Vec<Away>, StoreError> {
    tx.all(AWAY_OF, values![person, after.as_microsecond()], |row| {
        Ok(Away { id: row.int(0)?, person_id: row.int(1)?, starts_at: time(row, 2)?, ends_at: time(row, 3)? })
    })
}

/// Whether somebody is away at that moment.
pub fn is_away(tx: &mut dyn Tx, person: i64, at: Timestamp) -> Result<bool, StoreError> {
    Ok(away_of(tx, person, at)?.iter().any(|a| a.starts_at <= at))
}

/// Somebody says that they will be away.
pub fn add_away(tx: &mut dyn Tx, act: &Act, away: &Away) -> Answer<i64> {
    if away.ends_at <= away.starts_at {
        return Ok(Err(Refused::Invalid("ends_at")));
    }
    let (starts, ends) = (away.starts_at.as_microsecond(), away.ends_at.as_microsecond());
    tx.exec(ADD_AWAY, values![away.id, away.person_id, starts, ends, act.at.as_microsecond()])?;
    let payload = json!({"person": away.person_id.to_string(), "starts_at": starts.to_string(), "ends_at": ends.to_string()});
    record_directory_event(tx, act, "AwayAdded", away.id, &payload)?;
    Ok(Ok(away.id))
}

/// They are back, or were never away. False if that was said already.
pub fn end_away(tx: &mut dyn Tx, act: &Act, person: i64, id: i64) -> Answer<bool> {
    if tx.exec(END_AWAY, values![id, person, act.at.as_microsecond()])? == 0 {
        return Ok(Ok(false));
    }
    record_directory_event(tx, act, "AwayEnded", id, &json!({}))?;
    Ok(Ok(true))
}

/// What a person holds for others, now or later.
pub fn held_for_others(tx: &mut dyn Tx, person: i64, after: Timestamp) -> Result<Vec<Delegation>, StoreError> {
    tx.all(HELD_FOR_OTHERS, values![person, after.as_microsecond()], delegation_row)
}

/// What a person has handed over, now or later.
pub fn handed_over(tx: &mut dyn Tx, person: i64, after: Timestamp) -> Result<Vec<Delegation>, StoreError> {
    tx.all(HANDED_OVER, values![person, after.as_microsecond()], delegation_row)
}

/// One delegation.
pub fn delegation(tx: &mut dyn Tx, id: i64) -> Result<Option<Delegation>, StoreError> {
    tx.maybe_one(DELEGATION, values![id], delegation_row)
}

/// SD-10, the same qualification: of the same organisation; for a clinical decision a safety officer of the same side,
/// for money a finance approver.
pub fn is_qualified(held: &[Membership], org: i64, role: Role) -> bool {
    let live = || held.iter().filter(|m| m.ended_at.is_none() && m.cover.is_none());
    let in_org = live().any(|m| m.org_id == org && !matches!(m.role, Role::GroupMember | Role::Auditor));
    match role {
        role if role.is_safety_officer() => live().any(|m| m.role == role),
        Role::Finance => in_org && live().any(|m| m.role == Role::Finance),
        _ => in_org,
    }
}

/// Hands a membership over for a time. What is held for somebody else can't be handed on.
pub fn delegate(tx: &mut dyn Tx, act: &Act, new: &Delegation) -> Answer<i64> {
    if new.ends_at <= new.starts_at {
        return Ok(Err(Refused::Invalid("ends_at")));
    }
    if new.delegator == new.delegate {
        return Ok(Err(Refused::Invalid("delegate")));
    }
    let own = accounts::memberships(tx, new.delegator)?;
    let is_it = |m: &Membership| m.ended_at.is_none() && m.org_id == new.org_id && m.role == new.role && m.service_id == new.service_id;
    if !own.iter().any(is_it) || matches!(new.role, Role::Administrator | Role::Auditor | Role::GroupMember) {
        return Ok(Err(Refused::Invalid("role")));
    }
    let theirs = accounts::actor(tx, new.delegate)?;
    if !theirs.is_some_and(|row| is_qualified(&row.memberships, new.org_id, new.role)) {
        return Ok(Err(Refused::Invalid("delegate")));
    }
    let (starts, ends) = (new.starts_at.as_microsecond(), new.ends_at.as_microsecond());
    tx.exec(
        ADD_DELEGATION,
        values![new.id, new.delegator, new.delegate, new.org_id, new.role.code(), new.service_id, starts, ends, act.by, act.at.as_microsecond()],
    )?;
    let payload = json!({"delegator": new.delegator.to_string(), "delegate": new.delegate.to_string(), "organisation": new.org_id.to_string(),
        "role": new.role.code(), "starts_at": starts.to_string(), "ends_at": ends.to_string()});
    record_directory_event(tx, act, "Delegated", new.id, &payload)?;
    Ok(Ok(new.id))
}

/// Ends a delegation before its time. False if it had ended.
pub fn end_delegation(tx: &mut dyn Tx, act: &Act, id: i64) -> Answer<bool> {
    if tx.exec(END_DELEGATION, values![id, act.at.as_microsecond()])? == 0 {
        return Ok(Ok(false));
    }
    record_directory_event(tx, act, "DelegationEnded", id, &json!({}))?;
    Ok(Ok(true))
}

fn orgs_of(tx: &mut dyn Tx, person: i64) -> Result<BTreeSet<OrgId>, StoreError> {
    Ok(tx.all(ORGS_OF, values![person], |row| row.int(0).map(OrgId))?.into_iter().collect())
}

/// Who acts at this moment: their own memberships, then what the rota says, then what they hold for others. Each
/// counts only while the membership it comes from is live.
pub fn actor_at(tx: &mut dyn Tx, person: i64, at: Timestamp) -> Result<Option<ActorRow>, StoreError> {
    let Some(mut row) = accounts::actor(tx, person)? else { return Ok(None) };
    let own = row.memberships.clone();
    for turn in tx.all(TURNS_OF_PERSON, values![person], turn_row)?.into_iter().filter(|t| t.role.is_by_rota()) {
        let Some(member) = own.iter().find(|m| m.org_id == turn.org_id) else { continue };
        if turn.covers(at, &zone_of(tx, turn.org_id)?) {
            row.memberships.push(Membership { id: turn.id, role: turn.role, service_id: None, service_code: None, ..member.clone() });
        }
    }
    for seat in crate::boards::seats_of(tx, person)?.into_iter().filter(|s| s.seat != signalbox_core::board::Seat::Observer) {
        let role = match crate::boards::board(tx, seat.board_id)?.map(|board| board.kind) {
            Some(kind) if kind == "tab" => Role::TechnicalBoardMember,
            Some(kind) if kind == "ecab" => Role::EmergencyBoardMember,
            Some(_) => Role::BoardMember,
            None => continue,
        };
        let is_held = row.memberships.iter().any(|m| m.role == role && m.org_id == seat.org_id);
        let member = own.iter().find(|m| m.org_id == seat.org_id).filter(|_| !is_held);
        row.memberships.extend(member.map(|m| Membership { id: seat.id, role, service_id: None, service_code: None, ..m.clone() }));
    }
    for held in held_for_others(tx, person, at)?.into_iter().filter(|d| d.starts_at <= at) {
        if !is_qualified(&own, held.org_id, held.role) {
            continue;
        }
        let Some(theirs) = accounts::actor(tx, held.delegator)? else { continue };
        let is_it = |m: &&Membership| m.org_id == held.org_id && m.role == held.role && m.service_id == held.service_id;
        let Some(lent) = theirs.memberships.iter().find(is_it) else { continue };
        let cover = Cover { person: PersonId(held.delegator), orgs: orgs_of(tx, held.delegator)? };
        row.memberships.push(Membership { cover: Some(Box::new(cover)), ..lent.clone() });
    }
    Ok(Some(row))
}

/// Who could decide: the holders of the roles that do, whether they are out, and who stands in for them.
pub fn deciders(tx: &mut dyn Tx, at: Timestamp) -> Result<Vec<Holder>, StoreError> {
    let mut holders = vec![];
    for decides in [Role::SupplierManager, Role::AuthorityManager] {
        for (person, role, org) in tx.all(DECIDERS, values![decides.code()], |row| Ok((row.int(0)?, role(row, 1)?, row.int(2)?)))? {
            let handed: Vec<Delegation> = handed_over(tx, person, at)?.into_iter().filter(|d| d.starts_at <= at && d.role == role && d.org_id == org).collect();
            let mut delegates = vec![];
            for one in &handed {
                if accounts::actor(tx, one.delegate)?.is_some_and(|row| is_qualified(&row.memberships, org, role)) {
                    delegates.push((PersonId(one.delegate), orgs_of(tx, one.delegate)?));
                }
            }
            let is_out = !handed.is_empty() || is_away(tx, person, at)?;
            holders.push(Holder { person: PersonId(person), role, org: OrgId(org), is_out, orgs: orgs_of(tx, person)?, delegates });
        }
    }
    Ok(holders)
}

/// A role that nobody would hold on some day (X2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    pub org_id: i64,
    pub role: Role,
    pub from: Timestamp,
    pub until: Timestamp,
}

/// Roles that every organisation of the kind has to have somebody for.
pub fn needed_of(kind: OrgKind) -> &'static [Role] {
    match kind {
        OrgKind::Trust => &[Role::Coordinator],
        OrgKind::Supplier => &[Role::SupplierManager, Role::SupplierSafety],
        OrgKind::Authority => &[Role::AuthorityManager, Role::AuthoritySafety],
        OrgKind::Network => &[Role::NetworkDesk],
    }
}

/// The days, from this moment on, on which nobody holds the role in the organisation: no holder who is there, no
/// delegate, and where a rota says who it is, nobody on it. Days that follow each other are one gap.
pub fn gaps(tx: &mut dyn Tx, org: i64, role: Role, from: Timestamp, days: i64) -> Result<Vec<Gap>, StoreError> {
    let holders = accounts::eligible_holders(tx, role, Some(org), None)?;
    let turns: Vec<Turn> = turns(tx, org)?.into_iter().filter(|t| t.role == role).collect();
    let zone = zone_of(tx, org)?;
    let mut found: Vec<Gap> = vec![];
    for day in 0..days {
        // Noon of each day stands for it: a gap of some hours is the rota's to show.
        let start = zone.to_datetime(from).date().checked_add(jiff::Span::new().days(day)).map_err(|e| StoreError::Corrupt(e.to_string()))?;
        let noon = zone.to_ambiguous_timestamp(start.at(12, 0, 0, 0)).compatible().map_err(|e| StoreError::Corrupt(e.to_string()))?;
        let mut is_held = false;
        for person in &holders {
            let there = !is_away(tx, *person, noon)?;
            let covered = handed_over(tx, *person, noon)?.iter().any(|d| d.starts_at <= noon && d.role == role && d.org_id == org);
            is_held |= there || covered;
        }
        if role.is_by_rota() {
            is_held = false;
            for turn in turns.iter().filter(|t| t.covers(noon, &zone)) {
                is_held |= !is_away(tx, turn.person_id, noon)?;
            }
        }
        if !is_held {
            let until = noon + jiff::SignedDuration::from_hours(24);
            match found.last_mut().filter(|gap| gap.until >= noon - jiff::SignedDuration::from_hours(1)) {
                Some(gap) => gap.until = until,
                None => found.push(Gap { org_id: org, role, from: noon, until }),
            }
        }
    }
    Ok(found)
}

/// A duty that is due soon, or late.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed {
    pub change_id: i64,
    pub key: String,
    pub org_id: Option<i64>,
    pub role: Option<Role>,
    pub due_at: Timestamp,
    pub stage: String,
}

/// What is due between two moments and not done.
pub fn owed_between(tx: &mut dyn Tx, after: Timestamp, before: Timestamp) -> Result<Vec<Owed>, StoreError> {
    tx.all(OWED_SOON, values![before.as_microsecond(), after.as_microsecond()], |row| {
        let role = row.opt_text(3)?.and_then(|code| Role::from_code(&code));
        Ok(Owed { change_id: row.int(0)?, key: row.text(1)?, org_id: row.opt_int(2)?, role, due_at: time(row, 4)?, stage: row.text(5)? })
    })
}

/// What waits for a decision: since when, and when it starts.
pub fn to_decide(tx: &mut dyn Tx) -> Result<Vec<(i64, Timestamp, Option<Timestamp>)>, StoreError> {
    tx.all(TO_DECIDE, &[], |row| Ok((row.int(0)?, time(row, 1)?, opt_time(row, 2)?)))
}
