//! What happens beside the acts on changes: alarms and what they were found to be, call-outs and their answers, a desk that
//! hands its shift over, somebody of estates without an account, two carriers, and who follows what.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use signalbox_core::actor::{Actor, OrgKind, Role};
use signalbox_core::alarm::Class;
use signalbox_core::calendar::{self, Calendar, Division, london};
use signalbox_core::ids::PersonId;
use signalbox_core::ledger::{self, Finding, Rates, Visit};
use signalbox_store::alarms::{self, Told};
use signalbox_store::ledger::{self as cases, NewCase, RatesFrom};
use signalbox_store::subscriptions::{self, Followed};
use signalbox_store::told::{self, Words};
use signalbox_store::{StoreError, directory, handovers};

use super::cast::ORGS;
use super::outages::beside_now;
use super::{Cast, Unmade, local};
use crate::accounts::letters::Letter;
use crate::app::{App, Shared};
use crate::web::carriers;
use crate::web::handlers::ops::handover;
use crate::web::ledger as shared;

const CARL: &str = "carl.dunne@halden.example";
const MINA: &str = "mina.kaur@halden.example";
const MARGARET: &str = "margaret.osei@authority.example";

/// Something that happens.
pub(super) enum Happening {
    /// The authority opens results and maternity records to public notices, and sets what a call-out costs.
    Open,
    /// Who, and the code of a service or of a site.
    Follow(&'static str, &'static str),
    /// Halden's monitoring tells an alarm.
    Rings(&'static Alarm),
    /// It is over.
    Clears(&'static Alarm),
    /// Who finds it to be what, and why.
    Find(&'static str, &'static Alarm, Class, &'static str),
    CallOut(&'static str, &'static Wasted),
    /// Who does what to the call-out of which alarm, and why.
    Answer(&'static str, &'static Alarm, ledger::Deed, &'static str),
    LeaveShift(&'static str, &'static str),
    TakeShift(&'static str),
    /// Somebody of estates tells of an outage and proves their address.
    Tell(Box<Words>),
    /// A carrier's mail is taken in.
    Carrier(String),
}

/// An alarm: its number at Halden's monitoring, what rings and what it says.
pub(super) struct Alarm {
    number: &'static str,
    item: &'static str,
    kind: &'static str,
}

/// A visit for nothing: times in minutes after the alarm.
pub(super) struct Wasted {
    alarm: &'static Alarm,
    /// The place in [`ORGS`] of whoever is to answer for it.
    liable: usize,
    sent: i64,
    called_back: Option<i64>,
    there: Option<(i64, i64)>,
    desk_minutes: i64,
    engineer: &'static str,
    words: &'static str,
}

const COOLED: Alarm = Alarm { number: "H-41207", item: "RI-LIS-1", kind: "unreachable" };
const DISK: Alarm = Alarm { number: "H-41198", item: "EM-PACS-N2", kind: "disk failed" };
const BATTERY: Alarm = Alarm { number: "H-41163", item: "SC-GW-1", kind: "unreachable" };
const CABINET: Alarm = Alarm { number: "H-40922", item: "RI-GW-1", kind: "unreachable" };
const PAINTERS: Alarm = Alarm { number: "H-40871", item: "NB-ID-1", kind: "unreachable" };
const SWITCHED: Alarm = Alarm { number: "H-40788", item: "EM-ID-1", kind: "unreachable" };

const AT_ST_CRISPINS: Wasted = Wasted {
    alarm: &BATTERY,
    liable: 2,
    sent: 14,
    called_back: None,
    there: Some((63, 118)),
    desk_minutes: 35,
    engineer: "Halden van 4",
    words: "Gateway unreachable at 02:41. The site’s number rang out twice. The engineer found estates changing the batteries of the cabinet; they had told nobody outside the hospital.",
};
const AT_RIVERSIDE: Wasted = Wasted {
    alarm: &CABINET,
    liable: 1,
    sent: 20,
    called_back: Some(31),
    there: None,
    desk_minutes: 40,
    engineer: "Halden van 2",
    words: "The gateway’s cabinet was off for cleaning. Riverside’s switchboard rang back after eleven minutes, and the van turned round.",
};
const AT_NORTHBROOK: Wasted = Wasted {
    alarm: &PAINTERS,
    liable: 0,
    sent: 12,
    called_back: None,
    there: Some((50, 85)),
    desk_minutes: 25,
    engineer: "Halden van 4",
    words: "Sign-in server without power. On site the engineer found the socket switched off by painters.",
};
const AT_EASTMARSH: Wasted = Wasted {
    alarm: &SWITCHED,
    liable: 3,
    sent: 15,
    called_back: None,
    there: Some((70, 100)),
    desk_minutes: 30,
    engineer: "Halden van 1",
    words: "Sign-in server off. Estates had moved it to another rack that evening.",
};

/// What happens, and when.
pub(super) fn happenings(now: Timestamp) -> Vec<(Timestamp, Happening)> {
    use Happening::*;
    let begin = now - SignedDuration::from_hours(24 * 75);
    let mut all = vec![
        (begin, Open),
        (local(now, -40, 9, 0), Follow("lily.chen@northbrook.example", "NB-PACS")),
        (local(now, -40, 9, 1), Follow("lily.chen@northbrook.example", "NB")),
        (local(now, -33, 14, 10), Follow("maya.lindqvist@stcrispins.example", "SC")),
        (beside_now(now, -290), Tell(Box::new(switchboard(now)))),
        (local(now, -2, 11, 0), Carrier(note(now))),
        (beside_now(now, -170), Carrier(mail(now))),
        (beside_now(now, -41), Rings(&COOLED)),
        (beside_now(now, -100), Rings(&DISK)),
        (
            beside_now(now, -85),
            Find(CARL, &DISK, Class::Real, "A disk of the node has failed; its pair carries on. The vendor brings another this afternoon, number 88214 there."),
        ),
    ];
    all.extend(call_outs(now));
    all.extend(shifts(now));
    all
}

/// The day of the last morning at which the desk was handed over.
fn last_morning(now: Timestamp) -> i64 {
    if local(now, 0, 7, 50) <= now { 0 } else { -1 }
}

/// Four that were for nothing: one is open, one agreed, one disputed, one waived.
fn call_outs(now: Timestamp) -> Vec<(Timestamp, Happening)> {
    use Happening::*;
    let rings = |visit: &'static Wasted, day: i64, hour: i8, minute: i8, back: i64| {
        let at = local(now, day, hour, minute);
        [(at, Rings(visit.alarm)), (at + SignedDuration::from_mins(back), Clears(visit.alarm))]
    };
    let found = |visit: &'static Wasted, day: i64, hour: i8, who: &'static str, why: &'static str| {
        [(local(now, day, hour, 20), Find(who, visit.alarm, Class::Unannounced, why)), (local(now, day, hour, 40), CallOut(who, visit))]
    };
    let (joy, sam, owen) = ("joy.adeyemi@riverside.example", "sam.okoro@northbrook.example", "owen.pritchard@eastmarsh.example");
    let night = last_morning(now);
    let mut all = vec![];
    all.extend(rings(&AT_ST_CRISPINS, night, 2, 41, 96));
    all.extend(found(&AT_ST_CRISPINS, night, 5, MINA, "Estates changed the batteries of the cabinet. Nobody had told us."));
    all.extend(rings(&AT_RIVERSIDE, -4, 18, 12, 38));
    all.extend(found(&AT_RIVERSIDE, -4, 19, CARL, "The cabinet was off for cleaning, and nobody had said so."));
    all.push((local(now, -3, 11, 5), Answer(joy, &CABINET, ledger::Deed::Agree, "")));
    all.extend(rings(&AT_NORTHBROOK, -6, 3, 30, 90));
    all.extend(found(&AT_NORTHBROOK, -6, 6, MINA, "Painters had switched the socket off. Nobody had told us of them."));
    all.push((
        local(now, -5, 10, 30),
        Answer(
            sam,
            &PAINTERS,
            ledger::Deed::Dispute,
            "The painters are Halden’s own contractor, booked by Halden for its cage. Northbrook knew nothing of them.",
        ),
    ));
    all.extend(rings(&AT_EASTMARSH, -9, 22, 50, 105));
    all.extend(found(&AT_EASTMARSH, -8, 1, MINA, "Estates had moved the server to another rack."));
    all.push((local(now, -7, 9, 45), Answer(owen, &SWITCHED, ledger::Deed::Dispute, "We rang the desk at 22:20 and were told that it was noted.")));
    all.push((local(now, -5, 15, 0), Answer(MARGARET, &SWITCHED, ledger::Deed::Waive, "The desk’s own log has the call at 22:21. Nothing is owed.")));
    all
}

/// The evening's and the morning's handover at Halden's desk.
fn shifts(now: Timestamp) -> Vec<(Timestamp, Happening)> {
    use Happening::*;
    let day = last_morning(now);
    vec![
        (
            local(now, day - 1, 19, 30),
            LeaveShift(CARL, "A quiet day. The run sheet of Northbrook’s comms room is printed and lies in the tray. Femi Cole of estates holds the keys."),
        ),
        (local(now, day - 1, 19, 38), TakeShift(MINA)),
        (
            local(now, day, 7, 30),
            LeaveShift(
                MINA,
                "St Crispin’s gateway went at 02:41 and was back at 04:17: estates had changed batteries and told nobody. It is entered as a call-out.\n\
                 Maya Lindqvist’s office opens at nine: ring her, so that she hears it from us first.",
            ),
        ),
        (local(now, day, 7, 42), TakeShift(CARL)),
    ]
}

fn switchboard(now: Timestamp) -> Words {
    Words {
        name: "Dawn Pike".into(),
        email: "dawn.pike@riverside.example".into(),
        telephone: "020 7946 0149".into(),
        place: "Riverside Infirmary, east wing, switch room 2".into(),
        outage_type: "mains_power".into(),
        what: "Replacement of the switchboard in the east wing".into(),
        lost: "Everything on the east wing’s sockets, also the small comms cupboard beside the lift.".into(),
        start: local(now, 17, 6, 0),
        end: local(now, 17, 9, 30),
    }
}

/// Meridian's own works, as the standard has it: it speaks for itself.
fn note(now: Timestamp) -> String {
    let utc = |at: Timestamp| at.strftime("%Y%m%dT%H%M%SZ").to_string();
    let (told, starts, ends) = (utc(local(now, -2, 10, 58)), utc(local(now, 6, 0, 30)), utc(local(now, 6, 4, 30)));
    format!(
        "From: Meridian planned works <works@meridian.example>\r\nTo: change@authority.example\r\nSubject: Maintenance notification MW-3381\r\n\
         Message-ID: <mw-3381.1@meridian.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=cut\r\n\r\n--cut\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\nA card is changed at Quay Street. The line to Riverside drops twice for some minutes.\r\n--cut\r\n\
         Content-Type: text/calendar; charset=utf-8\r\n\r\nBEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Meridian//Works//EN\r\nBEGIN:VEVENT\r\n\
         UID:mw-3381@meridian.example\r\nSEQUENCE:1\r\nDTSTAMP:{told}\r\nDTSTART:{starts}\r\nDTEND:{ends}\r\nSUMMARY:Card change at Quay Street\r\n\
         ORGANIZER:mailto:works@meridian.example\r\nX-MAINTNOTE-PROVIDER:meridian.example\r\nX-MAINTNOTE-ACCOUNT:MER-2042\r\n\
         X-MAINTNOTE-MAINTENANCE-ID:MW-3381\r\nX-MAINTNOTE-OBJECT-ID:RI-LINK\r\nX-MAINTNOTE-IMPACT:DEGRADED\r\nX-MAINTNOTE-STATUS:CONFIRMED\r\n\
         END:VEVENT\r\nEND:VCALENDAR\r\n--cut--\r\n"
    )
}

/// Another carrier's, in its own words: day and month can be read in either order, and no zone is named.
fn mail(now: Timestamp) -> String {
    let on = |days: i64| london().to_datetime(local(now, days, 12, 0)).strftime("%d/%m/%Y").to_string();
    let (first, second) = (on(10), on(11));
    format!(
        "From: Pennine Fibre <planned.works@pennine.example>\r\nTo: change@authority.example\r\nSubject: Planned maintenance PF-3307\r\n\
         Message-ID: <pf-3307@pennine.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
         Dear customer,\r\n\r\nWe will be carrying out planned maintenance on your service.\r\n\r\nReference: PF-3307\r\nCircuit ID: EM-LINK\r\n\
         Start: {first} 23:30\r\nEnd: {second} 03:30\r\nImpact: loss of service for up to 40 minutes\r\n\
         Description: New splice at Marsh Lane\r\n\r\nPennine Fibre, planned works\r\n"
    )
}

/// Who tells and answers all that.
pub(super) struct Desk<'a> {
    app: &'a Shared,
    cast: &'a Cast,
    alarms: BTreeMap<&'static str, (i64, Timestamp)>,
    /// The call-out of each alarm.
    cases: BTreeMap<&'static str, i64>,
}

impl<'a> Desk<'a> {
    pub(super) fn new(app: &'a Shared, cast: &'a Cast) -> Desk<'a> {
        Desk { app, cast, alarms: BTreeMap::new(), cases: BTreeMap::new() }
    }

    /// Plays one of them.
    pub(super) fn play(&mut self, happening: &Happening) -> Result<(), Unmade> {
        match happening {
            Happening::Open => self.open(),
            Happening::Follow(who, what) => self.follow(who, what),
            Happening::Rings(alarm) => self.rings(alarm),
            Happening::Clears(alarm) => self.clears(alarm),
            Happening::Find(who, alarm, class, why) => match self.alarms.get(alarm.number) {
                Some((id, _)) => Ok(self.app.find_alarm(self.person(who), *id, *class, (*why).to_owned())?),
                None => Ok(()),
            },
            Happening::CallOut(who, visit) => self.call_out(who, visit),
            Happening::Answer(who, alarm, deed, why) => self.answer(who, alarm, *deed, why),
            Happening::LeaveShift(who, note) => match self.cast.get(who) {
                Some(actor) => Ok(handover::leave_shift(self.app, actor, (*note).to_owned())?),
                None => Ok(()),
            },
            Happening::TakeShift(who) => self.take_shift(who),
            Happening::Tell(words) => self.tell(words),
            Happening::Carrier(mail) => match self.cast.get(MARGARET) {
                Some(actor) => Ok(carriers::receive(self.app, actor, mail.as_bytes(), false).map(drop)?),
                None => Ok(()),
            },
        }
    }

    fn person(&self, email: &str) -> Option<PersonId> {
        self.cast.get(email).and_then(Actor::person)
    }

    fn open(&self) -> Result<(), Unmade> {
        let (app, by) = (self.app, self.person(MARGARET));
        let now = app.clock.now();
        let year = calendar::local_date(now, &london()).first_of_year();
        let from = london().to_ambiguous_timestamp(year.at(0, 0, 0, 0)).compatible().unwrap_or(now);
        let rates = RatesFrom { id: app.ids.mint(now), from, rates: Rates { desk_hour: 4_000, first_hour: 17_500, further_hour: 9_000, vat: 2_000 } };
        let act = app.act(by, now);
        app.attempt(move |tx| cases::set_rates(tx, &act, &rates))?;
        for org in ORGS.iter().filter(|org| org.kind == OrgKind::Trust) {
            for kit in ["LABS", "MAT"] {
                let (act, code) = (app.act(by, now), format!("{}-{kit}", org.code));
                app.write::<_, StoreError>(move |tx| match directory::service_by_code(tx, &code)? {
                    Some(service) => signalbox_store::public::set_open(tx, &act, service.id, true),
                    None => Ok(()),
                })?;
            }
        }
        Ok(())
    }

    fn follow(&self, who: &str, code: &'static str) -> Result<(), Unmade> {
        let (Some(person), now) = (self.person(who), self.app.clock.now()) else { return Ok(()) };
        let id = self.app.ids.mint(now);
        Ok(self.app.write::<_, StoreError>(move |tx| {
            let service = directory::service_by_code(tx, code)?.map(|service| Followed::Service(service.id));
            let site = match directory::organisation_by_code(tx, code)? {
                Some(org) => directory::site_by_code(tx, org.id, code)?.map(|site| Followed::Site(site.id)),
                None => None,
            };
            service.or(site).map_or(Ok(()), |what| subscriptions::follow(tx, id, person.0, what, now))
        })?)
    }

    fn told(&self, alarm: &Alarm, id: i64, raised_at: Timestamp, cleared_at: Option<Timestamp>) -> Result<(), Unmade> {
        let (now, schedule) = (self.app.clock.now(), self.app.schedule.clone());
        let (code, number, kind) = (alarm.item, alarm.number.to_owned(), alarm.kind.to_owned());
        Ok(self.app.write::<_, StoreError>(move |tx| {
            let halden = directory::organisation_by_code(tx, "HALDEN")?.ok_or(StoreError::Missing)?.id;
            let item = directory::item_by_code(tx, code)?.map(|item| item.id);
            let told = Told {
                id,
                org_id: halden,
                source: "Halden monitoring".into(),
                source_alarm: number.clone(),
                object: code.into(),
                item,
                site: None,
                kind: kind.clone(),
                is_safety: false,
                raised_at,
                cleared_at,
            };
            alarms::hear(tx, &schedule, now, &[told], false).map(drop)
        })?)
    }

    fn rings(&mut self, alarm: &Alarm) -> Result<(), Unmade> {
        let now = self.app.clock.now();
        let id = self.app.ids.mint(now);
        self.alarms.insert(alarm.number, (id, now));
        self.told(alarm, id, now, None)
    }

    fn clears(&self, alarm: &Alarm) -> Result<(), Unmade> {
        let Some((id, raised_at)) = self.alarms.get(alarm.number) else { return Ok(()) };
        self.told(alarm, *id, *raised_at, Some(self.app.clock.now()))
    }

    fn call_out(&mut self, who: &str, visit: &Wasted) -> Result<(), Unmade> {
        let (Some(actor), Some((alarm, raised))) = (self.cast.get(who), self.alarms.get(visit.alarm.number).copied()) else { return Ok(()) };
        let (code, item, now) = (ORGS[visit.liable].code, visit.alarm.item, self.app.clock.now());
        let (org_id, liable_org, site) = self.app.read::<_, StoreError>(|tx| {
            let id = |org: Option<directory::Organisation>| org.map(|org| org.id).ok_or(StoreError::Missing);
            let (halden, liable) = (id(directory::organisation_by_code(tx, "HALDEN")?)?, id(directory::organisation_by_code(tx, code)?)?);
            Ok((halden, liable, directory::item_by_code(tx, item)?.and_then(|item| item.site_id)))
        })?;
        let after = |minutes: i64| raised + SignedDuration::from_mins(minutes);
        let case = NewCase {
            id: self.app.ids.mint(now),
            org_id,
            liable_org,
            alarm: Some(alarm),
            change: None,
            site,
            engineer: visit.engineer.into(),
            visit: Visit {
                finding: Finding::PlannedWork,
                desk_minutes: visit.desk_minutes,
                dispatched_at: Some(after(visit.sent)),
                stood_down_at: visit.called_back.map(after),
                arrived_at: visit.there.map(|(from, _)| after(from)),
                left_at: visit.there.map(|(_, until)| after(until)),
                checks_failed: false,
                outside_appointment: false,
            },
            known: None,
            due_at: ledger::answer_due(now, &Calendar::shipped(Division::EnglandAndWales), &london()),
        };
        self.cases.insert(visit.alarm.number, case.id);
        self.app.enter_call_out(actor, case, visit.words.into(), None)?;
        Ok(())
    }

    fn answer(&self, who: &str, alarm: &Alarm, deed: ledger::Deed, why: &str) -> Result<(), Unmade> {
        let (Some(actor), Some(id)) = (self.cast.get(who), self.cases.get(alarm.number)) else { return Ok(()) };
        let (case, _) = shared::seen(self.app, actor, *id)?;
        shared::answer(self.app, actor, &case, Some(deed), why, vec![], None)?;
        Ok(())
    }

    fn take_shift(&self, who: &str) -> Result<(), Unmade> {
        let Some(actor) = self.cast.get(who) else { return Ok(()) };
        let Some(halden) = actor.memberships().iter().find(|held| held.role == Role::Desk).map(|held| held.org.0) else { return Ok(()) };
        let scope = signalbox_store::scope::Scope::of(actor);
        let latest = self.app.read::<_, StoreError>(|tx| handovers::list(tx, &scope, halden, None, 1))?;
        let (Some(latest), Some(by)) = (latest.into_iter().next(), actor.person()) else { return Ok(()) };
        let act = self.app.act(Some(by), self.app.clock.now());
        Ok(self.app.attempt(move |tx| handovers::take(tx, &act, latest.id, by.0))?)
    }

    fn tell(&self, words: &Words) -> Result<(), Unmade> {
        let app: &App = self.app;
        let (ids, now, words) = (app.ids.clone(), app.clock.now(), words.clone());
        let id = ids.mint(now);
        Ok(app.write::<_, StoreError>(move |tx| {
            told::add(tx, id, &words, now)?;
            told::confirm(tx, id, now)?;
            Letter::ToldWaits { told: id }.ask(tx, &ids, now)
        })?)
    }
}
