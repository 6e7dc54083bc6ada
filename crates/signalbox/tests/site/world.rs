//! A world to test in: the whole site over a fresh database, with a clock that moves when told, and people who
//! come with a browser of their own or with a token. Everything goes through the router, as a request would.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use jiff::{SignedDuration, Timestamp};
use signalbox::accounts::letters::Mail;
use signalbox::app::{App, Shared};
use signalbox::clock::{Clock, IdSource, Token};
use signalbox::config::{BaseUrl, Config, MailRoute, Team};
use signalbox::deliver::{Envelope, Mailbox};
use signalbox::{web, worker};
use signalbox_core::actor::{OrgKind, Role};
use signalbox_store::accounts::{NewMembership, Person, grant_role, set_password, upsert_person};
use signalbox_store::directory::{Clinician, OnDifference, Organisation, clinicians_of, save_clinician, upsert_organisation};
use signalbox_store::{Db, Target};
use tower::ServiceExt;

use crate::harness::for_each_target;

/// The password of everybody whom a test makes.
pub const PASSWORD: &str = "eleven green bottles";

/// Where the site stands.
pub const BASE: &str = "https://change.example.org";

/// The site and what a test may turn.
pub struct World {
    pub app: Shared,
    pub clock: Clock,
    router: Router,
}

/// Runs a story on each engine, each in a world of its own.
pub fn on_each_engine<F: Future<Output = ()>>(story: impl Fn(World) -> F) {
    for_each_target(|target| runtime().block_on(story(World::open(target))));
}

/// What a test runs on.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// The usual settings.
pub fn settings() -> Config {
    Config {
        base: BaseUrl::parse(BASE).unwrap(),
        is_base_named: true,
        proxy: None,
        processes: None,
        static_copy: None,
        silences: Default::default(),
        mail_checked_by: None,
        mail: MailRoute::Kept,
        team: Team {
            name: "Change team".into(),
            email: "change@authority.example".into(),
            telephone: "020 7946 0100".into(),
            hours: "Monday to Friday, 08:00 to 18:00".into(),
        },
        is_demo: false,
    }
}

impl World {
    /// A site at [`BASE`] with nobody in it, on Tuesday 17 November 2026 at noon.
    pub fn open(target: &Target) -> World {
        World::open_with(target, settings())
    }

    /// The same with settings of the test's own.
    pub fn open_with(target: &Target, config: Config) -> World {
        World::over(Db::open(target).unwrap(), config)
    }

    /// The same over a database that the test has opened itself.
    pub fn over(db: Db, config: Config) -> World {
        let clock = Clock::held_at("2026-11-17T12:00:00Z".parse().unwrap());
        let app = App::new(db, clock.clone(), IdSource::seeded(1), config);
        World { router: web::router(app.clone()), app, clock }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn advance(&self, step: SignedDuration) {
        self.clock.advance(step);
    }

    /// A new organisation. Its mail comes from `CODE.example`.
    pub fn organisation(&self, code: &str, kind: OrgKind) -> i64 {
        let (id, act) = (self.app.ids.mint(self.now()), self.app.act(None, self.now()));
        let org = Organisation {
            id,
            code: code.to_uppercase(),
            name: format!("{code} {}", kind.words()),
            kind,
            ods_code: None,
            email_domain: Some(format!("{}.example", code.to_lowercase())),
            zone: "Europe/London".into(),
            calendar: "england-and-wales".into(),
            is_active: true,
            merged_into: None,
            is_open_tonight: false,
        };
        self.app.attempt(move |tx| upsert_organisation(tx, &act, &org, OnDifference::Report)).unwrap();
        id
    }

    /// A new person with the [`PASSWORD`] and these roles.
    pub fn person(&self, email: &str, name: &str, roles: &[(i64, Role)]) -> i64 {
        let id = self.app.ids.mint(self.now());
        let person = Person::new(id, email, name);
        let act = self.app.act(None, self.now());
        let hash = hash_of_password();
        self.app.attempt(move |tx| upsert_person(tx, &act, &person, OnDifference::Report)).unwrap();
        let act = self.app.act(None, self.now());
        self.app.attempt(move |tx| set_password(tx, &act, id, hash)).unwrap();
        for (org, role) in roles {
            self.grant(id, *org, *role);
        }
        id
    }

    /// Gives a role; the membership's id.
    pub fn grant(&self, person_id: i64, org_id: i64, role: Role) -> i64 {
        let act = self.app.act(None, self.now());
        let id = self.app.ids.mint(self.now());
        let new = NewMembership { id, person_id, org_id, role, service_id: None };
        let granted = self.app.attempt(move |tx| grant_role(tx, &act, &new)).unwrap();
        if role.is_safety_officer() {
            self.register(person_id, org_id, "2099-12-31");
        }
        granted
    }

    /// A registration under which a safety officer signs until this day, in place of the one before.
    pub fn register(&self, person_id: i64, org_id: i64, expires_on: &str) {
        let (id, act, expires_on) = (self.app.ids.mint(self.now()), self.app.act(None, self.now()), expires_on.parse().unwrap());
        self.app
            .attempt(move |tx| {
                let before = clinicians_of(tx, person_id)?.into_iter().find(|row| row.org_id == org_id);
                let new = || Clinician {
                    id,
                    person_id,
                    org_id,
                    body: "GMC".into(),
                    number: "7012345".into(),
                    checked_on: "2020-01-01".parse().unwrap(),
                    expires_on,
                    trained_on: None,
                    letter: "Letter of appointment".into(),
                    deputy_id: None,
                    ended_at: None,
                };
                let row = before.map_or_else(new, |row| Clinician { expires_on, ..row });
                save_clinician(tx, &act, &row)
            })
            .unwrap();
    }

    /// Somebody with a browser who has not signed in.
    pub fn stranger(&self) -> Client<'_> {
        Client { world: self, cookies: BTreeMap::new(), form_token: None, bearer: None, address: [192, 0, 2, 1].into() }
    }

    /// Somebody with a browser who has signed in with the [`PASSWORD`].
    pub async fn sign_in(&self, email: &str) -> Client<'_> {
        let mut client = self.stranger();
        client.get("/sign-in").await;
        let reply = client.post("/sign-in", &[("email", email), ("password", PASSWORD)]).await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{email} can’t sign in: {}", reply.body);
        // A page with a form, so that the next post carries the token of this session.
        client.get("/me").await;
        client
    }

    /// A program with a bearer token.
    pub fn program(&self, token: &str) -> Client<'_> {
        Client { bearer: Some(token.to_owned()), ..self.stranger() }
    }

    /// Lets the worker do what is due, and gives the letters that went out since the last time.
    pub fn step_worker(&self) -> Vec<Mail> {
        self.post().into_iter().map(|e| Mail { to: e.to, subject: e.subject, text: e.text }).collect()
    }

    /// The same, in their envelopes.
    pub fn post(&self) -> Vec<Envelope> {
        let bag = Mailbox::default();
        while worker::step(&self.app, &bag).unwrap() > 0 {}
        let mut letters = bag.newest_first();
        letters.reverse();
        letters
    }

    /// A request as it is, for tests of what no browser would send.
    pub async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Reply { status: parts.status, headers: parts.headers, body: String::from_utf8_lossy(&bytes).into_owned() }
    }
}

pub fn hash_of_password() -> &'static str {
    static HASH: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    HASH.get_or_init(|| {
        let passwords = signalbox::accounts::Passwords::default();
        passwords.hash(PASSWORD, Token([9; 32])).unwrap()
    })
}

/// Somebody at the other end: a browser with its cookies, or a program with its token.
#[derive(Clone)]
pub struct Client<'a> {
    world: &'a World,
    pub cookies: BTreeMap<String, String>,
    /// The token of the last form seen.
    pub form_token: Option<String>,
    pub bearer: Option<String>,
    pub address: IpAddr,
}

impl Client<'_> {
    pub async fn get(&mut self, path: &str) -> Reply {
        let request = self.request(Method::GET, path);
        self.ask(request.body(Body::empty()).unwrap()).await
    }

    /// Sends a form with the token of the last page, as a browser would.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let mut fields = fields.to_vec();
        let token = self.form_token.clone();
        if let Some(token) = &token {
            fields.insert(0, ("csrf", token));
        }
        self.post_bare(path, &fields).await
    }

    /// Sends just these fields.
    pub async fn post_bare(&mut self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.request(Method::POST, path);
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = request.header(header::ORIGIN, BASE).header("sec-fetch-site", "same-origin");
        self.ask(request.body(Body::from(body)).unwrap()).await
    }

    /// The start of a request with what this client always sends.
    pub fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "change.example.org");
        if !self.cookies.is_empty() {
            let line: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, line.join("; "));
        }
        if let Some(bearer) = &self.bearer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {bearer}"));
        }
        request
    }

    /// Asks without taking anything along from the answer.
    pub async fn look(&self, method: &Method, path: &str) -> Reply {
        let mut request = self.request(method.clone(), path).body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(self.address, 40_000)));
        self.world.send(request).await
    }

    /// Sends a request, keeps the cookies and the form token of the answer.
    pub async fn ask(&mut self, mut request: Request<Body>) -> Reply {
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(self.address, 40_000)));
        let reply = self.world.send(request).await;
        for line in reply.headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        if let Some(token) = reply.field("csrf") {
            self.form_token = Some(token);
        }
        reply
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Reply {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Where a redirect leads.
    pub fn location(&self) -> &str {
        self.header("location")
    }

    /// The value of the first input with this name.
    pub fn field(&self, name: &str) -> Option<String> {
        let page = scraper::Html::parse_document(&self.body);
        let input = scraper::Selector::parse(&format!("input[name='{name}']")).unwrap();
        let value = page.select(&input).next().and_then(|found| found.value().attr("value"));
        value.map(str::to_owned)
    }

    /// The words on the page.
    pub fn text(&self) -> String {
        let page = scraper::Html::parse_document(&self.body);
        page.root_element().text().collect::<Vec<_>>().join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("no JSON ({error}): {}", self.body))
    }
}

/// The link in a letter, as a path of the site.
pub fn link_in(mail: &Mail) -> String {
    let at = mail.text.find(BASE).unwrap_or_else(|| panic!("no link in: {}", mail.text));
    mail.text[at + BASE.len()..].split_whitespace().next().unwrap().to_owned()
}
