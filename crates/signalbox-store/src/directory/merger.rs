//! Organisations that become one: the plan, what would move, and the moving of what the directory holds. Changes move by
//! events of their own, which the caller appends in the same transaction.

use super::{Act, record_directory_event};
use crate::accounts::{NewMembership, role};
use crate::page::{found_by, opt_time, time};
use crate::sql::statements;
use crate::{Row, StoreError, Tx, values};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::json;
use signalbox_core::actor::Role;
use signalbox_core::ids::OrgId;
use signalbox_core::succession::{LIVES_ON, Party, Succession};
use std::collections::{BTreeMap, BTreeSet};

/// A merger, planned or carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merger {
    pub id: i64,
    pub predecessors: BTreeSet<i64>,
    pub successor: i64,
    /// From the beginning of this day.
    pub day: Date,
    pub reason: String,
    pub planned_by: Option<i64>,
    pub planned_at: Timestamp,
    pub taken_back_at: Option<Timestamp>,
    pub done_at: Option<Timestamp>,
    /// How much moved.
    pub moved: Option<Moved>,
}

impl Merger {
    /// As the log of a change keeps it.
    pub fn succession(&self) -> Succession {
        Succession { predecessors: self.predecessors.iter().map(|id| OrgId(*id)).collect(), successor: OrgId(self.successor) }
    }

    /// Whether it is still to come.
    pub fn is_planned(&self) -> bool {
        self.taken_back_at.is_none() && self.done_at.is_none()
    }
}

/// How much of each thing moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// Open changes that concern one of them.
    pub changes: i64,
    pub people: i64,
    pub memberships: i64,
    pub sites: i64,
    pub services: i64,
    pub items: i64,
    pub freezes: i64,
    /// Times on call, and roles handed over for a time.
    pub turns: i64,
    pub seats: i64,
    pub officers: i64,
    pub incidents: i64,
    /// Requests to join that wait.
    pub requests: i64,
}

statements! {
    INSERT = "insert into mergers (id, successor, day, reason, planned_by, planned_at) values ($1, $2, $3, $4, $5, $6)";
    INSERT_ORG = "insert into merger_orgs (merger_id, org_id) values ($1, $2)";
    BY_ID = "select id, successor, day, reason, planned_by, planned_at, taken_back_at, done_at, moved from mergers where id = $1";
    ALL = "select id, successor, day, reason, planned_by, planned_at, taken_back_at, done_at, moved from mergers order by day desc, id desc limit 500";
    ORGS = "select org_id from merger_orgs where merger_id = $1 order by org_id";
    TAKE_BACK = "update mergers set taken_back_at = $2 where id = $1 and taken_back_at is null and done_at is null";
    DONE = "update mergers set done_at = $2, moved = $3 where id = $1";
    PARTIES = "select id, name, kind, merged_into from organisations where id = $1";
    ENDS = "select m.day from merger_orgs o join mergers m on m.id = o.merger_id where o.org_id = $1 and m.taken_back_at is null and m.done_at is null";
    RECEIVES = "select day from mergers where successor = $1 and taken_back_at is null and done_at is null";
    /// Those that the core then looks at: open, over for a short while, or with something owed.
    CHANGES = "select c.id from changes c where c.id in (select f.change_id from change_orgs f where f.org_id = $1
        union select d.change_id from duties d where d.org_id = $1 and d.done_at is null)
        and (c.stage not in ('CLOSED', 'CANCELLED', 'WITHDRAWN', 'EXPIRED') or c.closed_at > $2
        or exists (select 1 from duties d where d.change_id = c.id and d.done_at is null)
        or exists (select 1 from change_learnt l where l.change_id = c.id and (l.actions_open > 0 or l.disputes_open > 0))
        or exists (select 1 from charges g where g.change_id = c.id and g.owes is not null)) order by c.id";
    COUNT = "select (select count(*) from sites where org_id = $1), (select count(*) from services where owner_org = $1),
        (select count(*) from items where org_id = $1), (select count(*) from freezes where scope = 'organisation' and scope_id = $1 and lifted_at is null),
        (select count(*) from rotas where org_id = $1 and ended_at is null) + (select count(*) from delegations where org_id = $1 and ended_at is null),
        (select count(*) from board_seats where org_id = $1 and ended_at is null),
        (select count(*) from incidents where org_id = $1)";
    OFFICERS = "select ended_at from clinicians where org_id = $1";
    REQUESTS = "select id from registrations where state in ('asked', 'address_confirmed', 'coordinator_approved') and org_id = $1";
    MEMBERS = "select id, person_id, role, service_id from memberships where org_id = $1 and ended_at is null order by id";
    END_MEMBER = "update memberships set ended_at = $2 where id = $1";
    SESSIONS = "update sessions set acting_membership = $3 where person_id = $1 and acting_membership = $2";
    CONFIRM_LATER = "insert into reconfirmations (membership_id, merger_id, asked_at) values ($1, $2, $3)";
    SITES = "select id, org_id, code, name from sites where org_id = $1 order by id";
    SITE_CODE = "update sites set code = $2, found_by = $3 where id = $1";
    MOVE_SITES = "update sites set org_id = $2 where org_id = $1";
    MOVE_SERVICES = "update services set owner_org = $2 where owner_org = $1";
    USE_SERVICES = "insert into service_orgs (service_id, org_id) select u.service_id, cast($2 as BIGINT) from service_orgs u where u.org_id = $1
        and not exists (select 1 from service_orgs v where v.service_id = u.service_id and v.org_id = $2)";
    LEAVE_SERVICES = "delete from service_orgs where org_id = $1";
    MOVE_ITEMS = "update items set org_id = $2 where org_id = $1";
    MOVE_WATCHES = "update items set watched_by = $2 where watched_by = $1";
    MOVE_FREEZES = "update freezes set scope_id = $2 where scope = 'organisation' and scope_id = $1";
    MOVE_WINDOWS = "update maintenance_windows set scope_id = $2 where scope = 'organisation' and scope_id = $1";
    MOVE_ENTRIES = "update external_entries set scope_id = $2 where scope = 'organisation' and scope_id = $1";
    MOVE_INCIDENTS = "update incidents set org_id = $2 where org_id = $1";
    MOVE_DEPLOYMENTS = "update deployments set org_id = $2 where org_id = $1
        and not exists (select 1 from deployments o where o.org_id = $2 and o.external_id = deployments.external_id)";
    MOVE_SERIES = "update series set org_id = $2 where org_id = $1";
    MOVE_TURNS = "update rotas set org_id = $2 where org_id = $1 and ended_at is null";
    MOVE_DELEGATIONS = "update delegations set org_id = $2 where org_id = $1 and ended_at is null";
    MOVE_SEATS = "update board_seats set org_id = $2 where org_id = $1 and ended_at is null";
    MOVE_BOARDS = "update boards set org_id = $2 where org_id = $1 and ended_at is null";
    SCOPED_BOARDS = "select id, scope_orgs from boards where ended_at is null and scope_orgs <> ''";
    RESCOPE_BOARD = "update boards set scope_orgs = $2 where id = $1";
    MOVE_RATES = "update rate_card set org_id = $2 where org_id = $1";
    /// Of two limits of one person the lower: a merger gives nobody more to spend.
    MOVE_LIMITS = "insert into spending_limits (person_id, org_id, limit_pence, set_at) select l.person_id, cast($2 as BIGINT), l.limit_pence, l.set_at
        from spending_limits l where l.org_id = $1
        on conflict (person_id, org_id) do update set limit_pence = case when excluded.limit_pence < spending_limits.limit_pence
        then excluded.limit_pence else spending_limits.limit_pence end";
    LEAVE_LIMITS = "delete from spending_limits where org_id = $1";
    MOVE_TAX = "insert into orders_with_tax (org_id) select cast($2 as BIGINT) from orders_with_tax t where t.org_id = $1 on conflict (org_id) do nothing";
    LEAVE_TAX = "delete from orders_with_tax where org_id = $1";
    MOVE_OFFICERS = "update clinicians set org_id = $2 where org_id = $1 and ended_at is null
        and not exists (select 1 from clinicians o where o.person_id = clinicians.person_id and o.org_id = $2 and o.ended_at is null)";
    END_OFFICERS = "update clinicians set ended_at = $2 where org_id = $1 and ended_at is null";
    MOVE_REQUESTS = "update registrations set org_id = $2 where state in ('asked', 'address_confirmed', 'coordinator_approved') and org_id = $1";
    /// What a proposal asks of those who have not answered.
    MOVE_ASKED = "update proposal_answers set org_id = $2 where org_id = $1 and answer is null
        and not exists (select 1 from proposal_answers o where o.proposal_id = proposal_answers.proposal_id and o.org_id = $2)";
    MOVE_ACCOUNTS = "update network_accounts set org_id = $2 where org_id = $1";
    /// A number that both providers gave stays with the one that ends.
    MOVE_PROVIDED = "update network_accounts set provider_id = $2 where provider_id = $1
        and not exists (select 1 from network_accounts o where o.provider_id = $2 and o.number = network_accounts.number)";
    WATCH_BY_MONITORS = "insert into monitor_orgs (monitor_id, org_id) select m.monitor_id, cast($2 as BIGINT) from monitor_orgs m where m.org_id = $1
        and not exists (select 1 from monitor_orgs o where o.monitor_id = m.monitor_id and o.org_id = $2)";
    LEAVE_MONITORS = "delete from monitor_orgs where org_id = $1";
    MOVE_TOLD = "update told_outages set org_id = $2 where org_id = $1 and settled_at is null";
    END_ORG = "update organisations set active = 0, merged_into = $2 where id = $1";
    END_EARLIER = "update organisations set merged_into = $2 where merged_into = $1";
    BEGIN_ORG = "update organisations set active = 1 where id = $1";
    TO_CONFIRM = "select r.membership_id from reconfirmations r join memberships m on m.id = r.membership_id
        where r.confirmed_at is null and m.ended_at is null and (cast($1 as BIGINT) = 0 or exists (select 1 from memberships t where t.person_id = $1
        and t.role = 'TCC' and t.org_id = m.org_id and t.ended_at is null)) order by r.asked_at, r.membership_id limit $2";
    CONFIRM = "update reconfirmations set confirmed_at = $2, confirmed_by = $3 where membership_id = $1 and confirmed_at is null";
}

fn read(row: &dyn Row) -> Result<Merger, StoreError> {
    let corrupt = |what: &str| StoreError::Corrupt(format!("a merger’s {what}"));
    let moved = row.opt_text(8)?.map(|json| serde_json::from_str(&json)).transpose();
    Ok(Merger {
        id: row.int(0)?,
        predecessors: BTreeSet::new(),
        successor: row.int(1)?,
        day: row.text(2)?.parse().map_err(|_| corrupt("day"))?,
        reason: row.text(3)?,
        planned_by: row.opt_int(4)?,
        planned_at: time(row, 5)?,
        taken_back_at: opt_time(row, 6)?,
        done_at: opt_time(row, 7)?,
        moved: moved.map_err(|_| corrupt("count of what moved"))?,
    })
}

fn with_predecessors(tx: &mut dyn Tx, merger: Merger) -> Result<Merger, StoreError> {
    let predecessors = tx.all(ORGS, values![merger.id], |row| row.int(0))?.into_iter().collect();
    Ok(Merger { predecessors, ..merger })
}

/// The merger with this id.
pub fn merger(tx: &mut dyn Tx, id: i64) -> Result<Option<Merger>, StoreError> {
    tx.maybe_one(BY_ID, values![id], read)?.map(|found| with_predecessors(tx, found)).transpose()
}

/// Every merger, the latest day first. There are never many.
pub fn mergers(tx: &mut dyn Tx) -> Result<Vec<Merger>, StoreError> {
    let found = tx.all(ALL, values![], read)?;
    found.into_iter().map(|merger| with_predecessors(tx, merger)).collect()
}

/// What the core has to know of an organisation that is to merge.
pub fn merger_party(tx: &mut dyn Tx, id: i64) -> Result<Option<Party>, StoreError> {
    let day = |row: &dyn Row| row.text(0)?.parse::<Date>().map_err(|_| StoreError::Corrupt("a merger’s day".into()));
    let ends_on = tx.all(ENDS, values![id], day)?.into_iter().min();
    let receives_on = tx.all(RECEIVES, values![id], day)?.into_iter().min();
    tx.maybe_one(PARTIES, values![id], |row| {
        Ok(Party { org: OrgId(row.int(0)?), name: row.text(1)?, kind: super::read_kind(row, 2)?, has_merged: row.opt_int(3)?.is_some(), ends_on, receives_on })
    })
}

/// Writes the plan down. Whether it may be is the core's to say.
pub fn plan_merger(tx: &mut dyn Tx, act: &Act, merger: &Merger) -> Result<(), StoreError> {
    let (day, at) = (merger.day.to_string(), act.at.as_microsecond());
    tx.exec(INSERT, values![merger.id, merger.successor, day, &merger.reason, act.by, at])?;
    for org in &merger.predecessors {
        tx.exec(INSERT_ORG, values![merger.id, *org])?;
    }
    record(tx, act, "MergerPlanned", merger, json!({}))
}

/// Takes a plan back before it is carried out. False if it was over already.
pub fn take_merger_back(tx: &mut dyn Tx, act: &Act, id: i64) -> Result<bool, StoreError> {
    let Some(known) = merger(tx, id)? else { return Ok(false) };
    if tx.exec(TAKE_BACK, values![id, act.at.as_microsecond()])? == 0 {
        return Ok(false);
    }
    record(tx, act, "MergerTakenBack", &known, json!({}))?;
    Ok(true)
}

fn record(tx: &mut dyn Tx, act: &Act, kind: &'static str, merger: &Merger, more: serde_json::Value) -> Result<(), StoreError> {
    let predecessors: Vec<String> = merger.predecessors.iter().map(i64::to_string).collect();
    let payload = json!({"predecessors": predecessors, "successor": merger.successor.to_string(), "day": merger.day.to_string(), "moved": more});
    record_directory_event(tx, act, kind, merger.id, &payload)
}

/// The changes that may have to move: of each, the core says whether it does.
pub fn changes_of_merger(tx: &mut dyn Tx, merger: &Merger, now: Timestamp) -> Result<BTreeSet<i64>, StoreError> {
    let since = now - LIVES_ON;
    let mut found = BTreeSet::new();
    for org in &merger.predecessors {
        found.extend(tx.all(CHANGES, values![*org, since.as_microsecond()], |row| row.int(0))?);
    }
    Ok(found)
}

/// What moves by today's rows, but for the changes.
pub fn count_merger(tx: &mut dyn Tx, merger: &Merger) -> Result<Moved, StoreError> {
    let (mut sum, mut people) = (Moved::default(), BTreeSet::new());
    for org in &merger.predecessors {
        tx.one(COUNT, values![*org], |row| {
            let counts = [&mut sum.sites, &mut sum.services, &mut sum.items, &mut sum.freezes, &mut sum.turns, &mut sum.seats, &mut sum.incidents];
            counts.into_iter().enumerate().try_for_each(|(at, count)| row.int(at).map(|found| *count += found))
        })?;
        sum.officers += tx.all(OFFICERS, values![*org], |row| row.opt_int(0))?.iter().filter(|ended| ended.is_none()).count() as i64;
        sum.requests += tx.all(REQUESTS, values![*org], |row| row.int(0))?.len() as i64;
        for person in tx.all(MEMBERS, values![*org], |row| row.int(1))? {
            sum.memberships += 1;
            people.insert(person);
        }
    }
    sum.people = people.len() as i64;
    Ok(sum)
}

/// Moves what the directory holds, and ends the predecessors. `mint` gives ids for memberships and events.
pub fn carry_out_merger(tx: &mut dyn Tx, act: &Act, merger: &Merger, changes: i64, mint: &mut dyn FnMut() -> i64) -> Result<Moved, StoreError> {
    let moved = Moved { changes, ..count_merger(tx, merger)? };
    part_site_codes(tx, merger)?;
    for org in &merger.predecessors {
        move_members(tx, act, merger, *org, mint)?;
        let (from, to) = (*org, merger.successor);
        let moves = [
            MOVE_SITES,
            MOVE_SERVICES,
            USE_SERVICES,
            MOVE_ITEMS,
            MOVE_WATCHES,
            MOVE_FREEZES,
            MOVE_WINDOWS,
            MOVE_ENTRIES,
            MOVE_INCIDENTS,
            MOVE_DEPLOYMENTS,
            MOVE_SERIES,
            MOVE_TURNS,
            MOVE_DELEGATIONS,
            MOVE_SEATS,
            MOVE_BOARDS,
            MOVE_RATES,
            MOVE_LIMITS,
            MOVE_TAX,
            MOVE_OFFICERS,
            MOVE_REQUESTS,
            MOVE_ASKED,
            MOVE_ACCOUNTS,
            MOVE_PROVIDED,
            WATCH_BY_MONITORS,
            MOVE_TOLD,
            END_ORG,
            END_EARLIER,
        ];
        for sql in moves {
            tx.exec(sql, values![from, to])?;
        }
        for sql in [LEAVE_SERVICES, LEAVE_LIMITS, LEAVE_TAX, LEAVE_MONITORS] {
            tx.exec(sql, values![from])?;
        }
        tx.exec(END_OFFICERS, values![from, act.at.as_microsecond()])?;
    }
    rescope_boards(tx, merger)?;
    tx.exec(BEGIN_ORG, values![merger.successor])?;
    let counted = serde_json::to_string(&moved).map_err(|fault| StoreError::Corrupt(fault.to_string()))?;
    tx.exec(DONE, values![merger.id, act.at.as_microsecond(), counted])?;
    record(tx, act, "OrganisationsMerged", merger, json!(moved))?;
    Ok(moved)
}

/// A site's code counts within its organisation. Two that would stand for different sites get their organisation's code
/// before them, both of them: a draft that names one must not mean the other.
fn part_site_codes(tx: &mut dyn Tx, merger: &Merger) -> Result<(), StoreError> {
    let mut sites = vec![];
    for org in merger.predecessors.iter().chain([&merger.successor]) {
        sites.extend(tx.all(SITES, values![*org], |row| Ok((row.int(0)?, row.int(1)?, row.text(2)?, row.text(3)?)))?);
    }
    let mut held: BTreeMap<String, usize> = BTreeMap::new();
    sites.iter().for_each(|(_, _, code, _)| *held.entry(code.clone()).or_default() += 1);
    for (id, org, code, name) in sites {
        if held.get(&code).is_none_or(|times| *times < 2) || org == merger.successor {
            continue;
        }
        let prefix = super::organisation(tx, org)?.map(|org| org.code).unwrap_or_default();
        let mut parted = format!("{prefix}-{code}");
        while held.contains_key(&parted) {
            parted.push('-');
        }
        tx.exec(SITE_CODE, values![id, &parted, found_by(&[&name, &parted])])?;
        held.insert(parted, 1);
    }
    Ok(())
}

/// The same people in the same roles; each is to be confirmed again (spec 13). Who held the role there already just
/// goes on holding it.
fn move_members(tx: &mut dyn Tx, act: &Act, merger: &Merger, org: i64, mint: &mut dyn FnMut() -> i64) -> Result<(), StoreError> {
    let at = act.at.as_microsecond();
    let held = tx.all(MEMBERS, values![org], |row| Ok((row.int(0)?, row.int(1)?, row.text(2)?, row.opt_int(3)?)))?;
    for (old, person_id, code, service_id) in held {
        let as_role = Role::from_code(&code).ok_or_else(|| StoreError::Corrupt(format!("{code} is no role")))?;
        tx.exec(END_MEMBER, values![old, at])?;
        let (id, is_new) = role::insert(tx, act, &NewMembership { id: mint(), person_id, org_id: merger.successor, role: as_role, service_id })?;
        if is_new {
            tx.exec(CONFIRM_LATER, values![id, merger.id, at])?;
            let payload = json!({"person": person_id.to_string(), "organisation": merger.successor.to_string(), "role": code,
                "service": service_id.map(|s| s.to_string()), "merger": merger.id.to_string(), "instead_of": old.to_string()});
            record_directory_event(tx, &Act { event_id: mint(), ..*act }, "RoleGranted", id, &payload)?;
        }
        tx.exec(SESSIONS, values![person_id, old, id])?;
    }
    Ok(())
}

/// A board that decides for one of them decides for the successor.
fn rescope_boards(tx: &mut dyn Tx, merger: &Merger) -> Result<(), StoreError> {
    let ends = |id: &str| id.parse().is_ok_and(|id: i64| merger.predecessors.contains(&id));
    for (board, orgs) in tx.all(SCOPED_BOARDS, values![], |row| Ok((row.int(0)?, row.text(1)?)))? {
        let mut scope: Vec<String> = vec![];
        for org in orgs.split(';').map(str::trim) {
            let org = if ends(org) { merger.successor.to_string() } else { org.to_owned() };
            if !scope.contains(&org) {
                scope.push(org);
            }
        }
        tx.exec(RESCOPE_BOARD, values![board, scope.join(";")])?;
    }
    Ok(())
}

/// Memberships that came with a merger and that nobody has confirmed yet: those that this coordinator answers for, or
/// all of them.
pub fn to_confirm(tx: &mut dyn Tx, viewer: super::Viewer, limit: i64) -> Result<Vec<i64>, StoreError> {
    tx.all(TO_CONFIRM, values![viewer.id(), limit], |row| row.int(0))
}

/// Somebody says that the person still works there. False where that was not asked, or has been said.
pub fn confirm_again(tx: &mut dyn Tx, act: &Act, membership_id: i64) -> Result<bool, StoreError> {
    if tx.exec(CONFIRM, values![membership_id, act.at.as_microsecond(), act.by])? == 0 {
        return Ok(false);
    }
    record_directory_event(tx, act, "MembershipConfirmed", membership_id, &json!({}))?;
    Ok(true)
}
