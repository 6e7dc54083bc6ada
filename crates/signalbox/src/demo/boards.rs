//! The demonstration's board and its meeting of this week, who is on call, and one person who stands in for another.

use jiff::civil::Weekday;
use jiff::{SignedDuration, Timestamp};
use signalbox_core::act::Act;
use signalbox_core::actor::Role;
use signalbox_core::board::Seat;
use signalbox_core::calendar::london;
use signalbox_core::form::Raw;
use signalbox_store::boards::{self, BoardRow, BoardScope, SeatRow};
use signalbox_store::rota::{self, Delegation, Turn};
use signalbox_store::{StoreError, Tx, accounts, directory};

use super::Unmade;
use super::cast::{KITS, ORGS};
use crate::app::App;
use crate::run::Expect;

/// Who sits on it, for which organisation, and whether they come.
#[rustfmt::skip]
const SEATS: &[(&str, &str, Seat, Option<bool>)] = &[
    ("margaret.osei@authority.example",  "AUTHORITY", Seat::Chair,    Some(true)),
    ("paul.keane@authority.example",     "AUTHORITY", Seat::Safety,   Some(true)),
    ("priya.nair@halden.example",        "HALDEN",    Seat::Member,   Some(true)),
    ("sam.okoro@northbrook.example",     "NB",        Seat::Member,   Some(true)),
    ("joy.adeyemi@riverside.example",    "RI",        Seat::Member,   Some(false)),
    ("maya.lindqvist@stcrispins.example", "SC",       Seat::Member,   None),
    ("owen.pritchard@eastmarsh.example", "EM",        Seat::Member,   Some(true)),
    ("rob.tate@meridian.example",        "MERIDIAN",  Seat::Member,   None),
    ("fay.linden@authority.example",     "AUTHORITY", Seat::Observer, None),
];

/// Turns of every week: whose, in which organisation, as what, in which place, on which days, from and until.
#[rustfmt::skip]
const TURNS: &[(&str, &str, Role, i64, &str, i64, i64)] = &[
    ("priya.nair@halden.example",       "HALDEN",    Role::OnCall,       1, "12345",   8 * 60,  20 * 60),
    ("greg.fenn@halden.example",        "HALDEN",    Role::OnCall,       1, "1234567", 20 * 60, 8 * 60),
    ("greg.fenn@halden.example",        "HALDEN",    Role::OnCall,       2, "12345",   8 * 60,  20 * 60),
    ("priya.nair@halden.example",       "HALDEN",    Role::OnCall,       1, "67",      8 * 60,  20 * 60),
    ("helen.sato@halden.example",       "HALDEN",    Role::OnCallSafety, 1, "1234567", 0,       0),
    ("margaret.osei@authority.example", "AUTHORITY", Role::OnCall,       1, "1234567", 0,       0),
    ("paul.keane@authority.example",    "AUTHORITY", Role::OnCallSafety, 1, "1234567", 0,       0),
    ("sam.okoro@northbrook.example",    "NB",        Role::OnCall,       1, "12345",   0,       0),
    ("rob.tate@meridian.example",       "MERIDIAN",  Role::OnCall,       1, "1234567", 0,       0),
];

/// What members said beforehand.
const VOTES: &[(&str, &str, &str)] = &[
    ("priya.nair@halden.example", "for", "The people are booked, and the way back was tried in October."),
    ("joy.adeyemi@riverside.example", "for", "I cannot come. Riverside is content with the night."),
    ("owen.pritchard@eastmarsh.example", "abstain", ""),
];

/// Sets all of it up as it stands at `now`.
pub(super) fn convene(app: &App, now: Timestamp) -> Result<(), Unmade> {
    let (ids, at) = (app.ids.clone(), now);
    let meeting = app.write::<_, StoreError>(move |tx| {
        let mut mint = || ids.mint(at);
        rota_of(tx, &mut mint, at)?;
        stand_in(tx, &mut mint, at)?;
        board(tx, &mut mint, at)
    })?;
    let Some(meeting) = meeting else { return Ok(()) };
    vote(app, meeting, now)
}

fn act(mint: &mut dyn FnMut() -> i64, at: Timestamp) -> directory::Act {
    directory::Act { event_id: mint(), by: None, at }
}

fn sure<T>(answer: directory::Answer<T>) -> Result<T, StoreError> {
    answer?.map_err(|refused| StoreError::Constraint(format!("the demonstration: {refused:?}")))
}

fn person(tx: &mut dyn Tx, email: &str) -> Result<i64, StoreError> {
    Ok(accounts::person_by_email(tx, email)?.ok_or(StoreError::Missing)?.id)
}

fn org(tx: &mut dyn Tx, code: &str) -> Result<i64, StoreError> {
    Ok(directory::organisation_by_code(tx, code)?.ok_or(StoreError::Missing)?.id)
}

fn rota_of(tx: &mut dyn Tx, mint: &mut dyn FnMut() -> i64, at: Timestamp) -> Result<(), StoreError> {
    for (email, code, role, rank, days, from, until) in TURNS {
        let turn = Turn {
            id: mint(),
            org_id: org(tx, code)?,
            role: *role,
            person_id: person(tx, email)?,
            rank: *rank,
            weekdays: Some((*days).to_owned()),
            from_minute: *from,
            until_minute: *until,
            starts_at: at - SignedDuration::from_hours(24 * 30),
            ends_at: None,
        };
        sure(rota::add_turn(tx, &act(mint, at), &turn))?;
    }
    Ok(())
}

/// Greg is away this week, and Nadia stands in for him.
fn stand_in(tx: &mut dyn Tx, mint: &mut dyn FnMut() -> i64, at: Timestamp) -> Result<(), StoreError> {
    let (delegator, delegate, org_id) = (person(tx, "greg.fenn@halden.example")?, person(tx, "nadia.rahman@halden.example")?, org(tx, "HALDEN")?);
    let (starts_at, ends_at) = (super::local(at, 3, 8, 0), super::local(at, 8, 18, 0));
    let row = Delegation { id: mint(), delegator, delegate, org_id, role: Role::SupplierManager, service_id: None, starts_at, ends_at };
    sure(rota::delegate(tx, &act(mint, at), &row)).map(drop)
}

fn board(tx: &mut dyn Tx, mint: &mut dyn FnMut() -> i64, at: Timestamp) -> Result<Option<i64>, StoreError> {
    let mut services = vec![];
    for trust in &ORGS[..4] {
        for kit in KITS.iter().filter(|kit| ["PACS", "LABS", "MAT"].contains(&kit.code)) {
            services.extend(directory::service_by_code(tx, &format!("{}-{}", trust.code, kit.code))?.map(|service| service.id));
        }
    }
    // The next working day but Monday's weekend: a meeting this week.
    let today = london().to_datetime(at).date();
    let mut day = today.tomorrow().unwrap_or(today);
    while matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
        day = day.tomorrow().unwrap_or(day);
    }
    let row = BoardRow {
        id: mint(),
        org_id: org(tx, "AUTHORITY")?,
        name: "Change advisory board, clinical systems".into(),
        kind: "cab".into(),
        scope: BoardScope { kinds: vec![], categories: vec![], services, orgs: vec![] },
        weekday: Some(i64::from(day.weekday().to_monday_one_offset())),
        at_minute: 600,
        minutes: 60,
        cutoff_days: 2,
        cutoff_minute: 720,
        place: "Room 4, and by call: 020 7946 0140".into(),
    };
    sure(boards::save_board(tx, &act(mint, at), &row))?;
    for (email, code, seat, _) in SEATS {
        let org_id = org(tx, code)?;
        let org_kind = directory::organisation(tx, org_id)?.ok_or(StoreError::Missing)?.kind;
        let seat = SeatRow { id: mint(), board_id: row.id, person_id: person(tx, email)?, org_id, org_kind, seat: *seat };
        sure(boards::add_seat(tx, &act(mint, at), &seat))?;
    }
    boards::plan_ahead(tx, at, 8, &mut *mint)?;
    let Some(meeting) = boards::meetings_after(tx, row.id, at, 1)?.pop() else { return Ok(None) };
    // What came after the papers closed is for the week after; here the papers are of this morning.
    let open = boards::MeetingRow { cutoff_at: at, ..meeting.clone() };
    boards::fill(tx, &row, &open)?;
    sure(boards::step_meeting(tx, &act(mint, at), meeting.id, boards::Step::Lock))?;
    for (email, _, _, comes) in SEATS {
        let person = person(tx, email)?;
        boards::note_invited(tx, meeting.id, person, at)?;
        if let Some(comes) = comes {
            boards::reply(tx, &act(mint, at), meeting.id, person, *comes)?;
        }
    }
    Ok(Some(meeting.id))
}

/// Votes on what is to be discussed. Whoever raised it, or is not of it, has none.
fn vote(app: &App, meeting: i64, now: Timestamp) -> Result<(), Unmade> {
    let items = app.read::<_, StoreError>(|tx| boards::agenda(tx, meeting))?;
    for item in items.iter().filter(|item| !item.is_consent).take(3) {
        for (email, choice, words) in VOTES {
            let found = app.read::<_, StoreError>(|tx| {
                let id = person(tx, email)?;
                rota::actor_at(tx, id, now)
            })?;
            let Some(voter) = found.map(|row| row.to_core()) else { continue };
            let one = |name: &str, value: &str| (name.to_owned(), vec![value.to_owned()]);
            let raw: Raw = [one("vote", choice)].into_iter().chain((!words.is_empty()).then(|| one("words", words))).collect();
            // A refusal is the rules' to give: not theirs to see, or their own work.
            let _ = app.take(&voter, item.change_id, Act::Vote, raw, Expect::default());
        }
    }
    Ok(())
}
