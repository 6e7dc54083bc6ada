//! People with their organisation and roles; a service's assessor is written `SASS@CODE` (settled 12).

use jiff::Timestamp;
use signalbox_core::actor::Role;
use signalbox_store::accounts::{self, NewMembership, Person};
use signalbox_store::directory::{self, Upserted};
use signalbox_store::{StoreError, Tx};

use super::{Bad, Cells, Manner, act, answered, good, on_difference};

pub(super) fn person(tx: &mut dyn Tx, row: &Cells, mint: &mut dyn FnMut() -> i64, now: Timestamp, manner: Manner) -> Result<Result<Upserted, Bad>, StoreError> {
    let email = accounts::normal_email(good!(row.needed("email")));
    if !accounts::is_email(&email) {
        return Ok(Err(row.bad("email", "is not an e-mail address")));
    }
    let name = good!(row.needed("name"));
    let code = good!(row.needed("organisation"));
    let org = directory::organisation_by_code(tx, code)?;
    let org = good!(org.ok_or_else(|| row.bad("organisation", format!("no organisation has the code {code}"))));
    let mut roles = vec![];
    for entry in row.list("roles") {
        let (role, service) = entry.split_once('@').map_or((entry, None), |(role, service)| (role, Some(service)));
        let role = good!(Role::from_code(&role.to_ascii_uppercase()).ok_or_else(|| row.bad("roles", format!("{role} is no role"))));
        let service = match service {
            None => None,
            Some(code) => {
                let found = directory::service_by_code(tx, code)?;
                Some(good!(found.map(|s| s.id).ok_or_else(|| row.bad("roles", format!("no service has the code {code}")))))
            }
        };
        if role.org_kind().is_some_and(|kind| kind != org.kind) {
            return Ok(Err(row.bad("roles", format!("{} is not a role in a {}", role.code(), org.kind.words()))));
        }
        roles.push((role, service));
    }
    let known = accounts::person_by_email(tx, &email)?;
    let mut person = known.unwrap_or_else(|| Person { created_at: now, ..Person::new(mint(), &email, name) });
    person.name = name.to_owned();
    let fate = good!(answered(row, accounts::upsert_person(tx, &act(mint, now), &person, on_difference(manner)))?);
    if matches!(fate, Upserted::Differs(_)) {
        return Ok(Ok(fate));
    }
    let before = accounts::memberships(tx, person.id)?.iter().filter(|m| m.ended_at.is_none()).count();
    for (role, service_id) in roles {
        let membership = NewMembership { id: mint(), person_id: person.id, org_id: org.id, role, service_id };
        good!(answered(row, accounts::grant_role(tx, &act(mint, now), &membership))?);
    }
    let after = accounts::memberships(tx, person.id)?.iter().filter(|m| m.ended_at.is_none()).count();
    Ok(Ok(match fate {
        Upserted::Unchanged(id) if after > before => Upserted::Updated(id),
        fate => fate,
    }))
}
