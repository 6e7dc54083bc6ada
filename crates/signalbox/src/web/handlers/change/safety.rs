//! Clinical safety on the record: where the question stands, the hazards with their ratings, the signatures, and every
//! rejection that was ever signed.

use jiff::Timestamp;
use signalbox_core::act::Act;
use signalbox_core::actor::Stamp;
use signalbox_core::change::Clinical;
use signalbox_core::clinical::{self, Hazard, Seat};

use super::Seen;
use super::sections::{date_words, knows, who};
use crate::web::parts::{Cell, Fact, Row, Section, Table};
use crate::words;

/// The state of the track as a tag.
pub(super) fn tag(clinical: &Clinical) -> Option<(&'static str, &'static str)> {
    Some(match clinical {
        Clinical::NotAssessed => return None,
        Clinical::UnderReview { .. } => ("A safety officer decides", "yellow"),
        Clinical::Query { .. } => ("A safety officer asked", "yellow"),
        Clinical::NotRequired { .. } => ("No review needed", "green"),
        Clinical::AwaitingSignature(_) => ("Waits for a second signature", "yellow"),
        Clinical::Accepted { basis: Some(basis), .. } if basis.decision != "accept" => ("Accepted with conditions", "green"),
        Clinical::Accepted { .. } => ("Accepted", "green"),
        Clinical::Rejected { .. } => ("Rejected", "red"),
        Clinical::Stopped { .. } => ("Stopped", "red"),
    })
}

/// The panels: the question, the hazards, the rejections.
pub fn sections(seen: &Seen) -> Vec<Section> {
    [state(seen), hazards(seen), rejections(seen)].into_iter().flatten().collect()
}

fn state(seen: &Seen) -> Option<Section> {
    let (change, safety) = (seen.change(), &seen.change().safety);
    let mut section = Section::new("clinical", "Clinical safety");
    let is_ahead = change.revision > 0 && !change.stage.is_final() && knows(seen, Act::Screen);
    if change.revision > 0 && (knows(seen, Act::Screen) || !safety.rejections.is_empty()) {
        section = section.link("Safety record as one signed file", &format!("{}/safety-record", seen.address()));
    }
    let Some((label, colour)) = tag(&change.clinical) else {
        return is_ahead.then(|| section.words("Not screened yet: eight questions, answered before approval."));
    };
    let mut facts = vec![Fact::new("State", &state_words(seen)).tag(label, colour)];
    facts.extend(basis(seen));
    if let Clinical::Stopped { reason, settled, .. } = &change.clinical {
        facts.push(Fact::new("Why", &seen.said(reason)));
        facts.extend(
            settled
                .as_ref()
                .map(|s| Fact::new("Chosen", &format!("{}, with {}", words::option_label("after_stop", s.choice.code()), seen.said(&s.agreed_with)))),
        );
    }
    for round in &safety.rounds {
        facts.push(Fact::new("Asked", &format!("{}\n{}", seen.said(&round.questions), by(seen, &round.by, round.at))));
        facts.extend(round.answer.as_ref().map(|(stamp, at, text)| Fact::new("Answered", &format!("{}\n{}", seen.said(text), by(seen, stamp, *at)))));
    }
    facts.extend(safety.escalated.as_ref().map(|(stamp, at, text)| Fact::new("Escalated", &format!("{}\n{}", seen.said(text), by(seen, stamp, *at)))));
    facts.extend(downtime(seen));
    facts.extend(safety.reviewed.as_ref().map(|reviewed| {
        let verdict = if reviewed.agrees { "The screening stands" } else { "Disagrees with the screening" };
        Fact::new("Looked at again", &format!("{verdict}\n{}", by(seen, &reviewed.by, reviewed.at)))
    }));
    if !safety.changed_since.is_empty() {
        let lines = seen.page.loaded.events.iter().filter(|event| safety.changed_since.contains(&event.version));
        let lines: Vec<String> = lines.map(|event| words::event_line(event, &seen.names, &seen.page.loaded.prose).what).collect();
        facts.push(Fact::new("Changed since it was signed", &lines.join("\n")).tag(&words::counted(lines.len() as i64, "change"), "yellow"));
    }
    let section = section.facts(facts);
    Some(match &safety.screening {
        None => section,
        Some(screening) => {
            let row =
                |(n, yes): (usize, &bool)| Row::new(Cell::text(&words::field_label(&format!("q{}", n + 1))), vec![Cell::text(if *yes { "Yes" } else { "No" })]);
            let rows = screening.answers.iter().enumerate().map(row).collect();
            section.table(Table::new("The eight screening questions", &["Question", "Answer"], rows), "")
        }
    })
}

fn by(seen: &Seen, stamp: &Stamp, at: Timestamp) -> String {
    format!("{}, {}", who(seen, stamp), seen.moment(at))
}

fn state_words(seen: &Seen) -> String {
    match &seen.change().clinical {
        Clinical::NotAssessed => String::new(),
        Clinical::UnderReview { by: stamp, at, .. }
        | Clinical::Query { by: stamp, at, .. }
        | Clinical::NotRequired { by: stamp, at }
        | Clinical::Accepted { by: stamp, at, .. }
        | Clinical::Rejected { by: stamp, at }
        | Clinical::Stopped { by: stamp, at, .. } => by(seen, stamp, *at),
        Clinical::AwaitingSignature(awaiting) => {
            let signed: Vec<String> = awaiting.signed.iter().map(|stamp| who(seen, stamp)).collect();
            format!("Signed by {}", words::listed(&signed))
        }
    }
}

/// What an acceptance rests on: the row of the table, the limits, the signatures.
fn basis(seen: &Seen) -> Vec<Fact> {
    let (basis, said, signed) = match &seen.change().clinical {
        Clinical::Accepted { basis, words, .. } => (basis.as_deref(), words.as_ref(), None),
        Clinical::AwaitingSignature(awaiting) => (Some(&*awaiting.basis), awaiting.words.as_ref(), Some(&awaiting.signed)),
        _ => return vec![],
    };
    let mut facts: Vec<Fact> = said.into_iter().map(|text| Fact::new("Words", &seen.said(text))).collect();
    let Some(basis) = basis else { return facts };
    if let (Some(initial), Some(residual)) = (basis.initial, basis.residual) {
        let row = basis.ruling.as_ref().map(|ruling| format!(" (row {} of the table “{}”)", ruling.row, ruling.table)).unwrap_or_default();
        facts.push(Fact::new("Worst rating", &format!("{initial} before controls, {residual} after them{row}")));
    }
    facts.extend(basis.impractical.as_ref().map(|text| Fact::new("Further reduction is impractical because", &seen.said(text))));
    facts.extend(basis.until.map(|until| Fact::new("Accepted until", &date_words(until))));
    if let Some(exception) = &basis.exception {
        facts.push(Fact::new("By exception", &format!("{}\nMedical director: {}", seen.said(&exception.benefit), seen.said(&exception.medical_director))));
        facts.push(Fact::new("Not doing it", &words::rating_words(&exception.not_changing)));
    }
    if let Some(signed) = signed {
        let open: Vec<String> = clinical::open_seats(&basis.seats, signed).into_iter().map(|seat| seat_words(seen, seat)).collect();
        facts.push(Fact::new("Still to sign", &open.join("\n")).tag(&words::counted(open.len() as i64, "signature"), "yellow"));
    }
    facts
}

fn seat_words(seen: &Seen, seat: Seat) -> String {
    match seat {
        Seat::Officer { org } => format!("A safety officer of {}", seen.names.org(org)),
        Seat::Authority => "A safety officer of the authority".into(),
        Seat::Anyone => "Another safety officer".into(),
    }
}

fn downtime(seen: &Seen) -> Option<Fact> {
    let change = seen.change();
    let downtime = &change.safety.downtime;
    if let Some((stamp, at, reason)) = &downtime.waived {
        return Some(Fact::new("Downtime procedure", &format!("{}\n{}", seen.said(reason), by(seen, stamp, *at))).tag("Not needed", "grey"));
    }
    if !downtime.files.is_empty() {
        let names: Vec<&str> = seen.page.files.iter().filter(|file| downtime.files.iter().any(|id| id.0 == file.id)).map(|file| file.name.as_str()).collect();
        return Some(Fact::new("Downtime procedure", &names.join("\n")).tag("Attached", "green"));
    }
    let missing = clinical::needs_downtime(change) && change.stage.is_before_approval() && knows(seen, Act::Approve);
    missing.then(|| Fact::new("Downtime procedure", "Attached before approval, or a safety officer says why none is needed.").tag("Missing", "yellow"))
}

fn hazards(seen: &Seen) -> Option<Section> {
    let hazards = &seen.change().safety.hazards;
    if hazards.is_empty() {
        return None;
    }
    let rows = hazards.iter().map(|hazard| hazard_row(seen, hazard)).collect();
    let table = Table::new("Hazards, with their ratings before and after controls", &["Hazard", "Before controls", "Controls", "After controls"], rows);
    Some(Section::new("hazards", "Hazards").table(table, ""))
}

fn hazard_row(seen: &Seen, hazard: &Hazard) -> Row {
    let words_ = &hazard.words;
    let more: Vec<String> = [("Cause", &words_.causes), ("Effect on care", &words_.effect), ("Guarded by", &words_.existing)]
        .into_iter()
        .filter_map(|(label, text)| text.as_ref().map(|text| format!("{label}: {}", seen.said(text))))
        .chain(hazard.answers.iter().map(|(revision, text)| format!("Answer in revision {revision}: {}", seen.said(text))))
        .collect();
    let head = Cell::text(&format!("{}: {}", hazard.name(), seen.said(&words_.name))).small(&more.join(". "));
    let Some(rated) = &hazard.rated else {
        let before = hazard.before.as_ref().map(|before| format!("{} before it was changed", before.residual.rating)).unwrap_or_default();
        return Row {
            id: format!("hazard-{}", hazard.number),
            ..Row::new(head, vec![Cell::tag("Not rated", "yellow").and(&before), Cell::text(""), Cell::text("")])
        };
    };
    let controls: Vec<String> = rated
        .controls
        .iter()
        .map(|control| {
            let owner = control.owner.map(|org| format!(", {}", seen.names.org(org))).unwrap_or_default();
            let due = control.due.map(|due| format!(" by {}", date_words(due))).unwrap_or_default();
            format!("{} ({}{owner}{due})", seen.said(&control.what), control.state.words())
        })
        .collect();
    let rating = |rating: &clinical::Rating| {
        Cell::tag(&format!("{} of 5", rating.rating), colour(rating.rating)).small(&format!(
            "{}, {}, {}: {}",
            rating.harm.words(),
            rating.patients.words(),
            rating.likelihood.words(),
            rating.severity.words()
        ))
    };
    let rated_by = hazard.rated_by.as_ref().map(|(stamp, at)| by(seen, stamp, *at)).unwrap_or_default();
    let after = rating(&rated.residual).and(&seen.said(&rated.why));
    let small = format!("{}. {rated_by}, matrix {}", after.small, rated.residual.matrix);
    let cells = vec![rating(&rated.initial), Cell::text(&controls.join("\n")), after.small(&small)];
    Row { id: format!("hazard-{}", hazard.number), ..Row::new(head, cells) }
}

/// The colour of a rating; its number stands in it.
pub fn colour(rating: u8) -> &'static str {
    match rating {
        0..=2 => "green",
        3 => "yellow",
        _ => "red",
    }
}

fn rejections(seen: &Seen) -> Option<Section> {
    let change = seen.change();
    let safety = &change.safety;
    if safety.rejections.is_empty() {
        return None;
    }
    let row = |(n, rejected): (usize, &clinical::Rejected)| {
        let number = n as u32 + 1;
        let (kind, hazards) = match &rejected.form {
            Some(form) => (
                if form.is_stop { "Stop" } else { "Rejection" },
                form.hazards.iter().map(|h| format!("H{}: {}", h.number, seen.said(&h.words.name))).collect::<Vec<_>>(),
            ),
            None => ("Rejection", vec![]),
        };
        let reference = clinical::form_ref(&change.reference, number);
        let head = Cell::link(&reference, &format!("{}/clinical-form/{number}", seen.address())).small(kind);
        Row::new(head, vec![Cell::text(&hazards.join("\n")), Cell::text(&by(seen, &rejected.by, rejected.at))])
    };
    let rows = safety.rejections.iter().enumerate().map(row).collect();
    let mut section = Section::new("rejections", "Clinical rejections").table(Table::new("Clinical rejections", &["Form", "Hazards", "Signed by"], rows), "");
    if let Some(appeal) = &safety.appeal {
        section.facts.push(Fact::new("Appeal", &format!("{}\n{}", seen.said(&appeal.grounds), by(seen, &appeal.by, appeal.at))));
        section.facts.extend(appeal.ruled.as_ref().map(|(stamp, at, upheld)| {
            Fact::new("Ruling", &by(seen, stamp, *at)).tag(if *upheld { "Upheld" } else { "Overruled" }, if *upheld { "red" } else { "green" })
        }));
    }
    Some(section)
}
