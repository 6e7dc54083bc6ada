//! Letters about registrations of safety officers: before they end, on the day, and when somebody tried to sign on one
//! that had.

use signalbox_core::actor::Role;
use signalbox_core::calendar::{self, local};
use signalbox_store::directory::{self, Clinician};
use signalbox_store::{StoreError, Tx, accounts as store, project};
use std::collections::BTreeSet;

use super::{Mail, letter};
use crate::app::App;
use crate::web::problem::Failure;

/// Who hears of it: the officer, the deputy, the coordinators or managers of the organisation, and the authority's officers.
fn readers(tx: &mut dyn Tx, row: &Clinician) -> Result<Vec<store::Person>, StoreError> {
    let mut ids: BTreeSet<i64> = [Some(row.person_id), row.deputy_id].into_iter().flatten().collect();
    for role in [Role::Coordinator, Role::SupplierManager] {
        ids.extend(store::eligible_holders(tx, role, Some(row.org_id), None)?);
    }
    ids.extend(store::eligible_holders(tx, Role::AuthoritySafety, None, None)?);
    let mut people = vec![];
    for id in ids {
        people.extend(store::person(tx, id)?.filter(|person| !person.email.is_empty()));
    }
    Ok(people)
}

pub(super) fn registration_ends(app: &App, id: i64, expires_on: &str, days: i64) -> Result<Vec<Mail>, Failure> {
    let found = app.read::<_, Failure>(|tx| {
        let row = directory::clinician(tx, id)?.filter(|row| row.ended_at.is_none() && row.expires_on.to_string() == expires_on);
        let Some(row) = row else { return Ok(None) };
        let officer = store::person(tx, row.person_id)?.map(|person| person.name).unwrap_or_default();
        let deputy = row.deputy_id.map(|id| store::person(tx, id)).transpose()?.flatten().map(|person| person.name);
        Ok(Some((readers(tx, &row)?, officer, deputy, row)))
    })?;
    let Some((readers, officer, deputy, row)) = found else { return Ok(vec![]) };
    let ends = local::date_words(row.expires_on);
    let (subject, first) = if days > 0 {
        (
            format!("A safety officer’s registration ends in {days} days"),
            format!("the registration of {officer} on record ends on {ends}. Until a new one is recorded, {officer} signs nothing after that day."),
        )
    } else {
        (
            "A safety officer’s registration has ended".to_owned(),
            format!("the registration of {officer} on record ended on {ends}. {officer} signs nothing until a new one is recorded."),
        )
    };
    let deputy = match deputy {
        Some(deputy) => format!("{deputy} is named as deputy and has the duties meanwhile."),
        None => "No deputy is named. Any other safety officer of the organisation may take the duties.".to_owned(),
    };
    let link = app.config.base.link("/clinical");
    let text =
        |name: &str| format!("Hello {name},\n\n{first}\n\n{deputy} An administrator records the new registration under Set-up, Safety officers.\n\n{link}\n");
    Ok(readers.iter().map(|person| letter(app, &person.email, &subject, &text(&person.name))).collect())
}

pub(super) fn signature_refused(app: &App, person: i64, change: i64) -> Result<Vec<Mail>, Failure> {
    let found = app.read::<_, Failure>(|tx| {
        let Some(loaded) = project::load(tx, change)? else { return Ok(None) };
        let officer = store::person(tx, person)?.map(|person| person.name).unwrap_or_default();
        let mut told: Vec<store::Person> = vec![];
        for row in directory::clinicians_of(tx, person)? {
            for reader in readers(tx, &row)? {
                if !told.iter().any(|known| known.id == reader.id) {
                    told.push(reader);
                }
            }
        }
        if told.is_empty() {
            for id in store::eligible_holders(tx, Role::AuthoritySafety, None, None)? {
                told.extend(store::person(tx, id)?.filter(|person| !person.email.is_empty()));
            }
        }
        Ok(Some((told, officer, loaded.change.reference)))
    })?;
    let Some((told, officer, reference)) = found else { return Ok(vec![]) };
    let link = app.config.base.link(&format!("/changes/{reference}"));
    let when = local::moment_words(app.clock.now(), &calendar::london());
    let text = |name: &str| {
        format!(
            "Hello {name},\n\n{officer} tried to sign a clinical decision on {reference} on {when}. The registration on record is not in force, so nothing was signed. \
             What was typed is kept.\n\nAnother safety officer of the same side can decide:\n\n{link}\n"
        )
    };
    Ok(told.iter().map(|person| letter(app, &person.email, "A clinical signature was refused", &text(&person.name))).collect())
}
