//! Safety officers: under which registration each signs, checked when, in force until when, appointed by whom (spec 8.2).
//! An administrator keeps them; a coordinator those of their own organisation.

use jiff::civil::Date;
use signalbox_core::actor::Role;
use signalbox_core::calendar::{self, local};
use signalbox_store::accounts;
use signalbox_store::directory::{self, BODIES, Clinician};
use signalbox_store::page::{Cursor, Page};

use super::{Register, organisation_choices, some};
use crate::accounts::letters::Letter;
use crate::app::App;
use crate::web::form::Form;
use crate::web::handlers::clinical::WARNED_DAYS;
use crate::web::parts::{Cell, Row, Table};
use crate::web::problem::{Failure, Fault};
use crate::web::ui::{Choice, Field};
use crate::web::visitor::Visitor;

/// `/setup/safety-officers`.
pub struct SafetyOfficers;

fn may_keep(visitor: &Visitor, org: i64) -> bool {
    visitor.holds(Role::Administrator) || visitor.orgs_with(Role::Coordinator).iter().any(|own| own.0 == org)
}

impl Register for SafetyOfficers {
    const PATH: &'static str = "/setup/safety-officers";
    const MANY: &'static str = "Safety officers";
    const ONE: &'static str = "registration";
    const WHY: &'static str = "Whose registration is in force, and so who may sign for patients";

    fn admit(visitor: &Visitor) -> Result<(), Failure> {
        if visitor.holds(Role::Administrator) || visitor.holds(Role::Coordinator) {
            return Ok(());
        }
        Err(Failure::denied("spec 8.2", "Only an administrator, or a coordinator for their own organisation, keeps the registrations of safety officers."))
    }

    fn list(app: &App, visitor: &Visitor, page: &Page) -> Result<(Table, Option<Cursor>), Failure> {
        let org = if visitor.holds(Role::Administrator) { None } else { visitor.orgs_with(Role::Coordinator).first().map(|org| org.0) };
        let today = calendar::london().to_datetime(app.clock.now()).date();
        let (rows, next) = app.read::<_, Failure>(|tx| {
            let found = directory::clinicians(tx, org, page)?;
            let mut rows = vec![];
            for row in found.items {
                let name = accounts::person(tx, row.person_id)?.map(|person| person.name).unwrap_or_default();
                let org = directory::organisation(tx, row.org_id)?.map(|org| org.name).unwrap_or_default();
                rows.push((row, name, org));
            }
            Ok((rows, found.next))
        })?;
        let drawn = rows.iter().map(|(row, name, org)| {
            let state = match row.ended_at {
                Some(_) => Cell::tag("Ended", "grey"),
                None if row.expires_on < today => Cell::tag("Lapsed: signs nothing", "red"),
                None => Cell::tag("In force", "green"),
            };
            let link = Cell::link(name, &format!("{}/{}", Self::PATH, row.id)).small(org);
            Row::new(link, vec![Cell::text(&format!("{} {}", row.body, row.number)), state.and(&format!("until {}", local::date_words(row.expires_on)))])
        });
        Ok((Table::new(Self::MANY, &["Officer", "Registration", "State"], drawn.collect()), next))
    }

    fn fields(app: &App, visitor: &Visitor, _: bool) -> Result<Vec<Field>, Failure> {
        let mut orgs = organisation_choices(app)?;
        orgs.retain(|choice| choice.value.is_empty() || choice.value.parse().is_ok_and(|org| may_keep(visitor, org)));
        let bodies = std::iter::once(Choice::new("", "Choose")).chain(BODIES.iter().map(|body| Choice::new(body, body))).collect();
        Ok(vec![
            Field::input("email", "person", "The officer’s work e-mail", "").hint("They have the role of a safety officer already."),
            Field::select("organisation", "Who appointed them", orgs),
            Field::select("body", "Professional body", bodies),
            Field::text("number", "Registration number", "").width("w10"),
            Field::input("date", "checked_on", "When did you check it with the body?", "").width("w10"),
            Field::input("date", "expires_on", "Until when is it in force?", "").width("w10"),
            Field::input("date", "trained_on", "When were they last trained in clinical risk?", "").width("w10").optional(),
            Field::text("letter", "Where is the letter of appointment?", "").hint("Such as a file number."),
            Field::input("email", "deputy", "The work e-mail of their deputy", "").hint("Has the duties while this registration is not in force.").optional(),
            Field::checks("ended", "End", vec![Choice::new("yes", "It does not count any more")]).optional(),
        ])
    }

    fn load(app: &App, visitor: &Visitor, id: i64) -> Result<(String, Form), Failure> {
        let found = app.read::<_, Failure>(|tx| {
            let Some(row) = directory::clinician(tx, id)? else { return Ok(None) };
            let person = accounts::person(tx, row.person_id)?;
            let deputy = row.deputy_id.map(|id| accounts::person(tx, id)).transpose()?.flatten();
            Ok(person.map(|person| (row, person, deputy)))
        })?;
        let (row, person, deputy) = found.filter(|(row, ..)| may_keep(visitor, row.org_id)).ok_or(Failure::NotFound)?;
        let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
        let mut fields = vec![
            ("person", person.email),
            ("organisation", row.org_id.to_string()),
            ("body", row.body),
            ("number", row.number),
            ("checked_on", row.checked_on.to_string()),
            ("expires_on", row.expires_on.to_string()),
            ("trained_on", day(row.trained_on)),
            ("letter", row.letter),
            ("deputy", deputy.map(|deputy| deputy.email).unwrap_or_default()),
        ];
        fields.extend(row.ended_at.map(|_| ("ended", "yes".to_owned())));
        Ok((person.name, Form::of(fields)))
    }

    fn save(app: &App, visitor: &Visitor, id: Option<i64>, form: &Form) -> Result<(), Failure> {
        let (now, ids) = (app.clock.now(), app.ids.clone());
        let org_id = super::super::id(form.text("organisation"))?;
        if !may_keep(visitor, org_id) {
            return Err(Failure::denied("spec 8.2", "A coordinator keeps the registrations of their own organisation only."));
        }
        let mut faults = vec![];
        let mut day = |field: &str| {
            let read = form.text(field).parse::<Date>().ok();
            if read.is_none() && !form.text(field).is_empty() {
                faults.push(Fault::of(field, "not-a-date", "Enter a day that exists, such as 2027-03-31."));
            }
            read
        };
        let (checked_on, expires_on, trained_on) = (day("checked_on"), day("expires_on"), day("trained_on"));
        let (person, deputy, before) = app.read::<_, Failure>(|tx| {
            let deputy = some(form.text("deputy")).map(|email| accounts::person_by_email(tx, &email)).transpose()?;
            let before = id.map(|id| directory::clinician(tx, id)).transpose()?.flatten();
            Ok((accounts::person_by_email(tx, form.text("person"))?, deputy, before))
        })?;
        if person.is_none() {
            faults.push(Fault::of("person", "unknown-value", "Nobody has this e-mail address here."));
        }
        if matches!(deputy, Some(None)) {
            faults.push(Fault::of("deputy", "unknown-value", "Nobody has this e-mail address here."));
        }
        let (Some(person), Some(checked_on), Some(expires_on), true) = (person, checked_on, expires_on, faults.is_empty()) else {
            return Err(Failure::Invalid(faults));
        };
        let row = Clinician {
            id: id.unwrap_or_else(|| ids.mint(now)),
            person_id: person.id,
            org_id,
            body: form.text("body").into(),
            number: form.text("number").into(),
            checked_on,
            expires_on,
            trained_on,
            letter: form.text("letter").into(),
            deputy_id: deputy.flatten().map(|deputy| deputy.id),
            ended_at: form.has("ended").then(|| before.and_then(|before| before.ended_at).unwrap_or(now)),
        };
        let act = app.act(Some(visitor.person()?), now);
        app.attempt(move |tx| {
            let saved = directory::save_clinician(tx, &act, &row)?;
            if saved.is_ok() && row.ended_at.is_none() {
                warn(tx, &ids, now, &row)?;
            }
            Ok(saved)
        })
        .map(|_| ())
    }
}

/// Letters 60, 30 and 7 days before the end, and the morning after it (X8).
fn warn(tx: &mut dyn signalbox_store::Tx, ids: &crate::clock::IdSource, now: jiff::Timestamp, row: &Clinician) -> Result<(), signalbox_store::StoreError> {
    for days in WARNED_DAYS.into_iter().chain([-1]) {
        let due_at = morning(row.expires_on, -days);
        if due_at > now {
            Letter::RegistrationEnds { clinician: row.id, expires_on: row.expires_on.to_string(), days: days.max(0) }.ask_for(tx, ids, now, due_at)?;
        }
    }
    Ok(())
}

/// Eight in the morning, so many days from a day.
fn morning(day: Date, days: i64) -> jiff::Timestamp {
    let wall = day.saturating_add(jiff::SignedDuration::from_hours(24 * days)).at(8, 0, 0, 0);
    calendar::london().to_ambiguous_zoned(wall).compatible().map_or(jiff::Timestamp::MAX, |zoned| zoned.timestamp())
}
