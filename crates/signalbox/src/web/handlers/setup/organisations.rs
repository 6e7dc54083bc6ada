//! Organisations and their sites.

use signalbox_core::actor::OrgKind;
use signalbox_core::schedule::slots::parse_handovers;
use signalbox_store::directory::{self, CALENDARS, Organisation, Site};
use signalbox_store::page::{Cursor, Page};

use super::{Register, organisation_choices, some};
use crate::app::App;
use crate::web::form::Form;
use crate::web::parts::{Cell, Row, Table};
use crate::web::problem::{Failure, Fault};
use crate::web::ui::{Choice, Field};
use crate::web::visitor::Visitor;

/// `/setup/organisations`.
pub struct Organisations;

impl Register for Organisations {
    const PATH: &'static str = "/setup/organisations";
    const MANY: &'static str = "Organisations";
    const ONE: &'static str = "organisation";
    const WHY: &'static str = "Trusts, supplier, authority, network provider";

    fn list(app: &App, _: &Visitor, page: &Page) -> Result<(Table, Option<Cursor>), Failure> {
        let found = app.read::<_, Failure>(|tx| directory::organisations(tx, None, page))?;
        let rows = found.items.iter().map(|org| {
            let state = match (org.merged_into, org.is_active) {
                (Some(_), _) => "merged",
                (None, true) => "",
                (None, false) => "closed",
            };
            Row::new(Cell::link(&org.name, &format!("{}/{}", Self::PATH, org.id)), vec![Cell::text(&org.code), Cell::text(org.kind.words()), Cell::text(state)])
        });
        Ok((Table::new(Self::MANY, &["Name", "Code", "Kind", "State"], rows.collect()), found.next))
    }

    fn fields(_: &App, _: &Visitor, _: bool) -> Result<Vec<Field>, Failure> {
        let kinds = OrgKind::ALL.iter().map(|kind| Choice::new(kind.code(), kind.words())).collect();
        let calendars = CALENDARS.iter().map(|code| Choice::new(code, &calendar_words(code))).collect();
        Ok(vec![
            Field::text("code", "Code", "").hint("Short; used in files.").width("w10"),
            Field::text("name", "Name", ""),
            Field::radios("kind", "Kind", kinds),
            Field::text("ods_code", "ODS code", "").optional().width("w10"),
            Field::text("email_domain", "Domain of its work e-mail", "").hint("Such as northbrook.example. Tells who decides on a request to join.").optional(),
            Field::text("zone", "Time zone", "Europe/London").width("w20"),
            Field::radios("calendar", "Bank holidays", calendars),
            Field::checks(
                "flags",
                "State",
                vec![Choice::new("active", "It takes part").chosen(true), Choice::new("open_tonight", "Anyone may see what happens at its sites tonight")],
            )
            .optional(),
        ])
    }

    fn load(app: &App, _: &Visitor, id: i64) -> Result<(String, Form), Failure> {
        let org = app.read::<_, Failure>(|tx| directory::organisation(tx, id))?.ok_or(Failure::NotFound)?;
        let mut fields = vec![
            ("code", org.code),
            ("name", org.name.clone()),
            ("kind", org.kind.code().to_owned()),
            ("ods_code", org.ods_code.unwrap_or_default()),
            ("email_domain", org.email_domain.unwrap_or_default()),
            ("zone", org.zone),
            ("calendar", org.calendar),
        ];
        fields.extend(org.is_active.then(|| ("flags", "active".into())));
        fields.extend(org.is_open_tonight.then(|| ("flags", "open_tonight".into())));
        Ok((org.name, Form::of(fields)))
    }

    fn save(app: &App, visitor: &Visitor, id: Option<i64>, form: &Form) -> Result<(), Failure> {
        if jiff::tz::TimeZone::get(form.text("zone")).is_err() {
            return Err(Failure::invalid(Fault::of("zone", "unknown-zone", "Enter a name such as Europe/London.")));
        }
        let act = app.act(Some(visitor.person()?), app.clock.now());
        let org = Organisation {
            id: id.unwrap_or_else(|| app.ids.mint(act.at)),
            code: form.text("code").into(),
            name: form.text("name").into(),
            kind: OrgKind::from_code(form.text("kind")).ok_or(Failure::NotFound)?,
            ods_code: some(form.text("ods_code")),
            email_domain: some(form.text("email_domain").trim_start_matches('@')),
            zone: form.text("zone").into(),
            calendar: form.text("calendar").into(),
            is_active: form.all("flags").any(|flag| flag == "active"),
            merged_into: None,
            is_open_tonight: form.all("flags").any(|flag| flag == "open_tonight"),
        };
        app.attempt(move |tx| directory::save_organisation(tx, &act, &org)).map(|_| ())
    }
}

fn calendar_words(code: &str) -> String {
    let words = code.split('-').map(|word| match word {
        "and" => word.to_owned(),
        _ => word[..1].to_uppercase() + &word[1..],
    });
    words.collect::<Vec<_>>().join(" ")
}

/// `/setup/sites`.
pub struct Sites;

impl Register for Sites {
    const PATH: &'static str = "/setup/sites";
    const MANY: &'static str = "Sites";
    const ONE: &'static str = "site";
    const WHY: &'static str = "Where equipment stands";

    fn list(app: &App, _: &Visitor, page: &Page) -> Result<(Table, Option<Cursor>), Failure> {
        // Sites are listed organisation by organisation, so a word is looked for in each.
        let all = Page { limit: 500, ..Page::default() };
        let rows = app.read::<_, Failure>(|tx| {
            let mut rows = Vec::new();
            for org in directory::organisations(tx, None, &all)?.items {
                let within = Page { filter: page.filter.clone(), limit: 500, after: None };
                for site in directory::sites(tx, org.id, &within)?.items {
                    rows.push(Row::new(Cell::link(&site.name, &format!("{}/{}", Self::PATH, site.id)), vec![Cell::text(&site.code), Cell::text(&org.name)]));
                }
            }
            Ok(rows)
        })?;
        Ok((Table::new(Self::MANY, &["Name", "Code", "Organisation"], rows), None))
    }

    fn fields(app: &App, _: &Visitor, _: bool) -> Result<Vec<Field>, Failure> {
        Ok(vec![
            Field::text("code", "Code", "").hint("Short; used in files.").width("w10"),
            Field::text("name", "Name", ""),
            Field::select("organisation", "Organisation", organisation_choices(app)?),
            Field::text("ods_code", "ODS code", "").optional().width("w10"),
            Field::text("handovers", "When shifts hand over", "").hint("Free times are looked for beside them. Such as 07:30; 20:30").optional().width("w20"),
        ])
    }

    fn load(app: &App, _: &Visitor, id: i64) -> Result<(String, Form), Failure> {
        let (site, handovers) = app.read::<_, Failure>(|tx| Ok((directory::site(tx, id)?, directory::handovers_typed(tx, id)?)))?;
        let site = site.ok_or(Failure::NotFound)?;
        let fields = [
            ("code", site.code),
            ("name", site.name.clone()),
            ("organisation", site.org_id.to_string()),
            ("ods_code", site.ods_code.unwrap_or_default()),
            ("handovers", handovers),
        ];
        Ok((site.name, Form::of(fields)))
    }

    fn save(app: &App, visitor: &Visitor, id: Option<i64>, form: &Form) -> Result<(), Failure> {
        let handovers = form.text("handovers").to_owned();
        parse_handovers(&handovers).map_err(|why| Failure::invalid(Fault::of("handovers", "not-times", why)))?;
        let person = visitor.person()?;
        let [act, second] = [(); 2].map(|()| app.act(Some(person), app.clock.now()));
        let site = Site {
            id: id.unwrap_or_else(|| app.ids.mint(act.at)),
            org_id: super::super::id(form.text("organisation"))?,
            code: form.text("code").into(),
            name: form.text("name").into(),
            ods_code: some(form.text("ods_code")),
        };
        app.attempt(move |tx| {
            if let Err(refused) = directory::save_site(tx, &act, &site)? {
                return Ok(Err(refused));
            }
            directory::set_handovers(tx, &second, site.id, &handovers)
        })
        .map(|_| ())
    }
}
