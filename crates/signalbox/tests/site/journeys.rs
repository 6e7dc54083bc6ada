//! Whole journeys in a real browser, from "Raise a change" to the end of its record, in the demonstration's world.
//!
//! A journey is a page of plain words under `journeys/`: who somebody is, what they press, what they read then. Each
//! is walked twice: with scripts over SQLite, and with scripts switched off over PostgreSQL (settled 23, 25).
//! Pictures of the main stages are put in target/pictures.
//!
//! One step stands on each line. `{ref}` is the reference that `remember` took from the address.
//!
//! ```text
//! be NAME                       sign in as somebody of the demonstration, with one click
//! open PATH                     go to an address
//! follow WORDS · press WORDS    a link · a button
//! unfold WORDS                  something that opens in its place
//! fill LABEL = TEXT             type into a box; `date LABEL = 2026-12-08` into a box for a date
//! pick LABEL = OPTION           from a list
//! choose QUESTION = ANSWER      a radio button or a tick under its question
//! set QUESTION = DATE TIME      a date and a time under their question
//! in WORDS: STEP                the step within the list entry or row that holds these words
//! see WORDS · see no WORDS      what the page says, and what it does not
//! holds LABEL = TEXT            what a control still holds
//! remember                      the reference in the address
//! clock TIME                    the time it is from now on
//! post                          the worker does what is due, and letters go out
//! picture NAME · narrow NAME    a picture at 1280 and at 320 pixels; with scripts, axe looks as well
//! ```

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use jiff::Timestamp;
use signalbox::app::{App, Shared};
use signalbox::clock::{Clock, IdSource};
use signalbox::config::{BaseUrl, Config, MailRoute, Team};
use signalbox::{demo, web, worker};
use signalbox_store::{Db, Target};

use crate::browser::{Browser, Scripts, quoted};
use crate::harness::TempDir;
use crate::pg;

/// A Tuesday at noon: the world stands here when a journey begins.
const NOW: &str = "2026-11-17T12:00:00Z";
const WIDE: u32 = 1280;
const NARROW: u32 = 320;

/// More work than this around them, and the journeys only take longer.
const CHANGES: usize = 24;

/// Each journey as a test on either engine.
macro_rules! journeys {
    ($($test:ident => $name:literal,)*) => {
        mod with_scripts_over_sqlite {
            $(#[test] fn $test() { super::walk_with_scripts($name); })*
        }
        mod without_scripts_over_postgres {
            $(#[test] fn $test() { super::walk_without_scripts($name); })*
        }
        const WALKED: &[&str] = &[$($name),*];
    };
}

journeys! {
    a_normal_change_raised_by_a_trust => "trust",
    a_normal_change_by_the_supplier_that_touches_three_trusts => "supplier",
    a_normal_change_raised_by_the_authority => "authority",
    a_service_request => "request",
    a_planned_outage_in_time => "outage_in_time",
    a_planned_outage_at_short_notice => "outage_short",
    a_new_version_of_the_process_by_two_people => "process",
}

fn walk_with_scripts(name: &str) {
    let folder = TempDir::new();
    walk(name, Scripts::On, &sqlite_copy(&folder));
}

fn walk_without_scripts(name: &str) {
    // Without a server the harness says so, loudly.
    let Some(server) = pg::shared() else { return };
    let copy = server.copy_database(postgres_world(server));
    walk(name, Scripts::Off, &Target::Postgres(copy.url.clone()));
}

fn walk(name: &str, scripts: Scripts, target: &Target) {
    let file = folder().join(format!("{name}.txt"));
    let words = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(walk_on(name, &words, scripts, target));
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/site/journeys")
}

async fn walk_on(name: &str, words: &str, scripts: Scripts, target: &Target) {
    let Some(browser) = Browser::start(scripts).await else { return };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let clock = Clock::held_at(at(NOW));
    let config = config(BaseUrl::of_listener(listener.local_addr().unwrap()));
    let app = App::new(Db::open(target).unwrap(), clock.clone(), IdSource::new(), config);
    let service = web::router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let answering = tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    browser.resize(WIDE, 900).await;
    let mut walker = Walker { name, scripts, browser, app, clock, reference: String::new(), line: String::new() };
    for (n, line) in words.lines().enumerate() {
        let step = line.trim();
        if !step.is_empty() && !step.starts_with('#') {
            walker.line = format!("{name}.txt:{}: {step} ({scripts:?})", n + 1);
            walker.step(&step.replace("{ref}", &walker.reference)).await;
        }
    }
    answering.abort();
}

/// The world, made once for each engine and copied for each journey.
fn sqlite_copy(folder: &TempDir) -> Target {
    static WORLD: OnceLock<TempDir> = OnceLock::new();
    let world = WORLD.get_or_init(|| {
        let folder = TempDir::new();
        furnish(&Target::Sqlite(folder.path().to_owned()));
        folder
    });
    for file in std::fs::read_dir(world.path()).unwrap().flatten() {
        std::fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    Target::Sqlite(folder.path().to_owned())
}

fn postgres_world(server: &pg::Server) -> &'static pg::Database {
    static WORLD: OnceLock<pg::Database> = OnceLock::new();
    WORLD.get_or_init(|| {
        let database = server.create_database();
        furnish(&Target::Postgres(database.url.clone()));
        database
    })
}

fn furnish(target: &Target) {
    let db = Db::open(target).unwrap();
    let config = config(BaseUrl::parse("http://127.0.0.1:9").unwrap());
    demo::make_of(&db, &config, at(NOW), 1, CHANGES).expect("the demonstration's world");
}

/// The settings of a demonstration at this address.
pub fn config(base: BaseUrl) -> Config {
    let team = Team { name: "Change team".into(), email: String::new(), telephone: String::new(), hours: String::new() };
    let mut config = Config {
        base,
        is_base_named: false,
        proxy: None,
        processes: None,
        static_copy: None,
        silences: Default::default(),
        mail_checked_by: None,
        mail: MailRoute::Kept,
        team,
        is_demo: true,
    };
    demo::call_the_team(&mut config);
    config
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
}

/// Somebody at the browser, with a page of words in hand.
struct Walker<'w> {
    name: &'w str,
    scripts: Scripts,
    browser: Browser,
    app: Shared,
    clock: Clock,
    reference: String,
    /// The step being taken, for whoever reads why it failed.
    line: String,
}

impl Walker<'_> {
    async fn step(&mut self, step: &str) {
        if let Some(rest) = step.strip_prefix("in ") {
            let (words, step) = rest.split_once(": ").unwrap_or_else(|| panic!("{}: no step", self.line));
            let words = quoted(words);
            let place = format!("(//li[contains(normalize-space(.), {words})] | //tr[contains(normalize-space(.), {words})])[last()]");
            return self.step_in(&place, step).await;
        }
        self.step_in("", step).await;
    }

    async fn step_in(&mut self, place: &str, step: &str) {
        let (verb, rest) = step.split_once(' ').unwrap_or((step, ""));
        let pair = || rest.split_once(" = ").unwrap_or_else(|| panic!("{}: a label, “ = ” and a value", self.line));
        match verb {
            "be" => {
                self.open("/demo").await;
                self.press("", &format!("Be {rest}")).await;
            }
            "open" => self.open(rest).await,
            "follow" => self.follow(place, rest).await,
            "press" => self.press(place, rest).await,
            "unfold" => self.unfold(place, rest).await,
            "fill" => self.fill(&labelled(place, pair().0), pair().1).await,
            "date" => self.type_date(&labelled(place, pair().0), pair().1).await,
            "pick" => self.pick(place, pair().0, pair().1).await,
            "choose" => self.choose(place, pair().0, pair().1).await,
            "set" => self.set(place, pair().0, pair().1).await,
            "see" => self.see(rest).await,
            "holds" => self.holds(place, pair().0, pair().1).await,
            "remember" => self.remember().await,
            "clock" => self.clock.set(at(rest)),
            "post" => while worker::step(&self.app, &self.app.mailbox).unwrap() > 0 {},
            "picture" => self.picture(rest, WIDE).await,
            "narrow" => self.picture(rest, NARROW).await,
            _ => panic!("{}: no such step", self.line),
        }
    }

    async fn open(&self, path: &str) {
        self.browser.open(&self.app.config.base.link(path), WIDE).await;
    }

    async fn find(&self, xpath: &str) -> fantoccini::elements::Element {
        match self.browser.maybe(xpath).await {
            Some(element) => element,
            None => self.stuck(&format!("nothing at {xpath}")).await,
        }
    }

    /// Ends the walk, and says what the page said.
    async fn stuck(&self, why: &str) -> ! {
        let text = self.browser.text().await;
        let (path, kept) = (self.browser.path().await, self.browser.picture(&format!("stuck {} {:?}", self.name, self.scripts)).await);
        panic!("{}: {why}\n{path}\n{}\n{text}", self.line, kept.display());
    }

    async fn press(&self, place: &str, words: &str) {
        let button = self.find(&format!("{place}//button[normalize-space(.)={}]", quoted(words))).await;
        self.browser.go_by(button).await;
    }

    /// A link of just these words, or the first that holds them.
    async fn follow(&self, place: &str, words: &str) {
        let words = quoted(words);
        let exact = self.browser.maybe(&format!("{place}//a[normalize-space(.)={words}]")).await;
        let link = match exact {
            Some(link) => link,
            None => self.find(&format!("{place}//a[contains(normalize-space(.), {words})]")).await,
        };
        self.browser.go_by(link).await;
    }

    async fn unfold(&self, place: &str, words: &str) {
        self.click(&format!("{place}//summary[contains(normalize-space(.), {})]", quoted(words))).await;
    }

    async fn click(&self, xpath: &str) {
        if let Err(error) = self.find(xpath).await.click().await {
            self.stuck(&error.to_string()).await;
        }
    }

    async fn fill(&self, xpath: &str, text: &str) {
        let control = self.find(xpath).await;
        let typed = async {
            control.clear().await?;
            control.send_keys(&text.replace("\\n", "\n")).await
        };
        if let Err(error) = typed.await {
            self.stuck(&error.to_string()).await;
        }
    }

    async fn pick(&self, place: &str, label: &str, option: &str) {
        let list = self.find(&labelled(place, label)).await;
        if let Err(error) = list.select_by_label(option).await {
            self.stuck(&error.to_string()).await;
        }
    }

    async fn choose(&self, place: &str, question: &str, answer: &str) {
        self.click(&format!("{}//label[normalize-space(.)={}]", group(place, question), quoted(answer))).await;
    }

    async fn set(&self, place: &str, question: &str, moment: &str) {
        let (date, time) = moment.split_once(' ').unwrap_or_else(|| panic!("{}: a date and a time", self.line));
        let group = group(place, question);
        self.type_date(&format!("{group}//input[@type='date']"), date).await;
        self.type_time(&format!("{group}//input[@type='time']"), time).await;
    }

    async fn type_date(&self, xpath: &str, date: &str) {
        let [year, month, day] = date.split('-').collect::<Vec<_>>()[..] else { panic!("{}: a date", self.line) };
        self.type_either(xpath, [format!("{month}{day}{year}"), format!("{day}{month}{year}")], date).await;
    }

    async fn type_time(&self, xpath: &str, time: &str) {
        let (hour, minute) = time.split_once(':').unwrap_or_else(|| panic!("{}: a time", self.line));
        let hour: u32 = hour.parse().unwrap();
        let half = if hour < 12 { "AM" } else { "PM" };
        let of_twelve = if hour.is_multiple_of(12) { 12 } else { hour % 12 };
        self.type_either(xpath, [format!("{of_twelve:02}{minute}{half}"), format!("{hour:02}{minute}")], time).await;
    }

    /// Dates and times are typed as the browser's own country writes them, and which that is depends on the machine.
    async fn type_either(&self, xpath: &str, ways: [String; 2], wanted: &str) {
        let control = self.find(xpath).await;
        for keys in ways {
            control.clear().await.unwrap();
            control.send_keys(&keys).await.unwrap();
            if control.prop("value").await.unwrap().is_some_and(|value| value == wanted) {
                return;
            }
        }
        self.stuck(&format!("{wanted} can’t be typed")).await;
    }

    async fn see(&self, words: &str) {
        let (words, is_absent) = words.strip_prefix("no ").map_or((words, false), |words| (words, true));
        let text = self.browser.text().await.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.contains(words) == is_absent {
            self.stuck(if is_absent { "the page says so" } else { "the page does not say so" }).await;
        }
    }

    async fn holds(&self, place: &str, label: &str, text: &str) {
        let value = self.find(&labelled(place, label)).await.prop("value").await.unwrap().unwrap_or_default();
        if value != text {
            self.stuck(&format!("it holds “{value}”")).await;
        }
    }

    async fn remember(&mut self) {
        let path = self.browser.path().await;
        let is_reference = |part: &&str| part.split('-').count() == 3 && part.split('-').next_back().is_some_and(|n| n.parse::<u32>().is_ok());
        match path.split(['/', '?']).find(is_reference) {
            Some(reference) => self.reference = reference.to_owned(),
            None => self.stuck("no reference in the address").await,
        }
    }

    /// Takes a picture with scripts, where axe looks as well; without them only sees that nothing stands out of the page.
    async fn picture(&self, name: &str, width: u32) {
        self.browser.resize(width, 900).await;
        let over = self.browser.overflow().await;
        if over > 0 {
            self.stuck(&format!("{over} pixels stand out of {width}")).await;
        }
        if self.scripts == Scripts::On {
            let found = self.browser.axe().await;
            if !found.is_empty() {
                self.stuck(&format!("axe: {found:?}")).await;
            }
            self.browser.picture(&format!("{} {name} {width}", self.name)).await;
        }
        self.browser.resize(WIDE, 900).await;
    }
}

/// The group of controls under a question.
fn group(place: &str, question: &str) -> String {
    format!("{place}//fieldset[legend[{}]]", said("normalize-space(.)", question))
}

/// The control of a label.
fn labelled(place: &str, label: &str) -> String {
    let label = said("normalize-space(.)", label);
    format!("{place}//*[self::input or self::select or self::textarea][@id=//label[{label}]/@for]")
}

/// A label says whether it is optional; a journey need not.
fn said(what: &str, words: &str) -> String {
    format!("{what}={} or {what}={}", quoted(words), quoted(&format!("{words} (optional)")))
}

#[test]
fn each_journey_written_is_walked() {
    let mut written: Vec<String> =
        std::fs::read_dir(folder()).unwrap().flatten().map(|f| f.path().file_stem().unwrap().to_string_lossy().into_owned()).collect();
    let mut walked = WALKED.to_vec();
    written.sort_unstable();
    walked.sort_unstable();
    assert_eq!(written, walked);
}
