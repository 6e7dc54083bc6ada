//! Joining the Service Management group (spec 13, issue 2 point 4): ask with a work e-mail, confirm the address,
//! the organisation's coordinator confirms the person, the authority grants.
//!
//! Each step answers the same when it is taken twice, and is refused out of order. A matching domain only says
//! whose coordinator is asked; it gives nothing by itself (S49).

use super::access::{self, LinkPurpose, TokenHash};
use super::person::{self, Person, PersonState, is_email, normal_email};
use super::role::{self, NewMembership};
use crate::directory::{Act, Answer, Refused, Viewer, organisation_by_domain, record_directory_event, takes_new};
use crate::page::{opt_time, time};
use crate::sql::statements;
use crate::{Row, StoreError, Tx, values};
use jiff::Timestamp;
use serde_json::json;
use signalbox_core::actor::Role;

/// How far a registration has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistrationState {
    /// Asked for; the address is not proved.
    Asked,
    /// The address is proved: the coordinator's turn, or the authority's where there is none.
    AddressConfirmed,
    /// The coordinator said yes: the authority's turn.
    CoordinatorApproved,
    /// The person is a member.
    Granted,
    /// Somebody said no, and why.
    Declined,
}

impl RegistrationState {
    /// The word in the database.
    pub fn code(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::AddressConfirmed => "address_confirmed",
            Self::CoordinatorApproved => "coordinator_approved",
            Self::Granted => "granted",
            Self::Declined => "declined",
        }
    }

    fn read(row: &dyn Row, column: usize) -> Result<Self, StoreError> {
        match row.text(column)?.as_str() {
            "asked" => Ok(Self::Asked),
            "address_confirmed" => Ok(Self::AddressConfirmed),
            "coordinator_approved" => Ok(Self::CoordinatorApproved),
            "granted" => Ok(Self::Granted),
            "declined" => Ok(Self::Declined),
            other => Err(StoreError::Corrupt(format!("{other} is no state of a registration"))),
        }
    }
}

/// A request to join. Address, name and job are blanked once they stand in `people`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Id.
    pub id: i64,
    /// Work e-mail, lower case.
    pub email: String,
    /// Name.
    pub name: String,
    /// What they do.
    pub job: String,
    /// The organisation that the address belongs to, if just one does.
    pub org_id: Option<i64>,
    /// Why they ask.
    pub reason: String,
    /// How far it has come.
    pub state: RegistrationState,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// When the address was proved.
    pub confirmed_at: Option<Timestamp>,
    /// When the coordinator said yes.
    pub approved_at: Option<Timestamp>,
    /// Which coordinator.
    pub approved_by: Option<i64>,
    /// When it was granted or declined.
    pub decided_at: Option<Timestamp>,
    /// By whom.
    pub decided_by: Option<i64>,
    /// Why it was declined.
    pub decline_reason: String,
    /// Who it made.
    pub person_id: Option<i64>,
}

/// What somebody who asks to join says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRegistration {
    /// Id, for the case that it is new.
    pub id: i64,
    /// Work e-mail.
    pub email: String,
    /// Name.
    pub name: String,
    /// What they do.
    pub job: String,
    /// Why they ask.
    pub reason: String,
}

/// What the authority adds when it grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Id for the person, if the address belongs to nobody yet.
    pub person_id: i64,
    /// Id for the membership.
    pub membership_id: i64,
    /// The organisation, where the address did not tell it.
    pub org_id: Option<i64>,
}

statements! {
    BY_ID = "select id, email, name, job, org_id, reason, state, asked_at, confirmed_at, approved_at, approved_by, decided_at, decided_by,
        decline_reason, person_id from registrations where id = $1";
    OPEN = "select id, email, name, job, org_id, reason, state, asked_at, confirmed_at, approved_at, approved_by, decided_at, decided_by,
        decline_reason, person_id from registrations where email = $1 and state in ('asked', 'address_confirmed', 'coordinator_approved')";
    /// A coordinator sees what waits for them; 0 is the authority, which sees all that waits.
    WAITING = "select id, email, name, job, org_id, reason, state, asked_at, confirmed_at, approved_at, approved_by, decided_at, decided_by,
        decline_reason, person_id from registrations where state in ('address_confirmed', 'coordinator_approved')
        and (cast($1 as BIGINT) = 0 or (state = 'address_confirmed' and exists (select 1 from memberships m where m.person_id = $1
          and m.role = 'TCC' and m.org_id = registrations.org_id and m.ended_at is null)))
        order by asked_at, id limit $2";
    INSERT = "insert into registrations (id, email, name, job, org_id, reason, state, asked_at, decline_reason)
        values ($1, $2, $3, $4, $5, $6, 'asked', $7, '')";
    CONFIRM_LINK = "select registration_id, expires_at from one_time_links where token_hash = $1 and purpose = 'confirm_email'";
    CONFIRM = "update registrations set state = 'address_confirmed', confirmed_at = $2 where id = $1 and state = 'asked'";
    APPROVE = "update registrations set state = 'coordinator_approved', approved_at = $2, approved_by = $3 where id = $1 and state = 'address_confirmed'";
    DECLINE = "update registrations set state = 'declined', decided_at = $2, decided_by = $3, decline_reason = $4
        where id = $1 and state in ('address_confirmed', 'coordinator_approved')";
    GRANT = "update registrations set state = 'granted', decided_at = $2, decided_by = $3, person_id = $4, org_id = $5,
        email = '', name = '', job = '' where id = $1 and state in ('address_confirmed', 'coordinator_approved')";
    BLANK = "update registrations set email = '', name = '', job = '', reason = '', decline_reason = '' where person_id = $1";
    DROP_BY_EMAIL = "delete from registrations where email = $1 and state <> 'granted'";
    SWEEP_ASKED = "delete from registrations where state = 'asked' and asked_at < $1";
    SWEEP_DECLINED = "delete from registrations where state = 'declined' and decided_at < $1";
}

fn read(row: &dyn Row) -> Result<Registration, StoreError> {
    Ok(Registration {
        id: row.int(0)?,
        email: row.text(1)?,
        name: row.text(2)?,
        job: row.text(3)?,
        org_id: row.opt_int(4)?,
        reason: row.text(5)?,
        state: RegistrationState::read(row, 6)?,
        asked_at: time(row, 7)?,
        confirmed_at: opt_time(row, 8)?,
        approved_at: opt_time(row, 9)?,
        approved_by: row.opt_int(10)?,
        decided_at: opt_time(row, 11)?,
        decided_by: row.opt_int(12)?,
        decline_reason: row.text(13)?,
        person_id: row.opt_int(14)?,
    })
}

/// The registration with this id.
pub fn registration(tx: &mut dyn Tx, id: i64) -> Result<Option<Registration>, StoreError> {
    tx.maybe_one(BY_ID, values![id], read)
}

/// What waits for a decision, oldest first: a coordinator's own organisations', or all for the authority.
pub fn registrations_waiting(tx: &mut dyn Tx, viewer: Viewer, limit: u16) -> Result<Vec<Registration>, StoreError> {
    tx.all(WAITING, values![viewer.id(), i64::from(limit)], read)
}

/// Asks to join. Whoever asks again with the same address gets the request that is open, as it was: a
/// stranger can't rewrite it. The caller mails a link made with [`super::add_link`], and says the same
/// thing to everybody (S57).
pub fn ask_to_join(tx: &mut dyn Tx, new: &NewRegistration, at: Timestamp) -> Answer<Registration> {
    let email = normal_email(&new.email);
    if !is_email(&email) {
        return Ok(Err(Refused::Invalid("email")));
    }
    if new.name.trim().is_empty() {
        return Ok(Err(Refused::Invalid("name")));
    }
    if let Some(open) = tx.maybe_one(OPEN, values![&email], read)? {
        return Ok(Ok(open));
    }
    let domain = email.rsplit('@').next().unwrap_or_default();
    let org_id = organisation_by_domain(tx, domain)?.map(|o| o.id);
    let (name, job, reason) = (new.name.trim(), new.job.trim(), new.reason.trim());
    tx.exec(INSERT, values![new.id, &email, name, job, org_id, reason, at.as_microsecond()])?;
    Ok(Ok(tx.one(BY_ID, values![new.id], read)?))
}

/// Proves the address by its link. A second click answers as the first did; it does nothing more.
pub fn confirm_address(tx: &mut dyn Tx, token_hash: &TokenHash, at: Timestamp) -> Answer<Registration> {
    let known = tx.maybe_one(CONFIRM_LINK, values![&token_hash[..]], |row| Ok((row.opt_int(0)?, time(row, 1)?)))?;
    let Some((Some(id), expires_at)) = known else {
        return Ok(Err(Refused::DeadLink));
    };
    let Some(found) = registration(tx, id)? else {
        return Ok(Err(Refused::DeadLink));
    };
    if expires_at <= at {
        return Ok(Err(Refused::DeadLink));
    }
    if found.state != RegistrationState::Asked {
        return Ok(Ok(found));
    }
    if let Err(refused) = access::use_link(tx, token_hash, LinkPurpose::ConfirmEmail, at)? {
        return Ok(Err(refused));
    }
    tx.exec(CONFIRM, values![id, at.as_microsecond()])?;
    Ok(Ok(tx.one(BY_ID, values![id], read)?))
}

/// The coordinator of the organisation confirms that the person works there.
pub fn approve_registration(tx: &mut dyn Tx, act: &Act, id: i64) -> Answer<Registration> {
    let Some(found) = registration(tx, id)? else {
        return Ok(Err(Refused::Unknown("registration")));
    };
    if !is_coordinator(tx, act, &found)? || is_applicant(tx, act, &found)? {
        return Ok(Err(Refused::NotYours));
    }
    match found.state {
        RegistrationState::AddressConfirmed => {}
        RegistrationState::CoordinatorApproved | RegistrationState::Granted => {
            return Ok(Ok(found));
        }
        RegistrationState::Asked | RegistrationState::Declined => {
            return Ok(Err(Refused::WrongOrder));
        }
    }
    tx.exec(APPROVE, values![id, act.at.as_microsecond(), act.by])?;
    record_directory_event(tx, act, "RegistrationApproved", id, &json!({}))?;
    Ok(Ok(tx.one(BY_ID, values![id], read)?))
}

/// Says no, with the reason: the coordinator while it is their turn, the authority at any time before the end.
pub fn decline_registration(tx: &mut dyn Tx, act: &Act, id: i64, reason: &str) -> Answer<Registration> {
    let Some(found) = registration(tx, id)? else {
        return Ok(Err(Refused::Unknown("registration")));
    };
    let is_authority = is_authority(tx, act)?;
    if !is_authority && !is_coordinator(tx, act, &found)? {
        return Ok(Err(Refused::NotYours));
    }
    if reason.trim().is_empty() {
        return Ok(Err(Refused::Invalid("reason")));
    }
    match found.state {
        RegistrationState::AddressConfirmed => {}
        RegistrationState::CoordinatorApproved if is_authority => {}
        RegistrationState::Declined => return Ok(Ok(found)),
        _ => return Ok(Err(Refused::WrongOrder)),
    }
    tx.exec(DECLINE, values![id, act.at.as_microsecond(), act.by, reason.trim()])?;
    record_directory_event(tx, act, "RegistrationDeclined", id, &json!({}))?;
    Ok(Ok(tx.one(BY_ID, values![id], read)?))
}

/// The authority grants: the person comes to be, or is found by the address, and gets the group's membership.
/// Where the address belongs to no organisation, or to one without a coordinator, the authority
/// decides alone; everywhere else the coordinator comes first, and is somebody else.
pub fn grant_registration(tx: &mut dyn Tx, act: &Act, id: i64, grant: &Grant) -> Answer<Registration> {
    let Some(found) = registration(tx, id)? else {
        return Ok(Err(Refused::Unknown("registration")));
    };
    if !is_authority(tx, act)? {
        return Ok(Err(Refused::NotYours));
    }
    match found.state {
        RegistrationState::CoordinatorApproved => {}
        RegistrationState::AddressConfirmed if !has_coordinator(tx, &found)? => {}
        RegistrationState::Granted => return Ok(Ok(found)),
        _ => return Ok(Err(Refused::WrongOrder)),
    }
    if is_applicant(tx, act, &found)? {
        return Ok(Err(Refused::SelfGrant));
    }
    if found.approved_by.is_some() && found.approved_by == act.by {
        return Ok(Err(Refused::NotYours));
    }
    let Some(org_id) = found.org_id.or(grant.org_id) else {
        return Ok(Err(Refused::Invalid("organisation")));
    };
    if !takes_new(tx, org_id)? {
        return Ok(Err(Refused::Unknown("organisation")));
    }
    let existing = person::person_by_email(tx, &found.email)?;
    if existing.as_ref().is_some_and(|p| p.state == PersonState::Disabled) {
        // Whoever was shut out comes back by an administrator's hand only.
        return Ok(Err(Refused::Invalid("email")));
    }
    let person_id = match existing {
        Some(known) => {
            person::activate(tx, known.id)?;
            known.id
        }
        None => {
            let mut new = Person::new(grant.person_id, &found.email, &found.name);
            new.job = found.job.clone();
            person::insert(tx, &new, act.at)?;
            new.id
        }
    };
    let membership = NewMembership { id: grant.membership_id, person_id, org_id, role: Role::GroupMember, service_id: None };
    let (membership_id, _) = role::insert(tx, act, &membership)?;
    tx.exec(GRANT, values![id, act.at.as_microsecond(), act.by, person_id, org_id])?;
    let payload = json!({"person": person_id.to_string(), "organisation": org_id.to_string(),
        "membership": membership_id.to_string(), "role": Role::GroupMember.code()});
    record_directory_event(tx, act, "RegistrationGranted", id, &payload)?;
    Ok(Ok(tx.one(BY_ID, values![id], read)?))
}

fn is_authority(tx: &mut dyn Tx, act: &Act) -> Result<bool, StoreError> {
    match act.by {
        Some(by) => role::holds(tx, by, Role::AuthorityManager, None),
        None => Ok(false),
    }
}

fn is_coordinator(tx: &mut dyn Tx, act: &Act, found: &Registration) -> Result<bool, StoreError> {
    match (act.by, found.org_id) {
        (Some(by), Some(org)) => role::holds(tx, by, Role::Coordinator, Some(org)),
        _ => Ok(false),
    }
}

fn has_coordinator(tx: &mut dyn Tx, found: &Registration) -> Result<bool, StoreError> {
    match found.org_id {
        Some(org) => Ok(!role::eligible_holders(tx, Role::Coordinator, Some(org), None)?.is_empty()),
        None => Ok(false),
    }
}

/// Nobody decides on their own request.
fn is_applicant(tx: &mut dyn Tx, act: &Act, found: &Registration) -> Result<bool, StoreError> {
    let applicant = person::person_by_email(tx, &found.email)?.map(|p| p.id).or(found.person_id);
    Ok(act.by.is_some() && act.by == applicant)
}

/// Blanks what a person said when they asked, for their erasure.
pub(super) fn blank(tx: &mut dyn Tx, person_id: i64, email: &str) -> Result<(), StoreError> {
    tx.exec(BLANK, values![person_id])?;
    tx.exec(DROP_BY_EMAIL, values![email])?;
    Ok(())
}

/// Forgets requests that were never confirmed, or were declined, before this time: personal data that no
/// longer serves anything.
pub fn sweep_registrations(tx: &mut dyn Tx, before: Timestamp) -> Result<u64, StoreError> {
    let before = before.as_microsecond();
    Ok(tx.exec(SWEEP_ASKED, values![before])? + tx.exec(SWEEP_DECLINED, values![before])?)
}
