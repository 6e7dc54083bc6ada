//! What the addresses of the routes name: one of everything that has a page.

use super::*;

pub(super) fn actor(world: &World, email: &str) -> Actor {
    let found = world.app.db.read(|tx| {
        let person = accounts::person_by_email(tx, email)?.unwrap();
        accounts::actor(tx, person.id)
    });
    found.unwrap().unwrap().to_core()
}

/// A draft of this person's organisation, with nothing filled in.
pub(super) fn draft(world: &World, email: &str) -> String {
    let author = actor(world, email);
    let org = OrgId(author.memberships()[0].org.0);
    let new = NewDraft { kind: Kind::Normal, org, on_behalf_of: None, copied_from: None, raw: Raw::new() };
    let done = world.app.raise(&author, new, Expect::default()).unwrap_or_else(|stop| panic!("{stop:?}"));
    done.reference
}

/// An incident that this person’s organisation told; its id.
pub(super) fn incident(world: &World, email: &str) -> String {
    let org_id = actor(world, email).memberships()[0].org.0;
    let (id, act, now) = (world.app.ids.mint(world.now()), world.app.act(None, world.now()), world.now());
    let told = directory::Incident {
        id,
        org_id,
        source: "ServiceDesk".into(),
        reference: "INC0041207".into(),
        title: "Imaging is slow".into(),
        priority: 2,
        clinical: false,
        opened_at: now,
        closed_at: None,
        items: vec![],
        services: vec![world.app.db.read(|tx| tx.one("select min(id) from services", &[], |row| row.int(0))).unwrap()],
    };
    world.app.attempt(move |tx| directory::report_incident(tx, &act, &told, directory::OnDifference::Report)).unwrap();
    id.to_string()
}

/// A merger that is still to come; its id.
pub(super) fn merger(world: &World) -> i64 {
    let one = |code: &str| {
        let sql = format!("select id from organisations where code = '{code}'");
        world.app.read::<_, StoreError>(|tx| tx.one(&sql, &[], |row| row.int(0))).unwrap()
    };
    let day = "2027-04-01".parse().unwrap();
    let new = NewMerger { predecessors: vec![one("EM")], successor: Successor::Known(one("NB")), day, reason: "An order".into() };
    world.app.plan_merger(actor(world, "ada.byrne@authority.example").person().unwrap(), new).unwrap_or_else(|stop| panic!("{stop:?}")).id
}

/// A mail of a carrier, which waits to be confirmed.
pub(super) fn carrier_notice(world: &World, who: &Actor) -> String {
    let mail = b"From: works@quayline.example\r\nSubject: Planned maintenance QL-1\r\n\r\nStart time: 8 December 2026 20:30\r\n";
    let (kept, _) = signalbox::web::carriers::receive(&world.app, who, mail, false).unwrap_or_else(|failure| panic!("{}", failure.code()));
    kept.id.to_string()
}

/// An account of the provider's; its id.
pub(super) fn network_account(world: &World) -> i64 {
    let one = |code: &str| {
        let sql = format!("select id from organisations where code = '{code}'");
        world.app.read::<_, StoreError>(|tx| tx.one(&sql, &[], |row| row.int(0))).unwrap()
    };
    let provider = world.app.read::<_, StoreError>(|tx| tx.one("select min(id) from organisations where kind = 'network'", &[], |row| row.int(0))).unwrap();
    let (id, act) = (world.app.ids.mint(world.now()), world.app.act(None, world.now()));
    let account = directory::NetworkAccount {
        id,
        org_id: one("NB"),
        provider_id: provider,
        number: "HSCN-0042".into(),
        circuits: vec!["NB-ETH-1".into()],
        senders: vec!["meridian.example".into()],
        webhook: String::new(),
    };
    world.app.attempt(move |tx| directory::save_network_account(tx, &act, &account)).unwrap();
    id
}

pub(super) fn organisation(world: &World, code: &str) -> i64 {
    let sql = format!("select id from organisations where code = '{code}'");
    world.app.read::<_, StoreError>(|tx| tx.one(&sql, &[], |row| row.int(0))).unwrap()
}

/// An alarm at Northbrook that was found to come from work that nobody had announced; its id.
pub(super) fn alarm(world: &World) -> i64 {
    let (id, now, schedule) = (world.app.ids.mint(world.now()), world.now(), world.app.schedule.clone());
    let told = signalbox_store::alarms::Told {
        id,
        org_id: organisation(world, "NB"),
        source: "monitor".into(),
        source_alarm: "1".into(),
        object: "NB-UPS".into(),
        item: None,
        site: None,
        kind: "unreachable".into(),
        is_safety: false,
        raised_at: now,
        cleared_at: None,
    };
    let act = world.app.act(None, now);
    let heard = world.app.write::<_, StoreError>(move |tx| {
        let heard = signalbox_store::alarms::hear(tx, &schedule, now, std::slice::from_ref(&told), false)?.remove(0);
        signalbox_store::alarms::find(tx, &act, heard.id, signalbox_core::alarm::Class::Unannounced, "Planned electrical work")?;
        Ok(heard)
    });
    heard.unwrap().id
}

/// A call-out that is proposed to Northbrook; its id.
pub(super) fn call_out(world: &World) -> i64 {
    use signalbox_core::ledger::{Finding, Rates, Visit};
    use signalbox_store::ledger::{NewCase, RatesFrom, enter, set_rates};
    let (now, ids) = (world.now(), [world.app.ids.mint(world.now()), world.app.ids.mint(world.now())]);
    let rates = RatesFrom { id: ids[0], from: now, rates: Rates { desk_hour: 4_000, first_hour: 17_500, further_hour: 9_000, vat: 2_000 } };
    let act = world.app.act(None, now);
    world.app.attempt(move |tx| set_rates(tx, &act, &rates)).unwrap();
    let provider = world.app.read::<_, StoreError>(|tx| tx.one("select min(id) from organisations where kind = 'network'", &[], |row| row.int(0))).unwrap();
    let visit = Visit {
        finding: Finding::PlannedWork,
        desk_minutes: 30,
        dispatched_at: None,
        stood_down_at: None,
        arrived_at: None,
        left_at: None,
        checks_failed: false,
        outside_appointment: false,
    };
    let case = NewCase {
        id: ids[1],
        org_id: provider,
        liable_org: organisation(world, "NB"),
        alarm: None,
        change: None,
        site: None,
        engineer: String::new(),
        visit,
        known: None,
        due_at: now + jiff::SignedDuration::from_hours(24 * 14),
    };
    let act = world.app.act(None, now);
    world.app.attempt(move |tx| enter(tx, &act, &case, "The board was off")).unwrap();
    ids[1]
}

/// A notice of a change for everybody; its id.
pub(super) fn public_notice(world: &World, reference: &str) -> i64 {
    use signalbox_core::public::{Standing, State};
    use signalbox_store::public::{Wording, publish, set_open};
    let one = |sql: &str| world.app.db.read(|tx| tx.one(sql, &[], |row| row.int(0))).unwrap();
    let change = one(&format!("select id from changes where reference = '{reference}'"));
    let service = one("select min(id) from services");
    let (id, now, acts) = (world.app.ids.mint(world.now()), world.now(), [world.app.act(None, world.now()), world.app.act(None, world.now())]);
    let wording = Wording { title: "Imaging not available".into(), words: "Pictures cannot be opened.".into(), services: vec![service], sites: vec![] };
    let hours = jiff::SignedDuration::from_hours;
    let standing = Standing { state: State::Planned, start: now + hours(24), end: now + hours(26) };
    let version = one(&format!("select version from changes where reference = '{reference}'"));
    let written = world.app.write::<_, StoreError>(move |tx| {
        set_open(tx, &acts[0], service, true)?;
        publish(tx, &acts[1], id, (change, version), &wording, standing)
    });
    written.unwrap();
    id
}

/// An outage that somebody of Northbrook's estates told; its id.
pub(super) fn told_outage(world: &World) -> i64 {
    use signalbox_store::told::{Words, add, confirm};
    let domain = world.app.db.read(|tx| tx.one("select email_domain from organisations where code = 'NB'", &[], |row| row.text(0))).unwrap();
    let (id, now, hours) = (world.app.ids.mint(world.now()), world.now(), jiff::SignedDuration::from_hours);
    let words = Words {
        name: "Ida Brand".into(),
        email: format!("ida.brand@{domain}"),
        telephone: "020 7946 0161".into(),
        place: "Plant room A".into(),
        outage_type: "generator_test".into(),
        what: "Generator test".into(),
        lost: String::new(),
        start: now + hours(480),
        end: now + hours(482),
    };
    let written = world.app.write::<_, StoreError>(move |tx| {
        add(tx, id, &words, now)?;
        confirm(tx, id, now)
    });
    written.unwrap();
    id
}

/// A shift that Halden's desk was left with; its id.
pub(super) fn handover(world: &World) -> i64 {
    use signalbox_store::handovers::{Left, Part, Stood, leave};
    let (id, act) = (world.app.ids.mint(world.now()), world.app.act(None, world.now()));
    let stood = vec![Stood { part: Part::Watch, change: None, words: "The alarm of NB-UPS is still up.".into() }];
    let by = actor(world, BYSTANDER).person().unwrap().0;
    let left = Left { id, org_id: organisation(world, "HALDEN"), by, note: "The fitter rings at nine.".into(), stood, form_key: "1".into() };
    world.app.write::<_, StoreError>(move |tx| leave(tx, &act, &left)).unwrap();
    id
}

/// A monitor at which nobody answers; its id.
pub(super) fn monitor(world: &World) -> String {
    let (id, act) = (world.app.ids.mint(world.now()), world.app.act(None, world.now()));
    let row = signalbox_store::monitors::Monitor {
        id,
        name: "Alerts".into(),
        kind: "alertmanager".into(),
        address: "http://127.0.0.1:9".into(),
        label: "instance".into(),
        template: "{item}".into(),
        authority: String::new(),
        orgs: [].into(),
        items: [].into(),
        ended_at: None,
    };
    world.app.attempt(move |tx| signalbox_store::monitors::save(tx, &act, &row)).unwrap();
    id.to_string()
}

/// A rule by which this change comes again; its id.
pub(super) fn series(world: &World, reference: &str) -> String {
    let one = |sql: String| world.app.db.read(|tx| tx.one(&sql, &[], |row| row.int(0))).unwrap();
    let typed = Typed { zone: "Europe/London", starts: "2026-12-01T20:00", ends: "2026-12-01T22:00", rule: "FREQ=MONTHLY;BYDAY=1TU", except: "" };
    let (id, act, now) = (world.app.ids.mint(world.now()), world.app.act(None, world.now()), world.now());
    let row = directory::Series {
        id,
        org_id: one("select id from organisations where code = 'NB'".into()),
        template: one(format!("select id from changes where reference = '{reference}'")),
        title: "Monthly patching".into(),
        when: Recurrence::read(&typed).unwrap(),
        lead_days: 28,
        owner_id: one("select id from people where email = 'sam.okoro@northbrook.example'".into()),
        created_by: None,
        created_at: now,
        counts_from: now,
        paused_at: None,
        ended_at: None,
        version: 1,
    };
    world.app.attempt(move |tx| directory::state_series(tx, &act, &row)).unwrap();
    id.to_string()
}

/// A document on a change; its id.
pub(super) fn attach(world: &World, email: &str, reference: &str) -> String {
    let sql = format!("select id from changes where reference = '{reference}'");
    let id = world.app.db.read(|tx| tx.one(&sql, &[], |row| row.int(0))).unwrap();
    let new = NewAttachment::new("plan.txt".into(), b"First the one, then the other.".to_vec());
    world.app.attach(&actor(world, email), id, new, Expect::default()).unwrap_or_else(|stop| panic!("{stop:?}"));
    world.app.read::<_, StoreError>(|tx| tx.one("select cast(max(id) as text) from files", &[], |row| row.text(0))).unwrap()
}
