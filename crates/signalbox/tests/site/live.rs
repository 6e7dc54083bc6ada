//! The whole site over the demonstration's world. Who gets what answer on which route stands in a file that is
//! compared (`tests/expected/access.txt`); every page that anybody gets is held to the rules of markup and kept for
//! the HTML checker; axe looks at each route with windows of 1280 and 320 pixels. The lists are taken from the
//! router: a route for which no address is known here fails (settled 23, 25).

mod made;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use axum::http::{Method, StatusCode};
use signalbox::config::{BaseUrl, Config, MailRoute, Team};

use signalbox::run::{Expect, NewAttachment, NewDraft, NewMerger, Successor};
use signalbox::{demo, web};
use signalbox_core::actor::Actor;
use signalbox_core::change::Kind;
use signalbox_core::form::Raw;
use signalbox_core::ids::OrgId;
use signalbox_core::schedule::recurrence::{Recurrence, Typed};
use signalbox_store::{StoreError, Target, accounts, directory};

use crate::browser::{Browser, Scripts, keep_page};
use crate::harness::{TempDir, for_each_target};
use crate::pages::{DOCUMENT_MAX_BYTES, WEIGHT_MAX_BYTES};
use crate::world::{BASE, Client, World};
use made::*;

/// Those who come: a name for the file, and the address they sign in with.
const CALLERS: &[(&str, &str)] = &[
    ("stranger", ""),
    ("requester", "ruth.ellery@northbrook.example"),
    ("coordinator", "sam.okoro@northbrook.example"),
    ("other-trust", "owen.pritchard@eastmarsh.example"),
    ("trust-safety", "ian.moss@northbrook.example"),
    ("group-member", "lily.chen@northbrook.example"),
    ("supplier", "priya.nair@halden.example"),
    ("implementer", "tom.achebe@halden.example"),
    ("supplier-safety", "helen.sato@halden.example"),
    ("desk", "carl.dunne@halden.example"),
    ("authority", "margaret.osei@authority.example"),
    ("finance", "clare.holt@northbrook.example"),
    ("commercial", "elsie.marsh@halden.example"),
    ("auditor", "fay.linden@authority.example"),
    ("administrator", "ada.byrne@authority.example"),
    ("network", "rob.tate@meridian.example"),
];

/// Nobody of the callers, so that what is done to this person does not change who they are.
const BYSTANDER: &str = "greg.fenn@halden.example";

fn config(base: BaseUrl, is_base_named: bool) -> Config {
    let team =
        Team { name: "Change team".into(), email: "change@authority.example".into(), telephone: "020 7946 0100".into(), hours: "Monday to Friday".into() };
    Config {
        base,
        is_base_named,
        proxy: None,
        processes: None,
        static_copy: None,
        silences: Default::default(),
        mail: MailRoute::Kept,
        mail_checked_by: None,
        team,
        is_demo: true,
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// The demonstration's world as it stands on the Tuesday of [`World::open`], with a draft and a document in it.
struct Place {
    /// Parameters of addresses. Those of `{ref}` are several: a change that is over, one to be decided, a draft.
    known: BTreeMap<&'static str, String>,
    changes: [(&'static str, String); 3],
    /// Pages to which letters led.
    of_letters: Vec<String>,
}

impl Place {
    fn make(world: &World) -> Place {
        demo::make(&world.app.db, &world.app.config, world.now(), 1).unwrap_or_else(|fault| panic!("{fault:?}"));
        let one = |sql: &str| world.app.db.read(|tx| tx.one(sql, &[], |row| row.text(0))).unwrap_or_else(|fault| panic!("{sql}: {fault:?}"));
        let closed = one("select c.reference from changes c join organisations o on o.id = c.org_id \
             where o.code = 'NB' and c.kind = 'normal' and c.stage = 'CLOSED' order by c.id limit 1");
        let deciding = one("select reference from changes where stage = 'AWAITING_APPROVAL' and kind = 'normal' order by id limit 1");
        let draft = draft(world, "ruth.ellery@northbrook.example");
        let file = attach(world, "priya.nair@halden.example", &closed);
        let lily = one("select cast(min(m.id) as text) from memberships m join people p on p.id = m.person_id where p.email = 'lily.chen@northbrook.example'");
        let ada = actor(world, "ada.byrne@authority.example");
        let written = world.app.propose(&ada, "planned-outage").unwrap_or_else(|halt| panic!("{halt:?}")).to_string();
        let bystander = format!("(select id from people where email = '{BYSTANDER}')");
        let id = |table: &str| one(&format!("select cast(min(id) as text) from {table}"));
        let known = BTreeMap::from([
            ("/setup/organisations/{id}", id("organisations")),
            ("/setup/sites/{id}", id("sites")),
            ("/setup/services/{id}", id("services")),
            ("/setup/items/{id}", id("items")),
            ("/setup/freezes/{id}", id("freezes")),
            ("/setup/maintenance-windows/{id}", id("maintenance_windows")),
            ("/setup/external-entries/{id}", id("external_entries")),
            ("/setup/mergers/{id}", merger(world).to_string()),
            ("/setup/rates/{id}", id("rate_card")),
            ("/setup/network-accounts/{id}", network_account(world).to_string()),
            ("/setup/carrier-notices/{id}", carrier_notice(world, &ada)),
            ("{part}", "1".into()),
            ("{sequence}", "1".into()),
            ("/setup/monitors/{id}", monitor(world)),
            ("/alarms/{id}", alarm(world).to_string()),
            ("/ledger/{id}", call_out(world).to_string()),
            ("/handover/{id}", handover(world).to_string()),
            ("/outages/told/{id}", told_outage(world).to_string()),
            ("/status/{id}", public_notice(world, &deciding).to_string()),
            ("/setup/limits/{id}", one("select cast(id as text) from organisations where code = 'NB'")),
            ("/setup/people/{id}", one(&format!("select cast(id as text) from people where id = {bystander}"))),
            ("/setup/safety-officers/{id}", id("clinicians")),
            ("/clinical/statements/{id}", id("statements")),
            ("/incidents/{id}", incident(world, "priya.nair@halden.example")),
            ("/series/{id}", series(world, &closed)),
            ("{number}", "1".into()),
            ("/setup/roles/{id}", one(&format!("select cast(min(id) as text) from memberships where person_id = {bystander}"))),
            ("/members/requests/{id}", "1".into()),
            ("/members/{id}", lily),
            ("/files/{id}", file),
            ("/tokens/{id}", "1".into()),
            ("/me/feeds/{id}", "1".into()),
            ("/dev/mail/{id}", "1".into()),
            ("/process/{id}", "end-to-end".into()),
            ("/versions/{hash}", world.app.documents.in_force().by_id("end-to-end").unwrap().hash.clone()),
            ("/proposals/{id}", id("proposals")),
            ("{draft}", written),
            ("/tables/{table}", "0".into()),
            (
                "/poster/{site}",
                one(&format!(
                    "select s.code from change_sites x join sites s on s.id = x.site_id join changes c on c.id = x.change_id where c.reference = '{closed}' limit 1"
                )),
            ),
            ("{site}", one("select code from sites order by code limit 1")),
            ("{entry}", "printer_queue".into()),
            ("{act}", "say".into()),
            ("{step}", "what".into()),
            ("{token}", "no-such-token".into()),
            ("/boards/{id}", id("boards")),
            ("/meetings/{id}", id("meetings")),
        ]);
        Place { known, changes: [("over", closed), ("to be decided", deciding), ("draft", draft)], of_letters: vec![] }
    }

    /// The addresses of a route, each with what it is about; none where this file does not know how to fill it in.
    fn addresses(&self, path: &str) -> Vec<(&'static str, String)> {
        if path.starts_with("/assets/") {
            return vec![("", web::assets::asset("signalbox.css").to_owned())];
        }
        let fill = |mut address: String| {
            // Only a text that is still being written can be changed.
            for part in ["/text", "/tables/{table}"] {
                address = address.replace(&format!("/proposals/{{id}}{part}"), &format!("/proposals/{{draft}}{part}"));
            }
            for (place, value) in &self.known {
                let hole = &place[place.find('{').unwrap()..];
                if address.contains(place) {
                    let filled = place.replace(hole, value);
                    address = address.replace(place, &filled);
                }
            }
            (!address.contains('{')).then_some(address)
        };
        if path.contains("{ref}") {
            return self.changes.iter().filter_map(|(about, reference)| Some((*about, fill(path.replace("{ref}", reference))?))).collect();
        }
        fill(path.to_owned()).map(|address| ("", address)).into_iter().collect()
    }
}

async fn become_somebody(client: &mut Client<'_>, email: &str) {
    client.get("/demo").await;
    if !email.is_empty() {
        let reply = client.post("/demo", &[("person", email)]).await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{email}: {}", reply.text());
        client.get("/me").await;
    }
}

/// What somebody types who wants to join.
const NEWCOMER: [(&str, &str); 4] =
    [("name", "Ola Reed"), ("email", "ola.reed@northbrook.example"), ("job", "Ward manager"), ("reason", "I plan rotas around the work.")];

/// The request to join of that somebody.
fn registration(world: &World) -> String {
    world.app.db.read(|tx| tx.one("select cast(id as text) from registrations where state = 'address_confirmed'", &[], |row| row.text(0))).unwrap()
}

fn expected() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/expected/access.txt")
}

/// One request of everybody on every route, POST with no field filled in.
async fn ask_everything(world: &World, place: &Place) -> (String, Vec<String>) {
    let mut faults = BTreeSet::new();
    let mut answers: BTreeMap<String, Vec<(&str, StatusCode)>> = BTreeMap::new();
    // All reading before any writing, so that nobody's answer hangs on who came before.
    for method in [Method::GET, Method::POST] {
        for (n, (name, email)) in CALLERS.iter().enumerate() {
            let mut client = world.stranger();
            client.address = [192, 0, 2, 10 + n as u8].into();
            become_somebody(&mut client, email).await;
            for route in web::ROUTES.iter().filter(|route| route.method == method) {
                let addresses = place.addresses(route.path);
                assert!(!addresses.is_empty(), "no address is known for {}", route.path);
                for (about, address) in addresses {
                    let reply = if method == Method::GET { client.get(&address).await } else { client.post(&address, &[]).await };
                    assert!(!reply.status.is_server_error(), "{name} {method} {address}: {}", reply.text());
                    let row = format!("{method} {}{}", route.path, if about.is_empty() { String::new() } else { format!(" ({about})") });
                    answers.entry(row).or_default().push((name, reply.status));
                    let is_file = reply.header("content-disposition").starts_with("attachment");
                    if reply.header("content-type").starts_with("text/html") && !reply.body.is_empty() && !is_file {
                        let mut page = crate::pages::faults(&reply.body);
                        if reply.status == StatusCode::OK {
                            // The whole text of a process with its tables, which somebody reads for long, may weigh more.
                            let most = if route.path.starts_with("/process/") { DOCUMENT_MAX_BYTES } else { WEIGHT_MAX_BYTES };
                            page.extend(crate::pages::weight_fault(&reply.body, most));
                        }
                        faults.extend(page.into_iter().map(|fault| format!("{name} {method} {address}: {fault}")));
                        keep_page(&format!("live-{name}-{method}-{}-{about}", route.path), &reply.body);
                    }
                }
                if route.path.starts_with("/sign-out") {
                    become_somebody(&mut client, email).await;
                }
            }
        }
    }
    let mut found = String::from("# Status of every route for everybody, POST with no field filled in. UPDATE_EXPECTED=1 writes this file anew.\n");
    for (path, row) in &answers {
        let _ = write!(found, "{path}\n   ");
        let mut by_status: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
        for (name, status) in row {
            by_status.entry(status.as_u16()).or_default().push(name);
        }
        for (status, names) in by_status {
            let _ = write!(found, " {status}: {};", if names.len() == CALLERS.len() { "everybody".to_owned() } else { names.join(" ") });
        }
        found.push('\n');
    }
    (found, faults.into_iter().collect())
}

#[test]
fn every_route_answers_everybody_as_the_file_says() {
    for_each_target(|target| {
        runtime().block_on(async {
            let world = World::open_with(target, config(BaseUrl::parse(BASE).unwrap(), true));
            let mut place = Place::make(&world);
            let mut newcomer = world.stranger();
            newcomer.get("/join").await;
            newcomer.post("/join", &NEWCOMER).await;
            let letters = world.step_worker();
            let link = crate::world::link_in(letters.iter().find(|mail| mail.to == NEWCOMER[1].1).unwrap());
            newcomer.get(&link).await;
            newcomer.post(&link, &[]).await;
            place.known.insert("/members/requests/{id}", registration(&world));
            let (found, faults) = ask_everything(&world, &place).await;
            if std::env::var_os("UPDATE_EXPECTED").is_some() {
                std::fs::write(expected(), &found).unwrap();
            }
            let wanted = std::fs::read_to_string(expected()).unwrap_or_default();
            let different: Vec<_> = found.lines().filter(|line| !wanted.contains(line)).collect();
            assert_eq!(found, wanted, "the access matrix changed ({different:?}): look at the difference, then run again with UPDATE_EXPECTED=1");
            assert!(faults.is_empty(), "{} faults of markup:\n{}", faults.len(), faults.join("\n"));
        });
    });
}

/// Who looks at a page, so that it shows all that it can.
fn onlooker(path: &str, about: &str) -> &'static str {
    match path {
        _ if about == "draft" => "Ruth Ellery",
        "/setup/rates" | "/setup/rates/{id}" | "/setup/rates/new" => "Elsie Marsh",
        "/changes/{ref}/public-notice" => "Margaret Osei",
        _ if path.starts_with("/setup") => "Ada Byrne",
        _ if path.starts_with("/members") => "Sam Okoro",
        "/decide/{ref}" => "Margaret Osei",
        "/proposals/{id}/for-you" => "Sam Okoro",
        _ if path.starts_with("/proposals") => "Margaret Osei",
        "/ops" | "/handover" | "/handover/{id}" => "Carl Dunne",
        _ if path.starts_with("/requests") || path.starts_with("/series") => "Sam Okoro",
        _ if path.starts_with("/boards") || path.starts_with("/meetings") => "Margaret Osei",
        "/on-call" => "Margaret Osei",
        _ => "Priya Nair",
    }
}

/// Whether a route answers with a page: not a file, a feed or a health check.
fn is_page(path: &str) -> bool {
    !(path.starts_with("/assets/")
        || path.ends_with(".csv")
        || path.ends_with(".txt")
        || path == "/signing-key"
        || path.starts_with("/feeds/")
        || path.ends_with(".ics")
        || path == "/healthz"
        || path.starts_with("/status.")
        || path.contains("/files/"))
}

/// Looks at every route with a window of this width. What is wrong, and how many pages were seen.
async fn look_at_everything(base: &str, place: &Place, width: u32) -> Option<(Vec<String>, usize)> {
    let browser = Browser::start(Scripts::On).await?;
    let mut visits: Vec<(&str, String)> = vec![];
    for route in web::ROUTES.iter().filter(|route| route.method == Method::GET && is_page(route.path)) {
        for (about, address) in place.addresses(route.path) {
            // Only what is to be decided can be, and only a draft has steps.
            let is_apt = match route.path {
                "/decide/{ref}" => about == "to be decided",
                "/changes/{ref}/edit/{step}" => about == "draft",
                _ => true,
            };
            if is_apt {
                visits.push((onlooker(route.path, about), address));
            }
        }
    }
    visits.extend(place.of_letters.iter().map(|address| ("", address.clone())));
    visits.extend(["/", "/sign-in", "/join", "/tonight", "/process", "/no-such-page"].map(|path| ("", path.to_owned())));
    visits.sort_by_key(|(person, _)| *person);
    let (mut faults, mut now_is) = (vec![], "");
    for (person, address) in &visits {
        if now_is != *person {
            browser.open(&format!("{base}/demo"), width).await;
            browser.press(&format!("Be {person}")).await;
            now_is = person;
        }
        browser.open(&format!("{base}{address}"), width).await;
        let broken = browser.axe().await;
        faults.extend(broken.iter().map(|found| format!("{person} {address} at {width}: {found:?}")));
        let over = browser.overflow().await;
        if over > 0 {
            faults.push(format!("{person} {address} at {width} reaches {over} pixels too far"));
        }
        browser.picture(&format!("live-{width}-{}-{}", address.replace('/', "-"), person.replace(' ', "-"))).await;
    }
    Some((faults, visits.len()))
}

#[test]
fn axe_finds_nothing_on_any_live_page() {
    let folder = TempDir::new();
    runtime().block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let base = format!("http://{address}");
        let world = World::open_with(&Target::Sqlite(folder.path().to_owned()), config(BaseUrl::of_listener(address), false));
        let mut place = Place::make(&world);
        let mails = &world.app.mailbox;
        while signalbox::worker::step(&world.app, mails).unwrap() > 0 {}
        place.known.insert("/dev/mail/{id}", mails.newest_first()[0].id.clone());
        let service = web::router(world.app.clone()).into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        let Some(browser) = Browser::start(Scripts::Off).await else { return };
        browser.open(&format!("{base}/join"), 1280).await;
        for (label, (_, typed)) in ["Your name", "Work e-mail", "What you do (optional)", "Why do you need access?"].into_iter().zip(NEWCOMER) {
            browser.fill(label, typed).await;
        }
        browser.press("Ask to join").await;
        browser.open(&format!("{base}/password"), 1280).await;
        browser.fill("Work e-mail", BYSTANDER).await;
        browser.press("Send the link").await;
        while signalbox::worker::step(&world.app, mails).unwrap() > 0 {}
        let link_to = |who: &str| {
            let letter = mails.newest_first().into_iter().find(|letter| letter.to == who).unwrap();
            let link = letter.text.split_whitespace().find_map(|word| word.strip_prefix(&base)).unwrap_or_else(|| panic!("no link in {}", letter.text));
            link.to_owned()
        };
        let (confirm, password) = (link_to(NEWCOMER[1].1), link_to(BYSTANDER));
        browser.open(&format!("{base}{confirm}"), 1280).await;
        browser.press("Yes, it is mine").await;
        place.known.insert("/members/requests/{id}", registration(&world));
        place.of_letters = vec![password];
        let (wide, narrow) = tokio::join!(look_at_everything(&base, &place, 1280), look_at_everything(&base, &place, 320));
        let (Some((mut faults, seen)), Some((more, _))) = (wide, narrow) else { return };
        faults.extend(more);
        assert!(seen > 60, "only {seen} pages were looked at");
        assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    });
}
