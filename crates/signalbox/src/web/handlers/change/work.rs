//! The panels of carrying out and learning on the record.

use signalbox_core::act::Act;
use signalbox_core::calendar::local;
use signalbox_core::carry;
use signalbox_core::learn::{self, Worked};

use signalbox_store::queries::incidents::{self, IncidentLine};
use signalbox_store::scope::Scope;

use super::Seen;
use crate::app::App;
use crate::web::parts::{Cell, Fact, Row, Section, Table};
use crate::web::problem::Failure;
use crate::words;

/// The steps, go or no-go, and the last safe moment; nothing where nobody has planned or begun anything.
pub(super) fn plan(seen: &Seen) -> Option<Section> {
    let change = seen.change();
    let carry = &change.carry;
    let firm = change.stage.is_firm() || change.work.started.is_some();
    if carry.steps.is_empty() && carry.checkpoint.is_none() && !firm {
        return None;
    }
    let mut facts = vec![];
    if let Some(checkpoint) = &carry.checkpoint {
        let who = seen.names.person(Some(checkpoint.planned.decider));
        let said = match &checkpoint.decided {
            None => format!("{who} decides{}", carry::checkpoint_at(change).map_or(String::new(), |at| format!(" by {}", seen.moment(at)))),
            Some((_, told)) => format!("{}, said at {}", if told.go { "Go" } else { "No-go" }, seen.moment(told.told.happened_at)),
        };
        facts.push(Fact::new("Go or no-go", &said));
    }
    if let Some(at) = carry::last_safe(change) {
        let mark = carry.last_safe_passed.is_some();
        let fact = Fact::new("Last safe moment to go back", &seen.moment(at));
        facts.push(if mark { fact.tag("Passed", "red") } else { fact });
    }
    let (planned, spent) = carry.effort();
    if planned > 0 || spent > 0 {
        facts.push(Fact::new("Effort", &format!("{} planned, {} told", words::counted(planned, "minute"), words::counted(spent, "minute"))));
    }
    facts.extend(
        carry.extensions.iter().map(|(_, more)| Fact::new("More time agreed", &format!("until {}: {}", seen.moment(more.until), seen.said(&more.reason)))),
    );
    facts.extend(carry.state_verified.as_ref().map(|text| Fact::new("As it was, by", &seen.said(text))));
    let rows = carry.steps.iter().map(|step| {
        let planned = &step.planned;
        let at = carry::planned_start(change, planned.number).map(|at| local::time_words(at, &seen.situation.zone)).unwrap_or_default();
        let state = Cell::text(&words::sentence_case(step.progress.words())).small(&step.ended_at.map(|at| seen.moment(at)).unwrap_or_default());
        let what = Cell::text(&format!("{}. {}", planned.number, seen.said(&planned.what))).small(planned.plan.words());
        Row::new(what, vec![Cell::text(&at).small(&words::counted(planned.minutes, "minute")), Cell::text(&seen.names.org(planned.owner)), state])
    });
    let table = Table::new("Steps of the work", &["Step", "Planned", "Who", "How it stands"], rows.collect());
    let section = Section::new("work", "The steps of the work").facts(facts).table(table, "Nobody has planned steps.");
    Some(if firm { section.link("The page for the bridge call", &format!("{}/run", seen.address())) } else { section })
}

/// What everybody says of how it went; nothing before the work ended.
pub(super) fn learnt(seen: &Seen) -> Option<Section> {
    let change = seen.change();
    let known = &change.learnt;
    if change.work.finished.is_none() && known.near_misses.is_empty() && known.incidents.is_empty() {
        return None;
    }
    let mut facts = vec![];
    let asked = learn::asked_whether_it_worked(change);
    if learn::is_suppliers_word_only(change) {
        facts.push(Fact::new("Did it work?", "Supplier's word only: none of those it touched has answered yet.").tag("Not confirmed", "yellow"));
    }
    for org in asked {
        if let Some((said, _, at)) = known.confirmations.get(&org) {
            let words = said.words.as_ref().map_or(String::new(), |text| format!("\n{}", seen.said(text)));
            let colour = if said.worked == Worked::Yes { "green" } else { "red" };
            let fact = Fact::new(&seen.names.org(org), &format!("{}{words}", seen.moment(*at)));
            facts.push(fact.tag(&words::sentence_case(said.worked.words()), colour));
        }
    }
    let looked = match (known.incidents.len(), known.looked, change.outcome) {
        (0, Some(true), _) => Some("None found by whoever looked.".to_owned()),
        (0, _, Some(_)) => Some("Nobody looked.".to_owned()),
        (0, _, None) => None,
        (n, ..) => Some(format!("{} linked; the worst is {}.", words::counted(n as i64, "incident"), known.worst().map_or("", |grade| grade.words()))),
    };
    facts.extend(looked.map(|words| Fact::new("Incidents", &words)));
    for dispute in &known.disputes {
        let answer = match &dispute.answer {
            None => "Nobody has answered yet.".to_owned(),
            Some((.., answer)) => format!("{}: {}", if answer.upheld { "Upheld" } else { "Not upheld" }, seen.said(&answer.words)),
        };
        facts.push(
            Fact::new("Disputed", &format!("{}: {}\n{answer}", seen.names.org(dispute.dispute.org), seen.said(&dispute.dispute.reason)))
                .tag("Disputed", "orange"),
        );
    }
    if let (Some(first), Some(now)) = (known.first_outcome.filter(|first| Some(*first) != change.outcome), change.outcome) {
        facts.push(Fact::new(
            "Outcome",
            &format!("{}, restated; it was {}", words::option_label("outcome", now.code()), words::option_label("outcome", first.code()).to_lowercase()),
        ));
    }
    if let Some(found) = &known.findings {
        facts.push(Fact::new("Review", &words::work::findings(found, &seen.page.loaded.prose, &seen.names)));
    }
    facts.extend(known.near_misses.iter().map(|(near, at)| Fact::new("Near miss", &format!("{}\n{}", seen.said(&near.words), seen.moment(*at)))));
    if let Some((survey, _)) = &known.survey {
        facts.push(Fact::new("The requester", &format!("Kept informed {} of 5, as promised {} of 5", survey.informed, survey.promised)));
    }
    let rows = known.actions.iter().map(|action| {
        let state = match &action.done {
            Some((_, at, _)) => Cell::tag("Done", "green").small(&seen.moment(*at)),
            None if local::wall(seen.now, &seen.situation.zone).date() > action.action.due => Cell::tag("Late", "red"),
            None => Cell::tag("Open", "yellow"),
        };
        let what = Cell::text(&format!("{}. {}", action.action.number, seen.said(&action.action.what)));
        Row::new(what, vec![Cell::text(&seen.names.org(action.action.owner)), Cell::text(&local::day_words(action.action.due)), state])
    });
    let rows: Vec<Row> = rows.collect();
    let section = Section::new("learnt", "How it went").facts(facts);
    let section =
        if rows.is_empty() { section } else { section.table(Table::new("Actions of the review", &["Action", "Who", "By", "How it stands"], rows), "") };
    let open = seen.offers().into_iter().any(|offer| offer.act == Act::ConfirmWorked && offer.is_open());
    Some(if open { section.link("Say whether it worked for you", &format!("{}/acts/confirm_worked", seen.address())) } else { section })
}

/// The incidents that are linked, and those that hit the same things from the start until five working days after it.
pub(super) fn near(app: &App, seen: &Seen) -> Result<Option<Section>, Failure> {
    let change = seen.change();
    if change.work.started.is_none() {
        return Ok(None);
    }
    let (scope, ended) = (Scope::of(&seen.actor), change.work.finished.as_ref().map(|told| told.happened_at));
    let (near, linked) = app.read::<_, Failure>(|tx| Ok((incidents::near(tx, &scope, change.id.0, ended)?, incidents::linked(tx, &scope, change.id.0)?)))?;
    if near.is_empty() && linked.is_empty() {
        return Ok(None);
    }
    let row = |line: &IncidentLine, tag: Cell| {
        let bad = if line.clinical { "clinical".to_owned() } else { format!("priority {}", line.priority) };
        let hits = line.hits.replace(';', ", ");
        Row::new(Cell::text(&line.reference).small(&line.title), vec![Cell::text(&seen.moment(line.opened_at)).small(&bad), Cell::text(&hits), tag])
    };
    let rows = linked.iter().map(|line| row(line, Cell::tag("Linked", "orange"))).chain(near.iter().map(|line| row(line, Cell::tag("Not linked", "yellow"))));
    let table = Table::new("Incidents on the same equipment", &["Incident", "Opened", "What it hit", "How it stands"], rows.collect());
    let section = Section::new("incidents", "Incidents on the same equipment").table(table, "None.");
    let open = !near.is_empty() && seen.offers().into_iter().any(|offer| offer.act == Act::LinkIncident && offer.is_open());
    Ok(Some(if open { section.link("Link an incident", &format!("{}/acts/link_incident", seen.address())) } else { section }))
}
