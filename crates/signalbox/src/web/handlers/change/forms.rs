//! The form of an act: its fields from the core, what to choose from, what is filled in already.

use signalbox_core::act::Act;
use signalbox_core::calendar::local;
use signalbox_core::charge::money::pounds;
use signalbox_core::decide::fields::{CONDITIONS_AT_ONCE, Field as Asked, of_act as fields_of_act};
use signalbox_core::facts::PersonFact;
use signalbox_core::form::rows::cell_name;
use signalbox_core::form::{Answer, Raw};
use signalbox_core::ids::PersonId;
use signalbox_core::process::AnswerKind;
use signalbox_store::{accounts, gather};

use super::{Seen, summary};
use crate::app::App;
use crate::web::parts::Form;
use crate::web::problem::{Failure, Fault};
use crate::web::typed::{self, Options};
use crate::web::ui::{self, Choice, Control, Field};
use crate::words;

/// The form and the summary of what is wrong with it.
pub(super) fn of_act(app: &App, seen: &Seen, act: Act, typed: Option<(&Raw, &[Fault])>) -> Result<(Form, Vec<ui::Fault>), Failure> {
    let (raw, faults) = match typed {
        Some((raw, faults)) => (raw.clone(), faults),
        None => (filled_in(seen, act), &[][..]),
    };
    let ctx = seen.situation.context(&seen.actor, seen.now);
    let mut asked = fields_of_act(&ctx, seen.change(), act);
    asked.retain(|field| field.id != "seen");
    let options = options(app, seen, &asked)?;
    let drawn = typed::fields(&asked, &raw, faults, &options, |id| words::act_field_label(act, id));
    let drawn: Vec<Field> = drawn.into_iter().map(|field| explain(seen, field, act)).collect();
    let change = seen.change();
    let mut form = Form::new(&format!("{}/acts/{}", seen.address(), act.code()), words::act_button(act, change.stage), drawn)
        .key(&app.ids.token().to_hex())
        .hide("version", &change.version.to_string());
    if let (Act::Approve, Some(content)) = (act, &change.content) {
        form = form.hide("seen", &content.hash);
    }
    if typed::has_rows(&form.fields) {
        form = form.more(typed::MORE_ROWS, "Show more rows");
    }
    let faults = summary(&form.fields, faults);
    Ok((form, faults))
}

/// Hints, and what the numbers of a risk question mean.
fn explain(seen: &Seen, mut field: Field, act: Act) -> Field {
    let name = typed::core_name(&field.name);
    let hint = words::field_hint(act, &name);
    if name == "implementer" && matches!(field.control, Control::Input { .. }) {
        field.hint = Some(format!("Their e-mail address here. {hint}"));
    }
    if field.hint.is_none() && !hint.is_empty() {
        field.hint = Some(hint.to_owned());
    }
    if let (Act::ExceptFreeze, Control::Radios { choices } | Control::Select { choices }) = (act, &mut field.control)
        && name == "freeze"
    {
        let ctx = seen.situation.context(&seen.actor, seen.now);
        for freeze in signalbox_core::decide::freeze::in_the_way(&ctx, seen.change()) {
            let until = seen.moment(freeze.until);
            let named = format!("{}, until {until}", words::sentence_case(&freeze.title));
            choices.iter_mut().filter(|choice| choice.value == freeze.code()).for_each(|choice| choice.label.clone_from(&named));
        }
    }
    if let (Act::SettleClash, Control::Radios { choices } | Control::Select { choices }) = (act, &mut field.control) {
        for choice in choices {
            let clash = seen.situation.facts.clashes.iter().find(|clash| signalbox_core::decide::clash::code(clash) == choice.value);
            let way = signalbox_core::decide::clash::Way::from_code(&choice.value).map(|way| words::sentence_case(way.words()));
            let named = clash.map(|clash| crate::web::panels::clash(clash, &seen.situation.zone, vec![]).heading).or(way);
            choice.label = named.unwrap_or_else(|| choice.label.clone());
        }
    }
    if let (Control::Radios { choices }, Some(meanings)) = (&mut field.control, risk_answers(seen, &name)) {
        for (choice, meaning) in choices.iter_mut().zip(meanings) {
            choice.label = format!("{}: {meaning}", choice.value);
        }
    }
    field
}

/// What 0 to 3 mean for a risk question of the document.
fn risk_answers<'s>(seen: &'s Seen, name: &str) -> Option<&'s [String; 4]> {
    let at = name.strip_prefix("risk_")?.parse::<usize>().ok()?.checked_sub(1)?;
    seen.situation.process.risk_questions.get(at).map(|row| &row.answers)
}

/// What may be chosen. The directory is read only for acts that name its things.
fn options(app: &App, seen: &Seen, asked: &[Asked]) -> Result<Options, Failure> {
    let zone = seen.situation.zone.clone();
    let names_things = asked.iter().any(|field| matches!(field.kind, AnswerKind::Items | AnswerKind::Sites));
    let mut options = if names_things {
        app.read::<_, Failure>(|tx| Options::read(tx, &seen.actor, zone))?
    } else {
        let mut options = Options::none(zone);
        // On the night: the services of this change.
        options.services = seen.page.services.values().map(|service| Choice::new(&service.code, &service.name)).collect();
        options
    };
    options = options.with_files(&seen.page.files);
    let orgs = seen.change().orgs();
    let mut owners: Vec<Choice> =
        seen.page.orgs.values().filter(|org| orgs.iter().any(|o| o.0 == org.id)).map(|org| Choice::new(&org.code, &org.name)).collect();
    owners.sort_by(|a, b| a.label.cmp(&b.label));
    for n in 1..=CONDITIONS_AT_ONCE {
        options = options.with(&format!("condition_{n}_owner"), owners.clone()).with(&format!("control_{n}_owner"), owners.clone());
    }
    let hazards = seen.change().safety.hazards.iter();
    let hazards = hazards.map(|hazard| Choice::new(&hazard.name(), &format!("{}: {}", hazard.name(), seen.said(&hazard.words.name)))).collect();
    options = options.with("which", hazards);
    let open = seen.change().conditions.iter().filter(|condition| condition.met.is_none());
    let open = open.map(|c| Choice::new(&c.number.to_string(), &format!("{}: {}", c.number, seen.said(&c.condition.what)))).collect();
    if asked.iter().any(|field| field.id == "implementer") {
        let people = implementers(app, seen)?;
        // Nobody to choose, or too many to read: the address is typed.
        if !people.is_empty() && people.len() <= typed::TICKED_MAX {
            options = options.with("implementer", people);
        }
    }
    if asked.iter().any(|field| field.id == "verbal_approver") {
        let callable = crate::web::handlers::urgent::callable(app, &seen.actor)?;
        options = options.with("verbal_approver", crate::web::handlers::urgent::approvers(&callable, seen.change().raised_by.person.map(|p| p.0)));
    }
    let questions = seen.situation.process.questions.iter().map(|question| Choice::new(&question.id, &question.text)).collect();
    Ok(options.with("number", open).with("fields", questions).with("invoice", invoices(seen)))
}

/// The invoices that something may be done to.
fn invoices(seen: &Seen) -> Vec<Choice> {
    let all = seen.change().money.invoices.iter().filter(|_| super::money::sees(seen));
    all.map(|invoice| {
        let words = format!("{}: {}, {}", invoice.number, seen.said(&invoice.bill.reference), pounds(invoice.due_pence()));
        Choice::new(&invoice.number.to_string(), &words)
    })
    .collect()
}

/// Those who may be named to do the work: of a party to the change, and none who approved it (SD-2).
fn implementers(app: &App, seen: &Seen) -> Result<Vec<Choice>, Failure> {
    let change = seen.change();
    let (found, names) = app.read::<_, Failure>(|tx| {
        let found = gather::implementers(tx, &change.orgs().into_iter().collect::<Vec<_>>(), typed::TICKED_MAX as i64 + 1)?;
        let names = accounts::names(tx, &found.iter().map(|person| person.id.0).collect::<Vec<_>>())?;
        Ok((found, names))
    })?;
    let has_approved = |person: PersonId| change.live_approvals().any(|approval| approval.by.concerns(person));
    let choice = |person: &PersonFact| {
        let name = names.get(&person.id.0).cloned().unwrap_or_default();
        let orgs: Vec<String> = person.orgs.iter().map(|org| seen.names.org(*org)).collect();
        Choice::new(&person.email, &format!("{name}, {}", words::listed(&orgs)))
    };
    let mut choices: Vec<Choice> = found.iter().filter(|person| !has_approved(person.id)).map(choice).collect();
    choices.sort_by(|a, b| a.label.cmp(&b.label));
    Ok(choices)
}

/// What stands in the fields at first: for sending the draft, for amending the answers.
fn filled_in(seen: &Seen, act: Act) -> Raw {
    let draft = seen.page.draft.as_ref().map(|draft| draft.raw.clone());
    match act {
        Act::Submit | Act::Propose => draft.unwrap_or_else(|| answers_typed(seen)),
        Act::Amend => answers_typed(seen),
        Act::Reschedule => answers_typed(seen).into_iter().filter(|(name, _)| name.starts_with("window") || name.starts_with("contingency_end")).collect(),
        Act::Finish | Act::Close => {
            let proposed = seen.change().work.proposed;
            proposed.map(|outcome| Raw::from([("outcome".to_owned(), vec![outcome.code().to_owned()])])).unwrap_or_default()
        }
        money if money.is_money() => usual(seen, money),
        _ => Raw::new(),
    }
}

/// The amounts that are usual for an act of money, and today where a day is asked.
fn usual(seen: &Seen, act: Act) -> Raw {
    let ctx = seen.situation.context(&seen.actor, seen.now);
    let today = local::wall(seen.now, &seen.situation.zone).date().to_string();
    let is_today = |id: &str| matches!(id, "order_date" | "invoice_date" | "paid_on" | "spent_on");
    let value =
        |id: &str| signalbox_core::charge::fields::usual(seen.change(), act, id).or_else(|| (is_today(id) && act != Act::AcceptQuote).then(|| today.clone()));
    fields_of_act(&ctx, seen.change(), act).iter().filter_map(|field| Some((field.id.clone(), vec![value(&field.id)?]))).collect()
}

/// The answers as somebody would type them.
fn answers_typed(seen: &Seen) -> Raw {
    let Some(content) = &seen.change().content else { return Raw::new() };
    let mut raw = Raw::new();
    for (id, answer) in &content.answers {
        for (name, values) in answer_typed(seen, id, answer) {
            raw.insert(name, values);
        }
    }
    raw
}

fn answer_typed(seen: &Seen, id: &str, answer: &Answer) -> Vec<(String, Vec<String>)> {
    let one = |value: String| vec![(id.to_owned(), vec![value])];
    let moment = |name: &str, at| {
        let wall = local::wall(at, &seen.situation.zone);
        vec![(format!("{name}.date"), vec![wall.date().to_string()]), (format!("{name}.time"), vec![local::clock(wall.time())])]
    };
    match answer {
        Answer::Text(text) => one(seen.said(text)),
        Answer::Choice(code) => one(code.clone()),
        Answer::Choices(codes) => vec![(id.to_owned(), codes.clone())],
        Answer::Yes(yes) => one(if *yes { "yes" } else { "no" }.into()),
        Answer::Number(n) => one(n.to_string()),
        Answer::Window { start, end, .. } => [moment(&format!("{id}.start"), *start), moment(&format!("{id}.end"), *end)].concat(),
        Answer::Moment { at, .. } => moment(id, *at),
        Answer::Date(date) => one(date.to_string()),
        Answer::Items(ids) => vec![(id.to_owned(), ids.iter().filter_map(|i| seen.page.items.get(&i.0)).map(|line| line.item.code.clone()).collect())],
        Answer::Services(ids) => vec![(id.to_owned(), ids.iter().filter_map(|s| seen.page.services.get(&s.0)).map(|s| s.code.clone()).collect())],
        Answer::Sites(ids) => vec![(id.to_owned(), ids.iter().filter_map(|s| seen.page.sites.get(&s.0)).map(|s| s.code.clone()).collect())],
        Answer::Person { name, phone } => vec![(format!("{id}.name"), vec![seen.said(name)]), (format!("{id}.phone"), vec![seen.said(phone)])],
        Answer::List(texts) => vec![(id.to_owned(), texts.iter().map(|text| seen.said(text)).collect())],
        Answer::Files(files) => vec![(id.to_owned(), files.iter().map(|file| file.0.to_string()).collect())],
        Answer::Value(value) => one(value.clone()),
        Answer::Rows(rows) => {
            let cells = rows.iter().enumerate().flat_map(|(at, cells)| cells.iter().map(move |(column, cell)| (cell_name(id, at + 1, column), cell)));
            cells.flat_map(|(name, cell)| answer_typed(seen, &name, cell)).collect()
        }
    }
}
