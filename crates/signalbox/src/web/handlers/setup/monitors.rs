//! Monitors that keep quiet about what changes declare (spec 10.4). An administrator says where each answers, what it
//! watches and how it names an item; what opens it goes in by a form of its own and never comes out again.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use signalbox_core::silence::State as Standing;
use signalbox_store::directory;
use signalbox_store::monitors::{self as store, Health, Monitor, Silence};
use signalbox_store::page::{Cursor, Page};

use super::{Register, codes, only_administrators};
use crate::app::{App, Shared};
use crate::deliver::monitor::http::{Address, Http};
use crate::deliver::monitor::{Kind, Peer, Secret, webhook};
use crate::seal;
use crate::web::form::Form;
use crate::web::handlers::{filled, id, summary};
use crate::web::layout::Place;
use crate::web::pages::blocks::{Block, BlocksPage};
use crate::web::parts::{self, Cell, Fact, Row, Section, Table};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{done, page_with};
use crate::web::ui::{Choice, Field, Link};
use crate::web::visitor::{Visitor, moment};
use crate::words::counted;
use crate::worker::monitors as worker;

/// `/setup/monitors`.
pub struct Monitors;

/// No key, token or password is longer.
const SECRET_CHARACTERS: usize = 500;

impl Register for Monitors {
    const PATH: &'static str = "/setup/monitors";
    const MANY: &'static str = "Monitors";
    const ONE: &'static str = "monitor";
    const WHY: &'static str = "Who is told which alarms to keep quiet about, and when";

    fn list(app: &App, _: &Visitor, page: &Page) -> Result<(Table, Option<Cursor>), Failure> {
        let all = app.read::<_, Failure>(|tx| {
            let mut all = vec![];
            for monitor in store::monitors(tx)? {
                let health = store::health(tx, monitor.id)?;
                all.extend(health.map(|health| (monitor, health)));
            }
            Ok(all)
        })?;
        let wanted = page.filter.trim().to_lowercase();
        let fits = |monitor: &Monitor| wanted.is_empty() || monitor.name.to_lowercase().contains(&wanted);
        let rows = all.iter().filter(|(monitor, _)| fits(monitor)).map(|(monitor, health)| {
            let kind = Kind::from_code(&monitor.kind).map_or("", Kind::words);
            let link = Cell::link(&monitor.name, &format!("{}/{}", Self::PATH, monitor.id)).small(kind);
            Row::new(link, vec![Cell::text(&monitor.address), standing(monitor, health)])
        });
        Ok((Table::new(Self::MANY, &["Monitor", "Address", "State"], rows.collect()), None))
    }

    fn fields(_: &App, _: &Visitor, _: bool) -> Result<Vec<Field>, Failure> {
        let kinds = Kind::ALL.into_iter().map(|kind| Choice::new(kind.code(), kind.words()));
        Ok(vec![
            Field::text("name", "Name", "").hint("What people here call it."),
            Field::select("kind", "Kind", std::iter::once(Choice::new("", "Choose")).chain(kinds).collect()),
            Field::text("address", "Address", "")
                .hint("Such as https://alerts.example.org:9093. Set what opens it afterwards, on its page: it is forgotten when the address changes."),
            Field::text("organisations", "Whose items does it watch?", "")
                .optional()
                .hint("Codes of organisations, with ; between. Left empty here and below: everybody’s."),
            Field::text("items", "Which other items does it watch?", "").optional().hint("Codes of items, with ; between."),
            Field::text("template", "How does it name an item?", "{item}")
                .hint("{item} stands for the code of the item, {name} for its name. Icinga: HOST, or HOST!SERVICE, such as {item}!ping4."),
            Field::text("label", "By which label do alarms name it?", "instance").optional().hint("For Alertmanager only, such as instance."),
            Field::textarea("authority", "The certificate of its own authority", "")
                .optional()
                .hint("Where no public authority vouches for it, as with Icinga 2: the whole text of ca.crt. It is no secret."),
            Field::checks("ended", "End", vec![Choice::new("yes", "It is told nothing any more, and freed of what it was told")]).optional(),
        ])
    }

    fn load(app: &App, _: &Visitor, id: i64) -> Result<(String, Form), Failure> {
        let found = app.read::<_, Failure>(|tx| {
            let Some(monitor) = store::monitor(tx, id)? else { return Ok(None) };
            let mut orgs = vec![];
            for org in &monitor.orgs {
                orgs.extend(directory::organisation(tx, *org)?.map(|org| org.code));
            }
            let mut items = vec![];
            for item in &monitor.items {
                items.extend(directory::item(tx, *item)?.map(|item| item.code));
            }
            Ok(Some((monitor, orgs.join("; "), items.join("; "))))
        })?;
        let (monitor, orgs, items) = found.ok_or(Failure::NotFound)?;
        let mut fields = vec![
            ("name", monitor.name.clone()),
            ("kind", monitor.kind),
            ("address", monitor.address),
            ("organisations", orgs),
            ("items", items),
            ("template", monitor.template),
            ("label", monitor.label),
            ("authority", monitor.authority),
        ];
        fields.extend(monitor.ended_at.map(|_| ("ended", "yes".to_owned())));
        Ok((monitor.name, Form::of(fields)))
    }

    fn save(app: &App, visitor: &Visitor, id: Option<i64>, form: &Form) -> Result<(), Failure> {
        let act = app.act(Some(visitor.person()?), app.clock.now());
        let mut faults = vec![];
        let kind = Kind::from_code(form.text("kind"));
        let address = Address::parse(form.text("address"));
        match &address {
            Err(words) => faults.push(Fault::of("address", "not-an-address", words)),
            Ok(address) => {
                if let Err(words) = Http::new(address.clone(), None, form.text("authority"), app.config.silences.patience) {
                    faults.push(Fault::of("authority", "not-a-certificate", words));
                }
            }
        }
        if !form.text("template").contains("{item}") && !form.text("template").contains("{name}") {
            faults.push(Fault::of("template", "names-nothing", "Put {item} where the code of the item stands: otherwise every item has one name there."));
        }
        if kind == Some(Kind::Alertmanager) && !is_label(form.text("label")) {
            faults.push(Fault::of("label", "not-a-label", "Enter a label: letters, digits and _ , such as instance."));
        }
        let (orgs, items) = watched(app, form, &mut faults)?;
        let before = id.map(|id| app.read::<_, Failure>(|tx| store::monitor(tx, id))).transpose()?.flatten();
        let (Some(kind), true) = (kind, faults.is_empty()) else { return Err(Failure::Invalid(faults)) };
        let monitor = Monitor {
            id: id.unwrap_or_else(|| app.ids.mint(act.at)),
            name: form.text("name").into(),
            kind: kind.code().into(),
            address: form.text("address").into(),
            label: form.text("label").into(),
            template: form.text("template").into(),
            authority: form.text("authority").into(),
            orgs,
            items,
            ended_at: form.has("ended").then(|| before.and_then(|before| before.ended_at).unwrap_or(act.at)),
        };
        app.attempt(move |tx| store::save(tx, &act, &monitor))
    }
}

/// A label of Prometheus.
fn is_label(text: &str) -> bool {
    let is_first = |c: char| c.is_ascii_alphabetic() || c == '_';
    text.starts_with(is_first) && text.chars().all(|c| is_first(c) || c.is_ascii_digit())
}

/// What was named in the fields for organisations and items, with a fault for each that there is not.
fn watched(app: &App, form: &Form, faults: &mut Vec<Fault>) -> Result<(BTreeSet<i64>, BTreeSet<i64>), Failure> {
    let (org_codes, item_codes) = (codes(form.text("organisations")), codes(form.text("items")));
    let (orgs, items) = app.read::<_, Failure>(|tx| {
        let mut orgs = vec![];
        for code in &org_codes {
            orgs.push((code, directory::organisation_by_code(tx, &code.to_uppercase())?.map(|org| org.id)));
        }
        let mut items = vec![];
        for code in &item_codes {
            items.push((code, directory::item_by_code(tx, code)?.map(|item| item.id)));
        }
        Ok((orgs, items))
    })?;
    let mut found = |field: &str, what: &str, all: Vec<(&String, Option<i64>)>| {
        let unknown: Vec<&str> = all.iter().filter(|(_, id)| id.is_none()).map(|(code, _)| code.as_str()).collect();
        if !unknown.is_empty() {
            faults.push(Fault::of(field, "unknown-value", format!("There is no {what} with the code {}.", unknown.join(", "))));
        }
        all.into_iter().filter_map(|(_, id)| id).collect::<BTreeSet<i64>>()
    };
    Ok((found("organisations", "organisation", orgs), found("items", "item", items)))
}

fn standing(monitor: &Monitor, health: &Health) -> Cell {
    match (monitor.ended_at, health.failing_since, health.answered_at) {
        (Some(_), ..) => Cell::tag("Ended", "grey"),
        (_, Some(_), _) => Cell::tag("Does not follow", "red").small(&health.words),
        (_, None, Some(_)) => Cell::tag("Follows", "green"),
        _ => Cell::tag("Not asked yet", "blue"),
    }
}

struct Seen {
    monitor: Monitor,
    health: Health,
    silences: Vec<Silence>,
}

fn read(app: &App, visitor: &Visitor, text: &str) -> Result<Seen, Failure> {
    only_administrators(visitor)?;
    let wanted = id(text)?;
    let found = app.read::<_, Failure>(|tx| {
        let Some((monitor, health)) = store::monitor(tx, wanted)?.zip(store::health(tx, wanted)?) else { return Ok(None) };
        Ok(Some(Seen { monitor, health, silences: store::silences(tx, wanted)? }))
    })?;
    found.ok_or(Failure::NotFound)
}

fn credential_field(kind: Option<Kind>) -> Field {
    let hint = match kind {
        Some(Kind::Webhook) => "The key by which messages are signed: whsec_ and 24 to 64 random bytes in base64.",
        _ => "user:password, or a token. Leave it empty and save to forget what is set.",
    };
    Field::input("password", "password", "What opens it", "").hint(hint).optional().autocomplete("off")
}

fn draw(app: &App, visitor: &Visitor, seen: &Seen, field: Field, faults: &[Fault]) -> Response {
    let Seen { monitor, health, silences } = seen;
    let kind = Kind::from_code(&monitor.kind);
    let address = format!("{}/{}", Monitors::PATH, monitor.id);
    let state = standing(monitor, health);
    let mut facts = vec![
        Fact::new("Kind", kind.map_or("", Kind::words)),
        Fact::new("Address", &monitor.address),
        Fact::new("How it names an item", &monitor.template),
        Fact::new("What opens it", &health.sealed_at.map_or("Nothing is set".into(), |time| format!("Set on {}", moment(time)))),
        Fact::new("Last answer", &health.answered_at.map_or("None yet".into(), moment)),
    ];
    facts.extend(state.tag.map(|tag| Fact::new("State", &health.words).tag(&tag.label, tag.colour)));
    facts.extend(health.failing_since.map(|since| Fact::new("Fails since", &moment(since))));
    let count = |standing: Standing| i64::try_from(silences.iter().filter(|one| one.state == standing).count()).unwrap_or(i64::MAX);
    let sums: Vec<Fact> = Standing::ALL.iter().map(|one| Fact::new(&crate::words::sentence_case(one.words()), &counted(count(*one), "silence"))).collect();
    let fields = filled(vec![field], &Form::default(), faults);
    let faults_shown = summary(&fields, faults);
    let mut shell = visitor.shell(app, &monitor.name, Place::Elsewhere);
    shell.crumbs = vec![("Set-up".into(), "/setup".into()), (Monitors::MANY.into(), Monitors::PATH.into())];
    let view = BlocksPage {
        shell,
        lede: "It is told of the items that changes declare, for the time of their cover, and of nothing else.".into(),
        faults: faults_shown,
        actions: vec![Link::new("Change its details", &format!("{address}/details"))],
        blocks: vec![
            Block::new(Section::new("state", "How it is").facts(facts))
                .form("Set what opens it", parts::Form::new(&format!("{address}/credential"), "Save", fields))
                .form("Try whether it answers", parts::Form::new(&format!("{address}/test"), "Ask it now", vec![])),
            Block::new(Section::new("silences", "What it keeps quiet about").facts(sums)),
        ],
        ..BlocksPage::default()
    };
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    page_with(status, &view)
}

/// A monitor: how it does, and the forms to open and to try it.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Failure> {
    let seen = read(&app, &visitor, &id)?;
    let field = credential_field(Kind::from_code(&seen.monitor.kind));
    Ok(draw(&app, &visitor, &seen, field, &[]))
}

/// Sets what opens it, or forgets it.
pub async fn set_credential(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    let seen = read(&app, &visitor, &id)?;
    form.only(&["password"])?;
    let (monitor, typed) = (&seen.monitor, form.raw("password").trim());
    let kind = Kind::from_code(&monitor.kind);
    let fault = if typed.is_empty() {
        None
    } else if typed.chars().count() > SECRET_CHARACTERS || typed.chars().any(char::is_control) {
        Some(format!("Use {SECRET_CHARACTERS} characters at most, and none that can’t be typed."))
    } else if kind == Some(Kind::Webhook) {
        webhook::Key::parse(typed).err()
    } else {
        let way = Address::parse(&monitor.address).and_then(|address| Http::new(address, Some(&Secret::new(typed)), "", app.config.silences.patience));
        way.err()
    };
    if let Some(words) = fault {
        return Ok(draw(&app, &visitor, &seen, credential_field(kind), &[Fault::of("password", "not-usable", words)]));
    }
    let sealed = if typed.is_empty() { None } else { Some(seal::close(&app, typed, &worker::sealed_for(monitor.id))?) };
    let (act, of) = (app.act(Some(visitor.person()?), app.clock.now()), monitor.id);
    let said = if sealed.is_some() { "It is set. Try whether the monitor answers." } else { "What opened it is forgotten." };
    app.attempt(move |tx| store::seal(tx, &act, of, sealed.as_deref()))?;
    Ok(done(&app, &format!("{}/{of}", Monitors::PATH), said))
}

/// Asks it now, and says what it answered.
pub async fn test(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    let seen = read(&app, &visitor, &id)?;
    form.only(&[])?;
    let secret = worker::secret(&app, seen.monitor.id)?;
    let said = match Peer::of(&seen.monitor, secret.as_ref(), worker::ours(&app), app.config.silences.patience) {
        Ok(peer) => peer.test(app.clock.now()).await.unwrap_or_else(|fault| fault.words),
        Err(words) => words,
    };
    Ok(done(&app, &format!("{}/{}", Monitors::PATH, seen.monitor.id), &said))
}
