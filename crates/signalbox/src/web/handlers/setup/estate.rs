//! Services and configuration items.

use signalbox_core::clinical::hours::ClinicHours;
use signalbox_store::directory::{self, Item, PATIENT_FACING, Service, Viewer};
use signalbox_store::page::{Cursor, Page};
use signalbox_store::{StoreError, Tx};

use super::{Register, codes, organisation_choices};
use crate::app::App;
use crate::web::form::Form;
use crate::web::parts::{Cell, Row, Table};
use crate::web::problem::{Failure, Fault};
use crate::web::ui::{Choice, Field};
use crate::web::visitor::Visitor;

/// `/setup/services`.
pub struct Services;

impl Register for Services {
    const PATH: &'static str = "/setup/services";
    const MANY: &'static str = "Services";
    const ONE: &'static str = "service";
    const WHY: &'static str = "What people use, and whether care depends on it";

    fn list(app: &App, _: &Visitor, page: &Page) -> Result<(Table, Option<Cursor>), Failure> {
        let found = app.read::<_, Failure>(|tx| directory::services(tx, None, page))?;
        let rows = found.items.iter().map(|service| {
            let care = if service.is_direct_care { "Direct care" } else { "" };
            Row::new(
                Cell::link(&service.name, &format!("{}/{}", Self::PATH, service.id)),
                vec![Cell::text(&service.code), Cell::text(care), Cell::text(&service.users_count.to_string())],
            )
        });
        Ok((Table::new(Self::MANY, &["Name", "Code", "Care", "People who use it"], rows.collect()), found.next))
    }

    fn fields(app: &App, _: &Visitor, _: bool) -> Result<Vec<Field>, Failure> {
        let words = ["Patients do not notice", "Patients notice through staff", "Patients use it themselves"];
        let facing = PATIENT_FACING.iter().zip(words).map(|(code, words)| Choice::new(code, words)).collect();
        Ok(vec![
            Field::text("code", "Code", "").hint("Short; used in files.").width("w10"),
            Field::text("name", "Name", ""),
            Field::select("owner", "Who runs it", organisation_choices(app)?),
            Field::text("organisations", "Who uses it", "").hint("Codes of organisations, separated by ;").optional(),
            Field::input("number", "users_count", "How many people use it", "0").width("w5"),
            Field::radios("patient_facing", "Patients", facing),
            Field::text("hours", "Clinic hours", "").hint("When it is busiest with patients, such as Mon-Fri 08:00-18:00; Sat 09:00-13:00").optional(),
            Field::checks(
                "flags",
                "Care",
                vec![
                    Choice::new("direct_care", "Used in direct care"),
                    Choice::new("always_on", "Emergency department, intensive care, theatres or maternity: every hour counts"),
                ],
            )
            .optional(),
        ])
    }

    fn load(app: &App, _: &Visitor, id: i64) -> Result<(String, Form), Failure> {
        let found = app.read::<_, Failure>(|tx| {
            let Some(service) = directory::service(tx, id)? else { return Ok(None) };
            let mut users = Vec::new();
            for org in directory::service_orgs(tx, id)? {
                users.extend(directory::organisation(tx, org)?.map(|org| org.code));
            }
            Ok(Some((service, users.join("; "), directory::clinic_hours(tx, id)?)))
        })?;
        let (service, users, hours) = found.ok_or(Failure::NotFound)?;
        let mut fields = vec![
            ("code", service.code),
            ("name", service.name.clone()),
            ("owner", service.owner_org.to_string()),
            ("organisations", users),
            ("users_count", service.users_count.to_string()),
            ("patient_facing", service.patient_facing),
            ("hours", hours),
        ];
        fields.extend(service.is_direct_care.then(|| ("flags", "direct_care".into())));
        fields.extend(service.is_always_on.then(|| ("flags", "always_on".into())));
        Ok((service.name, Form::of(fields)))
    }

    fn save(app: &App, visitor: &Visitor, id: Option<i64>, form: &Form) -> Result<(), Failure> {
        let orgs = ids_of(app, "organisations", form, |tx, code| Ok(directory::organisation_by_code(tx, code)?.map(|org| org.id)))?;
        let users_count = form.text("users_count").parse::<i64>().ok().filter(|count| *count >= 0);
        let Some(users_count) = users_count else {
            return Err(Failure::invalid(Fault::of("users_count", "not-a-number", "Enter a whole number.")));
        };
        let person = visitor.person()?;
        let [act, second, third] = [(); 3].map(|()| app.act(Some(person), app.clock.now()));
        let hours = form.text("hours").to_owned();
        if let Err(why) = ClinicHours::parse(&hours) {
            return Err(Failure::invalid(Fault::of("hours", "not-hours", why)));
        }
        let service = Service {
            id: id.unwrap_or_else(|| app.ids.mint(act.at)),
            code: form.text("code").into(),
            name: form.text("name").into(),
            owner_org: super::super::id(form.text("owner"))?,
            is_direct_care: form.all("flags").any(|flag| flag == "direct_care"),
            users_count,
            patient_facing: form.text("patient_facing").into(),
            is_always_on: form.all("flags").any(|flag| flag == "always_on"),
        };
        app.attempt(move |tx| {
            if let Err(refused) = directory::save_service(tx, &act, &service)? {
                return Ok(Err(refused));
            }
            if let Err(refused) = directory::set_service_orgs(tx, &second, service.id, &orgs)? {
                return Ok(Err(refused));
            }
            directory::set_clinic_hours(tx, &third, service.id, &hours)
        })
        .map(|_| ())
    }
}

/// The rows that the codes in a field name; every code that names none is a fault.
fn ids_of(app: &App, field: &str, form: &Form, find: impl Fn(&mut dyn Tx, &str) -> Result<Option<i64>, StoreError> + Send + Sync) -> Result<Vec<i64>, Failure> {
    let codes = codes(form.text(field));
    let (mut ids, mut unknown) = (Vec::new(), Vec::new());
    let found = app.read::<_, Failure>(|tx| codes.iter().map(|code| find(tx, code)).collect::<Result<Vec<_>, _>>())?;
    for (code, id) in codes.iter().zip(found) {
        match id {
            Some(id) => ids.push(id),
            None => unknown.push(code.as_str()),
        }
    }
    if unknown.is_empty() {
        return Ok(ids);
    }
    let detail = format!("We don’t know: {}.", unknown.join(", "));
    Err(Failure::invalid(Fault::of(field, "unknown-value", detail)))
}

/// `/setup/items`.
pub struct Items;

impl Register for Items {
    const PATH: &'static str = "/setup/items";
    const MANY: &'static str = "Items";
    const ONE: &'static str = "item";
    const WHY: &'static str = "Equipment and circuits that changes name";

    fn list(app: &App, _: &Visitor, page: &Page) -> Result<(Table, Option<Cursor>), Failure> {
        let found = app.read::<_, Failure>(|tx| directory::items(tx, Viewer::All, None, page))?;
        let rows = found
            .items
            .iter()
            .map(|item| Row::new(Cell::link(&item.name, &format!("{}/{}", Self::PATH, item.id)), vec![Cell::text(&item.code), Cell::text(&item.item_type)]));
        Ok((Table::new(Self::MANY, &["Name", "Code", "Type"], rows.collect()), found.next))
    }

    fn fields(app: &App, _: &Visitor, _: bool) -> Result<Vec<Field>, Failure> {
        let orgs = organisation_choices(app)?;
        Ok(vec![
            Field::text("code", "Code", "").hint("Short; used in files.").width("w20"),
            Field::text("name", "Name", ""),
            Field::text("type", "Type", "").hint("Such as server, circuit, modality."),
            Field::select("organisation", "Whose it is", orgs.clone()),
            Field::text("site", "Where it stands", "").hint("Code of a site of that organisation.").optional(),
            Field::text("services", "What it carries", "").hint("Codes of services, separated by ;").optional(),
            Field::select("watched_by", "Who watches it", orgs).optional(),
        ])
    }

    fn load(app: &App, _: &Visitor, id: i64) -> Result<(String, Form), Failure> {
        let found = app.read::<_, Failure>(|tx| {
            let Some(item) = directory::item(tx, id)? else { return Ok(None) };
            let site = item.site_id.map(|site| directory::site(tx, site)).transpose()?.flatten();
            let mut services = Vec::new();
            for service in &item.services {
                services.extend(directory::service(tx, *service)?.map(|service| service.code));
            }
            Ok(Some((item, site.map(|site| site.code).unwrap_or_default(), services.join("; "))))
        })?;
        let (item, site, services) = found.ok_or(Failure::NotFound)?;
        let fields = [
            ("code", item.code),
            ("name", item.name.clone()),
            ("type", item.item_type),
            ("organisation", item.org_id.to_string()),
            ("site", site),
            ("services", services),
            ("watched_by", item.watched_by.map(|org| org.to_string()).unwrap_or_default()),
        ];
        Ok((item.name, Form::of(fields)))
    }

    fn save(app: &App, visitor: &Visitor, id: Option<i64>, form: &Form) -> Result<(), Failure> {
        let org_id = super::super::id(form.text("organisation"))?;
        let services = ids_of(app, "services", form, |tx, code| Ok(directory::service_by_code(tx, code)?.map(|service| service.id)));
        let site = ids_of(app, "site", form, |tx, code| Ok(directory::site_by_code(tx, org_id, code)?.map(|site| site.id)));
        let (mut services, site) = match (services, site) {
            (Ok(services), Ok(site)) => (services, site),
            // Both faults at once, where there are two.
            (services, site) => {
                let faults = [services.err(), site.err()].into_iter().flatten();
                return Err(Failure::Invalid(faults.flat_map(|failure| failure.faults().to_vec()).collect()));
            }
        };
        services.sort_unstable();
        services.dedup();
        let act = app.act(Some(visitor.person()?), app.clock.now());
        let item = Item {
            id: id.unwrap_or_else(|| app.ids.mint(act.at)),
            code: form.text("code").into(),
            name: form.text("name").into(),
            item_type: form.text("type").into(),
            org_id,
            site_id: site.first().copied(),
            watched_by: form.text("watched_by").parse().ok(),
            services,
        };
        app.attempt(move |tx| directory::save_item(tx, &act, &item)).map(|_| ())
    }
}
