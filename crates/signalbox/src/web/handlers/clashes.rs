//! `/changes/{ref}/clashes`: each clash of a change with all that explains it, and its ways out as one choice (ux F10):
//! move either of the two to a free time, or, for the authority, rule on it. One act tells both sides.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use signalbox_core::act::Act;
use signalbox_core::calendar::local;
use signalbox_core::decide::clash::{self, Way};
use signalbox_core::facts::{ClashFact, OtherFact};
use signalbox_core::form::Raw;

use super::change::{Seen, expect, stopped};
use crate::app::{App, Shared};
use crate::run::{Expect, Stop};
use crate::web::form::Form;
use crate::web::free_times::{Reach, Search, look, moved_typed};
use crate::web::pages::clashes::{ClashesPage, Settling};
use crate::web::panels;
use crate::web::parts::{self, Fact};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{done, page, page_with};
use crate::web::ui::{self, Choice, Field, Link};
use crate::web::visitor::Visitor;
use crate::words;

/// So many free times are offered for each of the two.
const TIMES: usize = 3;
/// What may stand before the start of a free time: which of the two moves.
const THIS: &str = "this";
const OTHER: &str = "other";

/// The page.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Path(reference): Path<String>) -> Result<Response, Failure> {
    let seen = Seen::read(&app, &visitor, &reference)?;
    Ok(page(&draw(&app, &visitor, &seen, None)?))
}

/// What was sent, and what is wrong with it.
type Sent<'s> = (&'s Form, &'s [Fault]);

fn draw(app: &App, visitor: &Visitor, seen: &Seen, sent: Option<Sent>) -> Result<ClashesPage, Failure> {
    let reference = &seen.change().reference;
    let held: &[ClashFact] = if seen.change().stage.holds_window() { &seen.situation.facts.clashes } else { &[] };
    let own = Side::of(app, seen)?;
    let mut clashes = vec![];
    for (n, found) in held.iter().enumerate() {
        let sent = sent.filter(|(form, _)| form.text("clash") == clash::code(found));
        clashes.push(settling(app, visitor, seen, &own, n + 1, found, sent)?);
    }
    let hard = held.iter().filter(|found| found.refuses()).count() as i64;
    let faults = clashes.iter().filter_map(|one| one.form.as_ref()).flat_map(|form| ui::faults_of(&form.fields)).collect();
    Ok(ClashesPage {
        shell: seen.shell(app, visitor, &format!("Clashes of {reference}")),
        lede: format!("{}: {}, {} in the way.", seen.title(), words::counted(held.len() as i64, "finding"), hard),
        faults,
        free: Link::new("Free times", &format!("{}/free-times", seen.address())),
        clashes,
    })
}

/// One of the two, with what this person may do to it.
struct Side {
    may_move: bool,
    may_rule: bool,
    times: Option<Search>,
}

impl Side {
    fn of(app: &App, seen: &Seen) -> Result<Side, Failure> {
        let offers = seen.offers();
        let is_open = |act: Act| offers.iter().any(|offer| offer.act == act && offer.is_open());
        let may_move = is_open(Act::Reschedule);
        let window = seen.change().window().filter(|_| may_move);
        let times = match window {
            Some(window) => {
                let reach = Reach::near(window, seen.now, TIMES);
                app.read::<_, Failure>(|tx| look(app, tx, &seen.actor, &seen.situation, seen.change(), reach))?
            }
            None => None,
        };
        Ok(Side { may_move, may_rule: is_open(Act::SettleClash), times })
    }

    /// A choice for each free time of this side.
    fn choices(&self, which: &str, reference: &str) -> Vec<Choice> {
        let times = self.times.iter().flat_map(|search| search.found.slots.iter().map(move |slot| (search, slot)));
        let choice = |(search, slot): (&Search, &signalbox_core::schedule::slots::Slot)| {
            let label = format!("Move {reference} to {}", search.when(slot));
            Choice::new(&format!("{which} {}", slot.span.from), &label).hint(&search.tests(slot).join(" · "))
        };
        times.map(choice).collect()
    }
}

fn settling(app: &App, visitor: &Visitor, seen: &Seen, own: &Side, n: usize, found: &ClashFact, sent: Option<Sent>) -> Result<Settling, Failure> {
    let reference = &seen.change().reference;
    let mut settling =
        Settling { id: format!("clash-{n}"), clash: panels::clash(found, &seen.situation.zone, vec![]), facts: facts(seen, found), ..Settling::default() };
    let mut choices = own.choices(THIS, reference);
    let mut seen_other = None;
    if let Some(other) = &found.other {
        let theirs = Seen::read(app, visitor, &found.with)?;
        choices.extend(Side::of(app, &theirs)?.choices(OTHER, &found.with));
        if own.may_rule {
            choices.extend(Way::ALL.iter().map(|way| ruling(*way, reference, &found.with)));
        }
        settling.words.push(who_else(seen, found, other, own));
        seen_other = Some(theirs.change().version);
    } else {
        settling.words.push(elsewhere(found));
    }
    if choices.is_empty() {
        return Ok(settling);
    }
    // Where nobody else plans anything there is nothing to settle with them.
    let (verb, told) = match found.other {
        Some(_) => ("Settle it", "It stands in the record, and the owners of both are told."),
        None => ("Move it", "It stands in the record."),
    };
    let mut fields = vec![
        Field::radios("way", "What becomes of it?", choices).id(&format!("way-{n}")),
        Field::textarea("reason", "Why", "").id(&format!("reason-{n}")).hint(told),
    ];
    if let Some((form, faults)) = sent {
        fields = super::filled(fields, form, faults);
    }
    let mut form = parts::Form::new(&format!("{}/clashes", seen.address()), verb, fields)
        .key(&app.ids.token().to_hex())
        .hide("version", &seen.change().version.to_string())
        .hide("clash", &clash::code(found));
    if let Some(version) = seen_other {
        form = form.hide("other_version", &version.to_string());
    }
    settling.form = Some(form);
    Ok(settling)
}

/// A ruling in words that name both.
fn ruling(way: Way, this: &str, other: &str) -> Choice {
    let label = match way {
        Way::Both => "Rule that both go on as they are planned".to_owned(),
        Way::Together => "Rule that both are carried out together, as one piece of work".to_owned(),
        Way::ThisMoves => format!("Rule that {this} has to move"),
        Way::OtherMoves => format!("Rule that {other} has to move"),
    };
    Choice::new(way.code(), &label).hint(if way.lets_both() {
        "It holds while neither of the two windows moves."
    } else {
        "Whoever owns it finds another time."
    })
}

fn facts(seen: &Seen, found: &ClashFact) -> Vec<Fact> {
    let span = |from, until| local::describe_window(from, until, &seen.situation.zone).sentence();
    let mut facts = vec![];
    if let Some(other) = &found.other {
        facts.push(Fact::new("The other holds", &span(other.from, other.until)));
    }
    if let Some(window) = seen.change().window() {
        facts.push(Fact::new("This one holds", &span(window.start, window.contingency_end)));
    }
    if !found.caught.is_empty() {
        facts.push(Fact::new("All that is caught", &found.caught.join(", ")));
    }
    if let Some(way) = found.settled {
        facts.push(Fact::new("Ruled by the authority", &words::sentence_case(way.words())).tag("Settled", "green"));
    }
    facts
}

/// Who has to move, and who else has a way out (spec 6.7).
fn who_else(seen: &Seen, found: &ClashFact, other: &OtherFact, own: &Side) -> String {
    let (stays, moves) = if other.stays { (&found.with, &seen.change().reference) } else { (&seen.change().reference, &found.with) };
    let duty = if found.hard {
        format!("{stays} is further on, so {moves} has to move, unless the authority rules otherwise.")
    } else {
        "It is a warning: nobody has to move.".into()
    };
    let else_ = match (own.may_rule, own.may_move) {
        (true, _) => "",
        (false, true) => " The authority’s change manager may rule on it.",
        (false, false) => " Their owners may move either, and the authority’s change manager may rule on it.",
    };
    format!("{duty}{else_}")
}

fn elsewhere(found: &ClashFact) -> String {
    match found.rule.as_str() {
        "BR-19f" => "The change is moved, or the authority’s change manager excepts it from the freeze.".into(),
        "BR-19e" | "BR-19h" => "The change may be moved, or stays where it is knowingly.".into(),
        _ => "The other change is not open to you. Write to your supplier’s change manager, who sees both.".into(),
    }
}

/// Settles one of them.
pub async fn settle(State(app): State<Shared>, visitor: Visitor, Path(reference): Path<String>, form: Form) -> Result<Response, Failure> {
    form.only(&["version", "other_version", "clash", "way", "reason"])?;
    let seen = Seen::read(&app, &visitor, &reference)?;
    let gone = || Failure::conflict("no-such-clash", "This clash is not there any more. Read the page again.");
    let found = seen.situation.facts.clashes.iter().find(|found| clash::code(found) == form.text("clash")).ok_or_else(gone)?;
    let mut faults = vec![];
    if form.text("way").is_empty() {
        faults.push(Fault::of("way", "choose-one", "Choose what becomes of it."));
    }
    if form.text("reason").is_empty() {
        faults.push(Fault::of("reason", "answer-missing", "Say why."));
    }
    let path = format!("/changes/{}/clashes", seen.change().reference);
    let outcome = match faults.is_empty() {
        true => carry_out(&app, &visitor, &seen, found, &form, &path)?,
        false => Err(faults),
    };
    match outcome {
        Ok(told) => Ok(done(&app, &path, &told)),
        Err(faults) => Ok(page_with(StatusCode::UNPROCESSABLE_ENTITY, &draw(&app, &visitor, &seen, Some((&form, &faults)))?)),
    }
}

fn carry_out(app: &App, visitor: &Visitor, seen: &Seen, found: &ClashFact, form: &Form, path: &str) -> Result<Result<String, Vec<Fault>>, Failure> {
    let reason = ("reason".to_owned(), vec![form.text("reason").to_owned()]);
    let way = form.text("way");
    if let Some(way) = Way::from_code(way) {
        let raw = Raw::from([reason, ("clash".into(), vec![clash::code(found)]), ("way".into(), vec![way.code().into()])]);
        let expect = expect(form, path, &raw);
        return taken(app, seen, Act::SettleClash, raw, expect).map(|taken| taken.map(|()| format!("Settled: {}. Both sides are told.", way.words())));
    }
    let unknown = || vec![Fault::of("way", "unknown-choice", "Choose one of the ways that are shown.")];
    let (which, start) = way.split_once(' ').unwrap_or_default();
    let Ok(start) = start.parse() else { return Ok(Err(unknown())) };
    let theirs = match which {
        THIS => None,
        OTHER if found.other.is_some() => Some(Seen::read(app, visitor, &found.with)?),
        _ => return Ok(Err(unknown())),
    };
    let moved = theirs.as_ref().unwrap_or(seen);
    let Some(window) = moved.change().window() else { return Ok(Err(unknown())) };
    let mut raw = moved_typed(window, None, start, &moved.situation.zone);
    raw.extend([reason]);
    let mut expect = expect(form, path, &raw);
    if theirs.is_some() {
        expect.version = form.text("other_version").parse().ok();
    }
    let told = if found.other.is_some() { "Both sides are told." } else { "Those concerned are told." };
    taken(app, moved, Act::Reschedule, raw, expect).map(|taken| taken.map(|()| format!("{} is moved. {told}", moved.change().reference)))
}

/// Takes the act; what is wrong with its fields is told on the page.
fn taken(app: &App, seen: &Seen, act: Act, raw: Raw, expect: Expect) -> Result<Result<(), Vec<Fault>>, Failure> {
    if expect.version.is_none() {
        return Err(Failure::NeedsVersion);
    }
    match app.take(&seen.actor, seen.change().id.0, act, raw, expect) {
        Ok(_) => Ok(Ok(())),
        Err(Stop::Refused(signalbox_core::refusal::Refusal::Invalid(violations))) => {
            let named = |fault: Fault| if fault.field.as_deref() == Some("reason") { fault } else { Fault { field: Some("way".into()), ..fault } };
            Ok(Err(seen.faults(&violations).into_iter().map(named).collect()))
        }
        Err(stop) => Err(stopped(stop)),
    }
}
