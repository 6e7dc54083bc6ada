//! Doing the deeds: for each, somebody of the cast to whom the core offers the act takes it, with the form filled in
//! as a person would. What nobody may do is left undone, as in life.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use signalbox_core::act::Act;
use signalbox_core::actor::Actor;
use signalbox_core::calendar::{DEFAULT_ZONE, local as words, london};
use signalbox_core::change::{Change, Kind, Network, Outcome, Stage as At};
use signalbox_core::clinical;
use signalbox_core::decide::{assess, fields};
use signalbox_core::form::Raw;
use signalbox_core::ids::OrgId;
use signalbox_core::learn::asked_whether_it_worked;
use signalbox_core::permit::permit;
use signalbox_core::process::TimerAct;
use signalbox_core::public;
use signalbox_core::schedule::recurrence::Typed;
use signalbox_store::public::Wording;
use signalbox_store::{StoreError, directory, outbox};

use super::cast::{KITS, ORGS};
use super::special::CLOSING;
use super::stories::{Deed, Story};
use super::{Cast, Unmade};
use crate::app::Shared;
use crate::run::{Expect, NewAttachment, NewDraft, Situation, Stop};
use crate::web::series;

/// Where the stories are played.
pub(super) struct Stage<'a> {
    app: &'a Shared,
    cast: &'a Cast,
    /// The change of each story, once it is raised.
    changes: Vec<Option<i64>>,
    /// The dates of each story that comes again.
    dates: BTreeMap<usize, Vec<i64>>,
    /// When the world is looked at.
    pub(super) until: Timestamp,
}

impl<'a> Stage<'a> {
    pub(super) fn new(app: &'a Shared, cast: &'a Cast, stories: usize, until: Timestamp) -> Stage<'a> {
        Stage { app, cast, changes: vec![None; stories], dates: BTreeMap::new(), until }
    }

    /// Plays one deed of one story.
    pub(super) fn play(&mut self, story: &Story, n: usize, deed: &Deed) -> Result<(), Unmade> {
        if *deed == Deed::Raise {
            self.changes[n] = self.raise(story)?;
            return Ok(());
        }
        let Some(id) = self.changes[n] else { return Ok(()) };
        match deed {
            Deed::Repeat(rule) => {
                let dates = self.repeat(id, story, rule)?;
                self.dates.insert(n, dates);
                Ok(())
            }
            Deed::OfDate(date, deed) => match self.dates.get(&n).and_then(|dates| dates.get(*date)) {
                Some(id) => self.act(*id, story, n, deed),
                None => Ok(()),
            },
            deed => self.act(id, story, n, deed),
        }
    }

    /// Plays a deed on a change.
    fn act(&self, id: i64, story: &Story, n: usize, deed: &Deed) -> Result<(), Unmade> {
        match deed {
            Deed::Raise | Deed::Repeat(_) | Deed::OfDate(..) => Ok(()),
            Deed::By(email, act, fields) => self.person(email, id, *act, fields),
            Deed::AcceptRisk => self.accept_risk(id, n),
            Deed::End(outcome, words) => self.end(id, *outcome, words),
            Deed::Publish(title, words) => self.publish(id, title, words),
            Deed::Send => self.send(id),
            Deed::Assess => self.assess(id),
            Deed::Acknowledge => self.acknowledge(id),
            Deed::Schedule => self.schedule(id),
            Deed::Close => self.close(id),
            Deed::Return => self.anybody(id, Act::Return, &[("defects", "Say which rack it is."), ("fields", "items")]),
            Deed::Accept => self.accept(id),
            Deed::Screen => self.screen(id, story, n),
            Deed::Approve { condition } => {
                self.prepare_for_downtime(id)?;
                self.approve(id, *condition)
            }
            Deed::Refuse => self.anybody(id, Act::Reject, &[("reason_code", "no_back_out"), ("reason", "There is no tried way back. Send it again with one.")]),
            Deed::Say(remark) => self.anybody(id, Act::Say, &[("words", remark)]),
            Deed::Start => {
                // What nobody decided of late notice; the worker, which does not run while the past is made, would have said so days before.
                self.app.time_out(id, TimerAct::ProtectNotice)?;
                self.anybody(id, Act::Start, &[])
            }
            Deed::RunLate => {
                let until = (self.app.clock.now() + SignedDuration::from_mins(55)).to_string();
                self.anybody(id, Act::RunningLate, &[("expected_end", &until), ("words", "The copy is slower than it was in the trial.")])
            }
            Deed::Finish(outcome) => self.finish(id, *outcome),
            Deed::Cancel => self.anybody(id, Act::Cancel, &[("reason", "The engineer is ill and nobody can stand in.")]),
            Deed::Pay((act, fields, today)) => self.pay(id, *act, fields, today),
            Deed::Lapse => {
                self.app.time_out(id, TimerAct::LapseQuote)?;
                Ok(())
            }
            Deed::Withdraw => self.anybody(id, Act::Withdraw, &[("reason", "No longer needed: the vendor has another fix.")]),
        }
    }

    fn situation(&self, id: i64) -> Result<Situation, Unmade> {
        let found = self.app.read::<_, StoreError>(|tx| self.app.look(tx, &Actor::System, id))?;
        found.ok_or_else(|| Unmade::Stopped(format!("change {id} is gone")))
    }

    fn change(&self, id: i64) -> Result<Change, Unmade> {
        Ok(self.situation(id)?.loaded.change)
    }

    /// Who of the cast is offered the act, in the order of the cast.
    fn offered(&self, id: i64, act: Act) -> Result<Vec<&'static str>, Unmade> {
        let (situation, now) = (self.situation(id)?, self.app.clock.now());
        let is_offered = |actor: &Actor| permit(&situation.context(actor, now), &situation.loaded.change, act).is_ok();
        Ok(self.cast.iter().filter(|(_, actor)| is_offered(actor)).map(|(email, _)| *email).collect())
    }

    /// One of the cast, if they may.
    pub(super) fn person(&self, email: &str, id: i64, act: Act, fields: &[(&str, &str)]) -> Result<(), Unmade> {
        let Some(actor) = self.cast.get(email) else { return Ok(()) };
        match self.app.take(actor, id, act, raw(fields), Expect::default()) {
            Ok(_) | Err(Stop::Unseen | Stop::Refused(_)) => Ok(()),
            Err(stop) => Err(stop.into()),
        }
    }

    pub(super) fn anybody(&self, id: i64, act: Act, fields: &[(&str, &str)]) -> Result<(), Unmade> {
        for email in self.offered(id, act)? {
            match self.app.take(&self.cast[email], id, act, raw(fields), Expect::default()) {
                Ok(_) => return Ok(()),
                // Somebody else may see what this one doesn't.
                Err(Stop::Unseen | Stop::Refused(_)) => {}
                Err(stop) => return Err(stop.into()),
            }
        }
        Ok(())
    }

    /// An act of money; where a day is named, it is the day on which this happens.
    fn pay(&self, id: i64, act: Act, fields: &[(&str, &str)], today: &str) -> Result<(), Unmade> {
        let day = super::money::day(self.app.clock.now());
        let mut fields = fields.to_vec();
        fields.extend((!today.is_empty()).then_some((today, day.as_str())));
        self.anybody(id, act, &fields)
    }

    fn raise(&self, story: &Story) -> Result<Option<i64>, Unmade> {
        let code = ORGS[story.raiser].code;
        let org = self.app.read::<_, StoreError>(|tx| directory::organisation_by_code(tx, code))?;
        let Some(org) = org.map(|o| OrgId(o.id)) else { return Ok(None) };
        for actor in self.cast.values().filter(|actor| actor.belongs_to(org)) {
            let draft = NewDraft { kind: story.kind, org, on_behalf_of: None, copied_from: None, raw: self.asked(story) };
            match self.app.raise(actor, draft, Expect::default()) {
                Ok(done) => return Ok(Some(done.id)),
                Err(Stop::Refused(_)) => {}
                Err(stop) => return Err(stop.into()),
            }
        }
        Ok(None)
    }

    /// The answers, without those that the document of the kind does not ask for.
    fn asked(&self, story: &Story) -> Raw {
        let mut raw = answers(story);
        if let Some(process) = self.app.documents.of_kind(story.kind) {
            let fields = fields::of_document(&process);
            raw.retain(|name, _| fields::is_known(&fields, name));
        }
        raw
    }

    /// A requester's draft goes by the coordinator; a coordinator's goes straight out.
    fn send(&self, id: i64) -> Result<(), Unmade> {
        self.anybody(id, Act::Submit, &[])?;
        if self.change(id)?.stage == At::Draft {
            self.anybody(id, Act::Propose, &[])?;
            self.anybody(id, Act::Submit, &[])?;
        }
        Ok(())
    }

    fn accept(&self, id: i64) -> Result<(), Unmade> {
        let fields: &[(&str, &str)] = match self.change(id)?.kind {
            Kind::PlannedOutage => &[
                ("take_down_by", "Tom Achebe"),
                ("restore_by", "Nadia Rahman"),
                ("promise_phone", "020 7946 0117"),
                ("promise_times", "From half an hour before, until all is back."),
            ],
            _ => &[("risk_1", "1"), ("risk_2", "1"), ("risk_3", "0"), ("risk_4", "1"), ("risk_5", "1"), ("risk_6", "1")],
        };
        self.anybody(id, Act::Accept, fields)
    }

    /// Everybody gives what they owe, one assessment each time round.
    fn assess(&self, id: i64) -> Result<(), Unmade> {
        let mut turned_away = BTreeSet::new();
        loop {
            let (situation, now) = (self.situation(id)?, self.app.clock.now());
            if situation.loaded.change.stage != At::Assessing {
                return Ok(());
            }
            let owing = self.cast.iter().filter(|(email, _)| !turned_away.contains(*email)).find_map(|(email, actor)| {
                let open = assess::open_for(&situation.context(actor, now), &situation.loaded.change);
                open.first().map(|(kind, _)| (*email, actor, kind.code(), FINDINGS[open.len() % FINDINGS.len()]))
            });
            let Some((email, actor, kind, finding)) = owing else { return Ok(()) };
            let fields = [("assessment", kind), ("objects", "no"), ("finding", finding)];
            if self.app.take(actor, id, Act::Assess, raw(&fields), Expect::default()).is_err() {
                turned_away.insert(email);
            }
        }
    }

    fn acknowledge(&self, id: i64) -> Result<(), Unmade> {
        match self.change(id)?.network {
            Network::Needed => {
                self.anybody(id, Act::TellNetwork, &[("way", "email")])?;
                self.anybody(id, Act::Acknowledge, &[("their_reference", "MER-55821")])
            }
            _ => Ok(()),
        }
    }

    /// The wards' procedure is attached where care is touched, before anybody approves.
    fn prepare_for_downtime(&self, id: i64) -> Result<(), Unmade> {
        let change = self.change(id)?;
        if !clinical::needs_downtime(&change) || clinical::has_downtime(&change) || change.stage != At::AwaitingApproval {
            return Ok(());
        }
        let paper = b"While the system is away: 1. Use the paper forms of the ward folder. 2. Ring the duty radiographer or laboratory for anything urgent. 3. Enter what was written once the system is back, two people together.\n";
        for email in self.offered(id, Act::Attach)? {
            let new = NewAttachment {
                purpose: Some("downtime_procedure".to_owned()),
                ..NewAttachment::new("Downtime procedure, wards.txt".to_owned(), paper.to_vec())
            };
            match self.app.attach(&self.cast[email], id, new, Expect::default()) {
                Ok(_) => return Ok(()),
                Err(Stop::Unseen | Stop::Refused(_)) => {}
                Err(stop) => return Err(stop.into()),
            }
        }
        Ok(())
    }

    fn approve(&self, id: i64, condition: bool) -> Result<(), Unmade> {
        let due = london().to_datetime(self.app.clock.now()).date().saturating_add(SignedDuration::from_hours(48)).to_string();
        let with = [("words", "Agreed."), ("condition_1", "Prove it on the spare first."), ("condition_1_owner", "HALDEN"), ("condition_1_due", due.as_str())];
        self.anybody(id, Act::Approve, if condition { &with } else { &with[..1] })
    }

    fn schedule(&self, id: i64) -> Result<(), Unmade> {
        // Rooms and power are another's, so that nobody's day is full of both.
        let engineers: &[&str] = match self.change(id)?.kind {
            Kind::PlannedOutage => &["yusuf.amin@halden.example"],
            _ => &["tom.achebe@halden.example", "nadia.rahman@halden.example"],
        };
        for engineer in engineers {
            self.anybody(id, Act::Schedule, &[("implementer", engineer), ("phone", "020 7946 0117")])?;
            if self.change(id)?.stage != At::Approved {
                break;
            }
        }
        Ok(())
    }

    fn finish(&self, id: i64, outcome: Outcome) -> Result<(), Unmade> {
        let words = match outcome {
            Outcome::Successful => "As planned. The proof is attached to the ticket of the night.",
            Outcome::NotImplemented => "Nobody came, so nothing was begun.",
            _ => "See the notes of the night: it did not go as planned.",
        };
        self.end(id, outcome, words)
    }

    fn end(&self, id: i64, outcome: Outcome, words: &str) -> Result<(), Unmade> {
        if outcome == Outcome::BackedOut {
            self.anybody(id, Act::BackOut, &[("reason", "The first test failed.")])?;
        }
        let situation = self.situation(id)?;
        let services = situation.loaded.change.content.iter().flat_map(|c| &c.header.services);
        let codes: Vec<String> = services.filter_map(|s| situation.facts.services.iter().find(|f| f.id == *s)).map(|f| f.code.clone()).collect();
        let mut fields = vec![("outcome", outcome.code()), ("words", words)];
        if outcome == Outcome::BackedOut {
            fields.push(("state_verified", "The old version is shown, and ten records were opened."));
        }
        if outcome != Outcome::NotImplemented {
            fields.extend(codes.iter().map(|code| ("back", code.as_str())));
        }
        self.anybody(id, Act::Finish, &fields)
    }

    /// Conditions are met, a review that is due is written, and somebody else closes.
    fn close(&self, id: i64) -> Result<(), Unmade> {
        let change = self.change(id)?;
        for condition in change.conditions.iter().filter(|c| c.met.is_none()) {
            self.anybody(id, Act::MeetCondition, &[("number", &condition.number.to_string()), ("words", "Done.")])?;
        }
        let Some(outcome) = change.work.proposed else { return Ok(()) };
        if change.kind == Kind::PacsModality {
            self.anybody(id, Act::Amend, CLOSING)?;
        }
        if self.offered(id, Act::Close)?.is_empty() {
            self.anybody(id, Act::Review, &[])?;
            self.anybody(id, Act::Review, REVIEW)?;
        }
        self.anybody(id, Act::Close, &[("outcome", outcome.code()), ("looked", "yes")])?;
        self.confirm(id, if outcome == Outcome::Successful { "yes" } else { "with_issues" })
    }

    /// The public is told of it, as far as its services are open to that.
    fn publish(&self, id: i64, title: &str, words: &str) -> Result<(), Unmade> {
        let change = self.change(id)?;
        let (Some(stands), Some(content), Some(by)) =
            (public::standing(&change), change.content.as_ref(), self.cast.get("margaret.osei@authority.example").and_then(Actor::person))
        else {
            return Ok(());
        };
        let open = self.app.read::<_, StoreError>(signalbox_store::public::open_services)?;
        let services = content.header.services.iter().map(|service| service.0).filter(|id| open.iter().any(|one| one.id == *id)).collect();
        let sites = content.header.sites.iter().map(|site| site.0).collect();
        let wording = Wording { title: title.to_owned(), words: words.to_owned(), services, sites };
        Ok(crate::worker::public::publish(self.app, Some(by), &change, stands, None, wording)?)
    }

    /// States the rule by which it comes again, and sends its dates; they are named in their order.
    fn repeat(&self, id: i64, story: &Story, rule: &str) -> Result<Vec<i64>, Unmade> {
        let change = self.change(id)?;
        let wall = |at: Timestamp| london().to_datetime(at).strftime("%Y-%m-%dT%H:%M").to_string();
        let (starts, ends) = (wall(story.start), wall(story.end));
        let by = change.raised_by.person.and_then(|person| self.cast.iter().find(|(_, actor)| actor.person() == Some(person)));
        let Some((email, actor)) = by else { return Ok(vec![]) };
        let when = Typed { zone: DEFAULT_ZONE, starts: &starts, ends: &ends, rule, except: "" };
        let new = series::New { title: &story.title, owner: email, lead_days: "28", when };
        let series = series::state(self.app, actor, &change.reference, &new, vec![])?;
        self.app.send_dates(actor, series, None)?;
        let mut settled = self.app.read::<_, StoreError>(|tx| directory::occurrences_settled(tx, series, 100))?;
        settled.sort_by_key(|one| one.occurrence.day);
        Ok(settled.into_iter().filter_map(|one| one.change_id).collect())
    }

    /// Each trust that was touched says whether it worked for it.
    fn confirm(&self, id: i64, worked: &str) -> Result<(), Unmade> {
        for org in asked_whether_it_worked(&self.change(id)?) {
            let (situation, now) = (self.situation(id)?, self.app.clock.now());
            let speaks = |actor: &Actor| {
                let ctx = situation.context(actor, now);
                permit(&ctx, &situation.loaded.change, Act::ConfirmWorked).is_ok_and(|(_, stamp)| stamp.org == Some(org))
            };
            if let Some(actor) = self.cast.values().find(|actor| speaks(actor)) {
                let fields = [("worked", worked), ("words", "Seen by the desk the morning after.")];
                self.app.take(actor, id, Act::ConfirmWorked, raw(&fields), Expect::default())?;
            }
        }
        Ok(())
    }

    /// The letters of the past would all go out at once on the first start: only the last ones are kept.
    pub(super) fn forget_letters(&self, now: Timestamp) -> Result<(), Unmade> {
        let before = now - SignedDuration::from_hours(24);
        self.app.write::<_, StoreError>(move |tx| outbox::forget_before(tx, before, now))?;
        Ok(())
    }
}

const REVIEW: &[(&str, &str)] = &[
    ("words", "The first test failed and the work went back within its time."),
    ("cause", "testing"),
    ("why", "The trial was too small."),
    ("differently", "Next time it is tried on a copy of the real load."),
    ("benefit", "not_come"),
];
pub(super) const SCREEN: [(&str, &str); 8] = [("q1", "no"), ("q2", "no"), ("q3", "no"), ("q4", "no"), ("q5", "no"), ("q6", "no"), ("q7", "no"), ("q8", "no")];
const FINDINGS: &[&str] =
    &["One part at a time; its pair covers for it.", "Two engineers are booked, and one is on call.", "Staff know the paper fallback and tried it in spring."];

fn raw(fields: &[(&str, &str)]) -> Raw {
    let mut raw = Raw::new();
    for (name, value) in fields {
        raw.entry((*name).to_owned()).or_default().push((*value).to_owned());
    }
    raw
}

/// The form as its author filled it in.
fn answers(story: &Story) -> Raw {
    let kit = &KITS[story.kit];
    let codes = |end: &str| -> Vec<String> { story.trusts.iter().map(|t| format!("{}-{end}", ORGS[*t].code)).collect() };
    let mut raw = Raw::new();
    let mut put = |name: &str, value: &str| {
        raw.insert(name.to_owned(), vec![value.to_owned()]);
    };
    put("title", &story.title);
    let (start, end) = (london().to_datetime(story.start), london().to_datetime(story.end));
    put("window.start.date", &start.date().to_string());
    put("window.start.time", &words::clock(start.time()));
    put("window.end.date", &end.date().to_string());
    put("window.end.time", &words::clock(end.time()));
    put("contact_on_site.name", "The duty manager");
    put("contact_on_site.phone", "020 7946 0158");
    match story.kind {
        Kind::ServiceRequest => request_answers(story, &mut put),
        Kind::PlannedOutage => {
            put("outage_type", "mains_power");
            put("departments.1.area", "imaging");
            put("departments.1.cover", "Patients go to the other scanner.");
            put("departments.1.told", "The superintendent, by telephone");
            put("departments.2.area", "wards");
            put("departments.2.cover", "Requests and results go on paper.");
            put("restore_test", "The desk fetches ten known studies and looks at them.");
            put("late_reason", "discovered_late");
            put("network_affected", if story.network { "yes" } else { "no" });
            if story.network {
                put("circuits", &format!("{}-LINK", ORGS[story.raiser].code));
            }
        }
        _ => {
            put("what", story.what);
            put("why", "improvement");
            put("why_words", "The present state has failed twice this year.");
            put("proof", "Twenty named records are opened and compared.");
            put("test_evidence", "Tried in the test system last week; all passed.");
            put("reversible", "yes");
            put("backout_minutes", "35");
            put("security_flag", "no");
            put("network_affected", "no");
            put("continuity", "Wards keep to the paper fallback meanwhile.");
            put("late_reason", "discovered_late");
        }
    }
    if story.kind != Kind::ServiceRequest {
        put("people_notice", story.notice);
        put("users_affected", "40");
        put("patient_facing", "indirect");
        put("degraded_minutes", "30");
        put("charge_hint", if story.is_paid { "yes" } else { "no" });
        put("backout", "Put the old version back; the last point to decide is half an hour before the end.");
        put("outage_minutes", &story.minutes_off.to_string());
        let latest = london().to_datetime(story.end + SignedDuration::from_hours(1));
        put("contingency_end.date", &latest.date().to_string());
        put("contingency_end.time", &words::clock(latest.time()));
    }
    raw.insert("services".to_owned(), codes(kit.code));
    raw.insert("items".to_owned(), codes(kit.items[0].0));
    for (name, value) in &story.extra {
        raw.insert((*name).to_owned(), vec![(*value).to_owned()]);
    }
    if story.kind == Kind::NationalService {
        raw.insert("national_outages_checked_at".to_owned(), vec![(story.start - SignedDuration::from_hours(24 * 33)).to_string()]);
    }
    if story.kind == Kind::PacsModality {
        raw.insert("vendor_on_site".to_owned(), vec![story.start.to_string()]);
    }
    raw
}

fn request_answers(story: &Story, put: &mut dyn FnMut(&str, &str)) {
    put("model", story.model);
    put("wanted", &london().to_datetime(story.start).date().to_string());
    for (field, models) in [
        ("like_for_like", &["modality_swap", "certificate_renewal"][..]),
        ("old_one_off", &["modality_swap"]),
        ("agreed_pattern", &["firewall_pattern", "gateway_restart"]),
        ("user_has_contract", &["worklist_user"]),
    ] {
        put(field, if models.contains(&story.model) { "yes" } else { "not_applicable" });
    }
}
