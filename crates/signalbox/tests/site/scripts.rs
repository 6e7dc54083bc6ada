//! What people write never runs, seen by a real browser (S67, S72): forty ways to smuggle a script stand in every
//! field of text that there is, and every page that shows them is opened. A script that ran would leave a mark or open
//! a dialog; one that the policy stopped would leave a report in the browser's log, and that counts as a fault too:
//! the words should never have become markup.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use signalbox::app::{App, Shared};
use signalbox::clock::{Clock, IdSource};
use signalbox::config::BaseUrl;
use signalbox::run::{Expect, NewDraft};
use signalbox::{demo, web, worker};
use signalbox_core::act::Act;
use signalbox_core::actor::Actor;
use signalbox_core::change::Kind;
use signalbox_core::form::Raw;
use signalbox_core::ids::OrgId;
use signalbox_core::process::AnswerKind;
use signalbox_store::{Db, StoreError, Target, accounts, directory};

use crate::browser::{Browser, Scripts};
use crate::harness::TempDir;
use crate::journeys;
use crate::world::runtime;

const NOW: &str = "2026-11-17T12:00:00Z";

/// Each would set `window.ran` or open a dialog.
const PAYLOADS: [&str; 40] = [
    "<script>window.ran=1</script>",
    "</title><script>ran=1</script>",
    "</textarea><script>ran=1</script>",
    "</script><script>ran=1</script>",
    "</style><script>ran=1</script>",
    "<img src=x onerror=ran=1>",
    "\"><img src=x onerror=ran=1>",
    "'><img src=x onerror=ran=1>",
    "\" onmouseover=ran=1 autofocus onfocus=ran=1 x=\"",
    "' onfocus=ran=1 autofocus x='",
    "<svg onload=ran=1>",
    "<svg><script>ran=1</script></svg>",
    "<svg><animate onbegin=ran=1 attributeName=x dur=1s>",
    "<math><mtext><script>ran=1</script></mtext></math>",
    "<body onload=ran=1>",
    "<iframe src=javascript:parent.ran=1>",
    "<iframe srcdoc='<script>parent.ran=1</script>'>",
    "<object data=javascript:ran=1>",
    "<embed src=javascript:ran=1>",
    "<a href=javascript:ran=1>press</a>",
    "[press](javascript:ran=1)",
    "[press](JaVaScRiPt&colon;ran=1)",
    "![x](x\" onerror=\"ran=1)",
    "<details open ontoggle=ran=1>",
    "<video><source onerror=ran=1></video>",
    "<audio src=x onerror=ran=1>",
    "<input autofocus onfocus=ran=1>",
    "<select autofocus onfocus=ran=1>",
    "<marquee onstart=ran=1>",
    "<style>@import 'javascript:ran=1'</style>",
    "<link rel=stylesheet href=javascript:ran=1>",
    "<meta http-equiv=refresh content=0;url=javascript:ran=1>",
    "<base href=//evil.example/>",
    "<form action=javascript:ran=1><button>go</button></form>",
    "<button formaction=javascript:ran=1>go</button>",
    "&lt;script&gt;ran=1&lt;/script&gt;",
    "{{constructor.constructor('ran=1')()}}",
    "${ran=1}<%= ran=1 %>",
    "<x/onpointerrawupdate=ran=1 style=position:fixed;inset:0>",
    "<noscript><p title=\"</noscript><img src=x onerror=ran=1>\"></noscript>",
];

#[test]
fn s67_forty_payloads_in_every_field_never_run() {
    let folder = TempDir::new();
    runtime().block_on(story(&Target::Sqlite(folder.path().to_owned())));
}

async fn story(target: &Target) {
    let Some(browser) = Browser::start(Scripts::On).await else { return };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = journeys::config(BaseUrl::of_listener(listener.local_addr().unwrap()));
    let db = Db::open(target).unwrap();
    demo::make_of(&db, &config, NOW.parse().unwrap(), 1, 4).expect("the demonstration's world");
    // A little later than the world was made, so that ids of the two do not meet.
    let now = NOW.parse::<jiff::Timestamp>().unwrap() + jiff::SignedDuration::from_secs(1);
    let app = App::new(db, Clock::held_at(now), IdSource::new(), config);
    let references = smuggle(&app);
    while worker::step(&app, &app.mailbox).unwrap() > 0 {}
    let service = web::router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let answering = tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });

    browser.open(&app.config.base.link("/demo"), 1280).await;
    browser.press("Be Margaret Osei").await;
    let lists = [
        "/",
        "/changes",
        "/changes?q=ran",
        "/outages",
        "/promises",
        "/ops",
        "/tonight?site=NB",
        "/reports/success",
        "/reports/trust-raised",
        "/reports/schedule",
        "/schedule?view=month&from=2027-01-01",
        "/schedule?view=timeline&from=2027-01-18",
        "/schedule?view=table&from=2027-01-01",
        "/setup/organisations",
        "/setup/sites",
        "/setup/services",
        "/setup/items",
        "/setup/people",
        "/members",
        "/dev/mail",
        "/dev/mail/1",
        "/changes/new",
    ];
    let mut pages: Vec<String> = lists.into_iter().map(str::to_owned).collect();
    for (n, reference) in references.iter().enumerate() {
        pages.push(format!("/changes/{reference}"));
        // The other places show the same fields through the same parts, so each payload takes its turn at one.
        let elsewhere = [format!("/decide/{reference}"), format!("/changes/{reference}/acts/amend"), format!("/changes/{reference}/acts/reject")];
        pages.push(elsewhere[n % elsewhere.len()].clone());
    }
    browser.open("data:text/html,<script>ran=1</script>", 1280).await;
    assert!(browser.has_mark("ran").await, "a script that runs is seen");
    for page in &pages {
        browser.open(&app.config.base.link(page), 1280).await;
        assert!(!browser.has_mark("ran").await, "a script ran on {page}");
    }
    // A page that is fetched and morphed becomes markup under the policy of trusted types, and only that.
    browser.open(&app.config.base.link("/schedule?view=month&from=2027-01-01"), 1280).await;
    browser.mark("stays").await;
    browser.click("//a[@data-live][contains(normalize-space(.), 'Later')]").await;
    for _ in 0..100 {
        if browser.path().await.contains("from=2027-02-01") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(browser.path().await.contains("from=2027-02-01") && browser.has_mark("stays").await, "the next month came in its place");
    let reports: Vec<String> = browser.log().await.into_iter().filter(|line| line.contains("Content Security Policy")).collect();
    assert_eq!(reports, [""; 0], "the policy had to stop something");
    // The browser sees what is there: the first payload as words, on its own record.
    browser.open(&app.config.base.link(&format!("/changes/{}", references[0])), 1280).await;
    assert!(browser.text().await.contains(PAYLOADS[0]));
    answering.abort();
}

/// Forty changes of Northbrook, each with one payload in every answer that takes words, in a message, and in the name
/// of a place and of what stands there.
fn smuggle(app: &Shared) -> Vec<String> {
    let sam = actor(app, "sam.okoro@northbrook.example");
    let process = app.documents.of_kind(Kind::Normal).unwrap();
    let id = |sql: &'static str| app.db.read(move |tx| tx.one(sql, &[], |row| row.int(0))).unwrap();
    let trust = id("select id from organisations where code = 'NB'");
    rename(app, trust);
    let mut references = vec![];
    for payload in PAYLOADS {
        let mut raw = fixed();
        for question in &process.questions {
            match &question.answer {
                AnswerKind::Line { .. } | AnswerKind::Prose | AnswerKind::List => _ = raw.insert(question.id.clone(), vec![payload.to_owned()]),
                AnswerKind::PersonAndPhone => _ = raw.insert(format!("{}.name", question.id), vec![payload.to_owned()]),
                _ => {}
            }
        }
        let new = NewDraft { kind: Kind::Normal, org: OrgId(trust), on_behalf_of: Some(payload.to_owned()), copied_from: None, raw };
        let draft = app.raise(&sam, new, Expect::default()).unwrap();
        app.take(&sam, draft.id, Act::Submit, Raw::new(), Expect::default()).unwrap_or_else(|stop| panic!("{payload}: {stop:?}"));
        app.take(&sam, draft.id, Act::Say, BTreeMap::from([("words".to_owned(), vec![payload.to_owned()])]), Expect::default()).unwrap();
        references.push(draft.reference);
    }
    references
}

fn fixed() -> Raw {
    let answers = [
        ("why", "problem"),
        ("services", "NB-INT"),
        ("items", "NB-GW-1"),
        ("window.start.date", "2027-01-19"),
        ("window.start.time", "22:00"),
        ("window.end.date", "2027-01-20"),
        ("window.end.time", "02:00"),
        ("contingency_end.date", "2027-01-20"),
        ("contingency_end.time", "03:00"),
        ("contact_on_site.phone", "020 7946 0158"),
        ("network_affected", "yes"),
    ];
    answers.into_iter().map(|(id, value)| (id.to_owned(), vec![value.to_owned()])).collect()
}

/// Names of an organisation, a site, a service, an item and a person.
fn rename(app: &Shared, trust: i64) {
    let now = app.clock.now();
    let acts: Vec<directory::Act> = (0..5).map(|_| app.act(None, now)).collect();
    app.write::<_, StoreError>(move |tx| {
        let update = directory::OnDifference::Update;
        if let Some(mut org) = directory::organisation(tx, trust)? {
            org.name = PAYLOADS[6].to_owned();
            directory::upsert_organisation(tx, &acts[0], &org, update)?.unwrap();
        }
        let one = |tx: &mut dyn signalbox_store::Tx, sql: &'static str| tx.one(sql, &[], |row| row.int(0));
        let site = one(tx, "select id from sites where code = 'NB'")?;
        if let Some(mut site) = directory::site(tx, site)? {
            site.name = PAYLOADS[5].to_owned();
            directory::upsert_site(tx, &acts[1], &site, update)?.unwrap();
        }
        let service = one(tx, "select id from services where code = 'NB-INT'")?;
        if let Some(mut service) = directory::service(tx, service)? {
            service.name = PAYLOADS[10].to_owned();
            directory::upsert_service(tx, &acts[2], &service, update)?.unwrap();
        }
        let item = one(tx, "select id from items where code = 'NB-GW-1'")?;
        if let Some(mut item) = directory::item(tx, item)? {
            item.name = PAYLOADS[0].to_owned();
            directory::upsert_item(tx, &acts[3], &item, update)?.unwrap();
        }
        let person = one(tx, "select id from people where email = 'sam.okoro@northbrook.example'")?;
        if let Some(mut person) = accounts::person(tx, person)? {
            person.name = PAYLOADS[8].to_owned();
            accounts::upsert_person(tx, &acts[4], &person, update)?.unwrap();
        }
        Ok(())
    })
    .unwrap();
}

fn actor(app: &Shared, email: &'static str) -> Actor {
    app.read::<_, StoreError>(|tx| {
        let id = tx.one("select id from people where email = $1", &[email.into()], |row| row.int(0))?;
        Ok(accounts::actor(tx, id)?.unwrap().to_core())
    })
    .unwrap()
}
