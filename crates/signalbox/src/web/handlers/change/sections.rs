//! The panels of the record: answers, assessments, tracks, approvals, promises, the night, the end.

use signalbox_core::act::Act;
use signalbox_core::actor::{Role, Stamp};
use signalbox_core::calendar::{Verdict, local};
use signalbox_core::change::{Assessment, Condition, Network, Outcome};
use signalbox_core::decide::notice::is_provisional;
use signalbox_core::decide::warnings;
use signalbox_core::form::{Answer, Answers};
use signalbox_core::process::{AnswerKind, Column, Question};
use std::collections::BTreeSet;

use super::{Seen, safety};
use crate::web::panels;
use crate::web::parts::{Cell, Fact, Notice, Row, Section, Table};
use crate::web::ui::Tag;
use crate::words;

/// Whether the change's document has this act at all; a request from the catalogue is not assessed.
pub(super) fn knows(seen: &Seen, act: Act) -> bool {
    seen.situation.process.steps.iter().any(|step| step.act == act)
}

/// Every panel that this change has something for.
pub(super) fn all(seen: &Seen) -> Vec<Section> {
    let first = warnings(seen).into_iter().chain([glance(seen)]).chain(tables(seen)).chain(super::departments::section(seen));
    let before = [defects(seen), risk(seen), super::decisions::section(seen), assessments(seen)].into_iter().flatten().chain(safety::sections(seen));
    let decided = [network(seen), super::boards::board(seen), approvals(seen), super::money::panel(seen), conditions(seen), promise(seen)];
    let after = decided.into_iter().chain([super::work::plan(seen), night(seen), end(seen), super::work::learnt(seen)]);
    let first = first.chain(super::super::urgent::section(seen));
    first.chain(before).chain(after.into_iter().flatten()).collect()
}

pub fn who(seen: &Seen, stamp: &Stamp) -> String {
    let person = seen.names.person(stamp.person);
    let person = stamp.for_person.map_or(person.clone(), |other| format!("{person} for {}", seen.names.person(Some(other))));
    stamp.org.map_or(person.clone(), |org| format!("{person}, {}", seen.names.org(org)))
}

/// `220 KB`.
pub(super) fn size_words(bytes: i64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} KB", (bytes + 500) / 1_000),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

pub(super) fn date_words(date: jiff::civil::Date) -> String {
    local::date_words(date)
}

fn listed_names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join("\n")
}

/// An answer in words; choices by the words of their question are left to [`answer_to`].
pub(super) fn answer_words(seen: &Seen, answer: &Answer) -> Option<String> {
    let zone = &seen.situation.zone;
    Some(match answer {
        Answer::Text(text) => seen.said(text),
        Answer::Choice(code) => words::option_label("", code),
        Answer::Choices(codes) => codes.iter().map(|code| words::option_label("", code)).collect::<Vec<_>>().join("\n"),
        Answer::Yes(yes) => if *yes { "Yes" } else { "No" }.into(),
        Answer::Number(n) => n.to_string(),
        Answer::Window { start, end, .. } => words::window_phrase(*start, *end, seen.now, zone),
        Answer::Moment { at, .. } => local::moment_words(*at, zone),
        Answer::Date(date) => date_words(*date),
        Answer::Items(ids) => listed_names(ids.iter().filter_map(|id| seen.page.items.get(&id.0)).map(|line| line.item.name.as_str())),
        Answer::Services(ids) => listed_names(ids.iter().filter_map(|id| seen.page.services.get(&id.0)).map(|service| service.name.as_str())),
        Answer::Sites(ids) => listed_names(ids.iter().filter_map(|id| seen.page.sites.get(&id.0)).map(|site| site.name.as_str())),
        Answer::Person { name, phone } => format!("{}, {}", seen.said(name), seen.said(phone)),
        Answer::List(texts) => texts.iter().map(|text| seen.said(text)).collect::<Vec<_>>().join("\n"),
        Answer::Value(value) => value.clone(),
        Answer::Rows(rows) => {
            let line = |cells: &Answers| cells.values().filter_map(|cell| answer_words(seen, cell)).collect::<Vec<_>>().join(" · ");
            rows.iter().map(line).collect::<Vec<_>>().join("\n")
        }
        Answer::Files(files) => listed_names(files.iter().filter_map(|id| seen.page.files.iter().find(|file| file.id == id.0)).map(|file| file.name.as_str())),
    })
}

pub(in super::super) fn answer_to(seen: &Seen, question: &Question, answer: &Answer) -> String {
    match answer {
        Answer::Choices(codes) => codes.iter().map(|code| words::option_label(&question.id, code)).collect::<Vec<_>>().join("\n"),
        Answer::Choice(code) => {
            let entry = seen.situation.process.catalogue.iter().find(|entry| question.id == "model" && entry.id == *code);
            entry.map_or_else(|| words::option_label(&question.id, code), |entry| entry.title.clone())
        }
        answer => answer_words(seen, answer).unwrap_or_default(),
    }
}

/// What to know before going on; nothing of it matters any more once the work is over.
fn warnings(seen: &Seen) -> Option<Section> {
    let change = seen.change();
    let found = if change.stage.holds_window() { warnings::of(&seen.situation.zone, change) } else { vec![] };
    (!found.is_empty()).then(|| found.iter().fold(Section::new("mind", "To bear in mind"), |section, one| section.words(&words::warning(one))))
}

/// The tables among the answers, a panel each.
fn tables(seen: &Seen) -> Vec<Section> {
    let answers = seen.change().content.iter().flat_map(|content| &content.answers);
    let mut found: Vec<(usize, Section)> = vec![];
    for (id, answer) in answers {
        let questions = &seen.situation.process.questions;
        let Some((at, question)) = questions.iter().enumerate().find(|(_, question)| question.id == *id) else { continue };
        if id == signalbox_core::departments::QUESTION {
            continue;
        }
        if let Some(table) = table_of(seen, question, answer) {
            found.push((at, Section::new(&format!("answer-{id}"), &question.text).table(table, "")));
        }
    }
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, section)| section).collect()
}

/// The rows of an answer; a column that no row fills is left out.
pub(in super::super) fn table_of(seen: &Seen, question: &Question, answer: &Answer) -> Option<Table> {
    let (AnswerKind::Rows { columns, .. }, Answer::Rows(rows)) = (&question.answer, answer) else { return None };
    let said = |cells: &Answers, column: &Column| match cells.get(&column.id) {
        Some(Answer::Value(code)) if column.answer == AnswerKind::Organisation => organisation_name(seen, code),
        Some(Answer::Choice(code)) => words::option_label(&column.id, code),
        Some(cell) => answer_words(seen, cell).unwrap_or_default(),
        None => String::new(),
    };
    let used: Vec<&Column> = columns.iter().filter(|column| rows.iter().any(|cells| cells.contains_key(&column.id))).collect();
    let row = |cells: &Answers| {
        let mut all = used.iter().map(|column| Cell::text(&said(cells, column)));
        Row::new(all.next().unwrap_or_default(), all.collect())
    };
    let heads: Vec<&str> = used.iter().map(|column| column.text.as_str()).collect();
    Some(Table::new(&question.text, &heads, rows.iter().map(row).collect()))
}

fn organisation_name(seen: &Seen, code: &str) -> String {
    seen.page.orgs.values().find(|org| org.code.eq_ignore_ascii_case(code)).map_or(code.to_owned(), |org| org.name.clone())
}

/// What the reader's own organisations will notice, where it differs from what the others do: before all else.
fn own_notice(seen: &Seen) -> Vec<Fact> {
    let Some(content) = &seen.change().content else { return vec![] };
    let own: BTreeSet<i64> = seen.actor.memberships().iter().filter(|membership| membership.role != Role::GroupMember).map(|m| m.org.0).collect();
    let own = own.into_iter().filter_map(|org| seen.page.orgs.get(&org));
    let told = own.flat_map(|org| content.own_notice(&org.code).into_iter().map(move |text| (org, text)));
    told.map(|(org, text)| Fact::new(&format!("What {} will notice", org.name), &seen.said(text))).collect()
}

/// Everything answered, in the order of the document; of a draft what was typed so far.
pub(super) fn glance(seen: &Seen) -> Section {
    let questions = seen.situation.process.questions.iter().filter(|question| question.id != "title");
    let mut facts = own_notice(seen);
    if let Some(content) = &seen.change().content {
        for question in questions {
            // Tables have panels of their own.
            if let Some(answer) = content.answers.get(&question.id).filter(|answer| !matches!(answer, Answer::Rows(_))) {
                facts.push(Fact::new(&question.text, &answer_to(seen, question, answer)));
            }
        }
        let derived: Vec<&str> = seen.page.derived_services.iter().filter_map(|id| seen.page.services.get(id)).map(|service| service.name.as_str()).collect();
        if !derived.is_empty() {
            facts.push(Fact::new("Services that depend on it", &derived.join("\n")));
        }
    } else if let Some(draft) = &seen.page.draft {
        for question in questions {
            let own = draft.raw.iter().filter(|(name, _)| name.split('.').next() == Some(question.id.as_str()));
            let typed: Vec<&str> = own.flat_map(|(_, values)| values).map(|value| value.trim()).filter(|value| !value.is_empty()).collect();
            if !typed.is_empty() {
                facts.push(Fact::new(&question.text, &typed.join("\n")));
            }
        }
    }
    let empty = facts.is_empty();
    let section = Section::new("glance", "At a glance").facts(facts);
    if empty { section.words("Nothing is filled in yet.") } else { section }
}

/// What somebody about to decide has to know first.
pub(super) fn key_facts(seen: &Seen) -> Vec<Fact> {
    let change = seen.change();
    let mut facts = vec![];
    if let Some(window) = change.window() {
        facts.push(Fact::new("When", &words::window_phrase(window.start, window.end, seen.now, &seen.situation.zone)));
    }
    facts.extend(own_notice(seen));
    for id in ["people_notice", "services", "items"] {
        if let (Some(question), Some(answer)) = (seen.situation.process.question(id), change.content.as_ref().and_then(|content| content.answers.get(id))) {
            facts.push(Fact::new(&question.text, &answer_to(seen, question, answer)));
        }
    }
    if let Some(class) = &change.classification {
        facts.push(
            Fact::new("Risk of change", &format!("{} of 18; impact level {}; category {}", class.risk, class.impact, class.category))
                .tag(&words::sentence_case(&class.band), "yellow"),
        );
    }
    if let Some((label, colour)) = safety::tag(&change.clinical) {
        facts.push(Fact::new("Clinical risk", "").tag(label, colour));
    }
    if change.stage.holds_window() {
        facts.push(match seen.situation.facts.clashes.len() {
            0 => Fact::new("Clashes", &format!("None, looked at {}", seen.moment(seen.now))),
            n => Fact::new("Clashes", "")
                .tag(&words::counted(n as i64, "clash").replace("clashs", "clashes"), "red")
                .link("Read them", &format!("{}#clashes", seen.address())),
        });
    }
    if change.stage.holds_window() {
        facts.extend(warnings::of(&seen.situation.zone, change).iter().map(|one| Fact::new("To bear in mind", &words::warning(one))));
    }
    facts
}

fn defects(seen: &Seen) -> Option<Section> {
    let change = seen.change();
    let is_open = change.stage == signalbox_core::change::Stage::Returned;
    (is_open && !change.defects.is_empty()).then(|| {
        let said = change.defects.iter().map(|text| seen.said(text)).collect::<Vec<_>>().join("\n");
        Section::new("defects", "What is missing").words(&said)
    })
}

fn risk(seen: &Seen) -> Option<Section> {
    let class = seen.change().classification.as_ref()?;
    let mut facts = vec![
        Fact::new("Risk of change", &format!("{} of 18", class.risk)).tag(&words::sentence_case(&class.band), "yellow"),
        Fact::new("Impact level", &class.impact.to_string()),
        Fact::new("Category", &words::sentence_case(&class.category)),
    ];
    if !class.impact_because.is_empty() {
        facts.push(Fact::new("Impact, because", &class.impact_because.join("\n")));
    }
    if let Some(from) = &class.lowered_from {
        facts.push(Fact::new("Lowered from", &words::sentence_case(from)));
    }
    Some(Section::new("risk", "Risk and impact").facts(facts))
}

fn assessments(seen: &Seen) -> Option<Section> {
    let change = seen.change();
    let rows: Vec<Row> = change.assessments.values().map(|assessment| assessment_row(seen, assessment)).collect();
    if rows.is_empty() && (change.stage.is_final() || !knows(seen, Act::Assess)) {
        return None;
    }
    let table = Table::new("Assessments", &["Assessment", "Finding", "By", "When"], rows);
    Some(Section::new("assessments", "Assessments").table(table, "None yet. They are asked for once the change is accepted."))
}

fn assessment_row(seen: &Seen, assessment: &Assessment) -> Row {
    let asked = &assessment.asked;
    let head = Cell::text(&words::option_label("assessment", asked.kind.code()));
    let of = asked.org.map_or_else(String::new, |org| seen.names.org(org));
    match &assessment.given {
        Some(given) => {
            let (label, colour) = if given.objects { ("Objects", "red") } else { ("No objection", "green") };
            Row::new(
                head,
                vec![Cell::tag(label, colour).and(&seen.said(&given.finding)), Cell::text(&who(seen, &given.by)), Cell::text(&seen.moment(given.at))],
            )
        }
        None => {
            let is_late = asked.due_at < seen.now;
            let rows = seen.situation.process.assessments.iter().filter(|row| row.kind == asked.kind);
            let whom = rows.flat_map(|row| &row.who).map(|one| signalbox_core::process::dictionary::who_words(*one)).collect::<Vec<_>>().join(" or ");
            let owes = if of.is_empty() { format!("{} owes it", words::sentence_case(&whom)) } else { format!("{of} owes it") };
            let state = match (is_late, asked.silence_counts) {
                (true, true) => Cell::tag("No answer", "grey").and("Silence counts as no objection."),
                (true, false) => Cell::tag("Late", "red"),
                (false, _) => Cell::tag("Waiting", "yellow"),
            };
            Row::new(head, vec![state, Cell::text(&owes), Cell::text(&format!("by {}", seen.moment(asked.due_at)))])
        }
    }
}

pub(super) fn network(seen: &Seen) -> Option<Section> {
    let fact = |words: String, tag: &str, colour| Fact::new("State", &words).tag(tag, colour);
    let reference = |text: &Option<signalbox_core::text::Text>| text.as_ref().map(|text| Fact::new("Their reference", &seen.said(text)));
    let facts = match &seen.change().network {
        Network::NotNeeded => return None,
        Network::Needed => vec![fact("The provider has to be told before the work is scheduled.".into(), "Not told yet", "yellow")],
        Network::Sent { at, way, reference: own } => {
            let state = fact(format!("{}, {}", words::option_label("way", way), seen.moment(*at)), "Not acknowledged", "yellow");
            std::iter::once(state).chain(reference(own)).collect()
        }
        Network::Acknowledged { at, by, reference: own } => {
            let state = fact(format!("{}, {}", who(seen, by), seen.moment(*at)), "Acknowledged", "green");
            std::iter::once(state).chain(reference(own)).collect()
        }
        Network::Refused { at, by, reason } => {
            vec![fact(format!("{}, {}", who(seen, by), seen.moment(*at)), "Refused", "red"), Fact::new("Why", &seen.said(reason))]
        }
        Network::Told { at, by, proof } => {
            vec![fact(format!("{}, {}", who(seen, by), seen.moment(*at)), "Told", "green"), Fact::new("Proof", &seen.said(proof))]
        }
    };
    Some(
        Section::new("network", "Network provider")
            .facts(facts)
            .link("What the provider was told, and the answers for its form", &format!("{}/network", seen.address())),
    )
}

fn approvals(seen: &Seen) -> Option<Section> {
    let change = seen.change();
    if change.approvals.is_empty() && (change.revision == 0 || change.stage.is_final() || !knows(seen, Act::Approve)) {
        return None;
    }
    let row = |approval: &signalbox_core::change::Approval| {
        let state = match approval.void {
            None => Cell::tag("Approved", "green"),
            Some(at) => Cell::tag("Struck out", "grey").small(&format!("{}: the content or the window changed, or it was taken back", seen.moment(at))),
        };
        let said = approval.words.as_ref().map(|text| seen.said(text)).unwrap_or_default();
        Row::new(Cell::text(&who(seen, &approval.by)), vec![state, Cell::text(&said), Cell::text(&seen.moment(approval.at))])
    };
    let rows = change.approvals.iter().map(row).collect();
    Some(Section::new("approvals", "Approvals").table(Table::new("Approvals", &["Who", "Decision", "Words given", "When"], rows), "None yet."))
}

fn conditions(seen: &Seen) -> Option<Section> {
    let change = seen.change();
    let today = local::wall(seen.now, &seen.situation.zone).date();
    let row = |condition: &Condition| {
        let state = match &condition.met {
            Some((by, at, _)) => Cell::tag("Kept", "green").small(&format!("{}, {}", who(seen, by), seen.moment(*at))),
            None if condition.condition.due < today => Cell::tag("Late", "red"),
            None => Cell::tag("Open", "yellow"),
        };
        let head = Cell::text(&format!("{}. {}", condition.number, seen.said(&condition.condition.what)));
        Row::new(head, vec![Cell::text(&seen.names.org(condition.condition.owner)), Cell::text(&date_words(condition.condition.due)), state])
    };
    let rows: Vec<Row> = change.conditions.iter().map(row).collect();
    (!rows.is_empty()).then(|| Section::new("promises", "Conditions").table(Table::new("Conditions", &["Condition", "Who", "Due", "State"], rows), ""))
}

fn promise(seen: &Seen) -> Option<Section> {
    let promise = seen.change().promise.as_ref()?;
    let mut facts = vec![
        Fact::new("Takes it down", &seen.said(&promise.take_down_by)),
        Fact::new("Brings it back", &seen.said(&promise.restore_by)),
        Fact::new("Telephone", &seen.said(&promise.phone)),
    ];
    facts.extend(promise.times.as_ref().map(|times| Fact::new("Times", &seen.said(times))));
    Some(Section::new("promise", "What the supplier promised").facts(facts))
}

fn night(seen: &Seen) -> Option<Section> {
    let change = seen.change();
    let work = &change.work;
    let mut facts = vec![];
    if let Some((person, org)) = change.implementer {
        facts.push(Fact::new("Who does the work", &format!("{}, {}", seen.names.person(Some(person)), seen.names.org(org))));
    }
    facts.extend(work.started.as_ref().map(|told| Fact::new("Started", &seen.moment(told.happened_at))));
    facts.extend(work.expected_end.map(|at| Fact::new("Now expected to end", &seen.moment(at))));
    facts.extend(work.restored.iter().map(|(service, at)| Fact::new(&format!("{} back", seen.names.service(*service)), &seen.moment(*at))));
    facts.extend(work.backing_out.as_ref().map(|told| Fact::new("Backing out since", &seen.moment(told.happened_at))));
    facts.extend(work.finished.as_ref().map(|told| Fact::new("Ended", &seen.moment(told.happened_at))));
    facts.extend(work.proposed.map(|outcome| Fact::new("Outcome proposed", &words::option_label("outcome", outcome.code()))));
    if work.overran {
        facts.push(Fact::new("Overrun", "The latest end passed before anybody said that the work had ended.").tag("Overrun", "red"));
    }
    if !work.deviations.is_empty() {
        let told = work.deviations.iter().map(|code| words::deviation(code)).collect::<Vec<_>>().join("\n");
        facts.push(Fact::new("Departures from the rules", &told).tag("Marked", "orange"));
    }
    (!facts.is_empty()).then(|| Section::new("night", "Work on the night").facts(facts))
}

fn end(seen: &Seen) -> Option<Section> {
    let change = seen.change();
    let mut facts = vec![];
    if let Some((due, because)) = change.review_due.as_ref().filter(|_| change.review.is_none()) {
        let because = because.iter().map(|code| words::reason_words(code)).collect::<Vec<_>>().join(", ");
        facts.push(Fact::new("Review", &format!("due {}, because {because}", seen.moment(*due))).tag("Open", "yellow"));
    }
    if let Some((by, at, text)) = &change.review {
        facts.push(Fact::new("Review", &format!("{}\n{}, {}", seen.said(text), who(seen, by), seen.moment(*at))));
    }
    if let Some(outcome) = change.outcome {
        let colour = if outcome == Outcome::Successful { "green" } else { "grey" };
        let by = change.outcome_by.as_ref().map(|stamp| who(seen, stamp)).unwrap_or_default();
        let at = change.closed_at.map(|at| format!(", {}", seen.moment(at))).unwrap_or_default();
        facts.push(Fact::new("Outcome", &format!("{by}{at}")).tag(&words::option_label("outcome", outcome.code()), colour));
    }
    (!facts.is_empty()).then(|| Section::new("outcome", "Outcome and review").facts(facts))
}

/// Who settled what late notice leads to, who disputed it, and what the authority decided (spec 5.5).
fn course(seen: &Seen) -> Vec<Fact> {
    let course = &seen.change().notice_course;
    let by = |stamp: &signalbox_core::actor::Stamp, at: jiff::Timestamp| format!("{}, {}", who(seen, stamp), seen.moment(at));
    let mut facts = vec![];
    facts.extend(
        course.settled.as_ref().map(|one| Fact::new("Settled", &format!("{}\n{}", words::sentence_case(one.consequence.words()), by(&one.by, one.at)))),
    );
    if let Some(dispute) = &course.dispute {
        facts.push(Fact::new("Disputed", &format!("{}\n{}", seen.said(&dispute.reason), by(&dispute.by, dispute.at))));
        let end = dispute.end.as_ref().map(|end| by(&end.by, end.at)).unwrap_or_default();
        facts.push(Fact::new("The dispute", &end).tag(&words::sentence_case(dispute.state().words()), "blue"));
    }
    facts
}

/// The notice clock in the document's own basis (settled 3, 11).
pub(super) fn notice(seen: &Seen) -> Option<Notice> {
    let (change, given) = (seen.change(), seen.change().notice()?);
    let start = change.receipt().and_then(|receipt| receipt.window).or_else(|| change.window())?.start;
    let (colour, mood) = match given.verdict {
        Verdict::OnTime => ("green", "ok"),
        _ => ("yellow", "warn"),
    };
    let mut facts = vec![
        Fact::new("Received", &local::moment_words(given.received_at, &seen.situation.zone)),
        Fact::new("Last day in time", &date_words(given.last_in_time)),
        Fact::new("Counted by calendar", &given.calendar_version),
    ];
    if given.verdict.is_late() {
        facts.push(Fact::new("First date in time", &date_words(given.first_in_time)));
    }
    if given.is_wanting() {
        let consequence = change.consequence.unwrap_or(given.consequence);
        facts.push(Fact::new("Consequence", "").tag(&words::sentence_case(consequence.words()), "yellow"));
        facts.extend(course(seen));
        facts.extend(change.late_reason.as_ref().map(|code| {
            let more = change.late_words.as_ref().map(|text| format!("\n{}", seen.said(text))).unwrap_or_default();
            Fact::new("Why late", &format!("{}{more}", words::option_label("late_reason", code)))
        }));
    }
    let asked = words::basis_words(given.asked, given.basis);
    let heading = if given.days >= given.asked {
        format!("Notice: {}", words::basis_words(given.days, given.basis))
    } else {
        format!("Notice: {} of {asked}", given.days)
    };
    let is_provisional = is_provisional(&seen.situation.process, change);
    let verdict = if is_provisional { format!("{}, provisional", given.verdict.words()) } else { given.verdict.words().to_owned() };
    let provisional = is_provisional.then(|| words::PROVISIONAL.to_owned());
    Some(Notice {
        heading,
        tag: Tag::new(&words::sentence_case(&verdict), colour),
        mood,
        words: std::iter::once(words::notice_sentence(given)).chain(provisional).collect(),
        days: panels::tiles(given, start, &seen.situation.calendar, &seen.situation.zone, "received"),
        clock_label: format!("{} of notice, from the day of receipt to the start", words::sentence_case(given.basis.words())),
        facts,
    })
}
