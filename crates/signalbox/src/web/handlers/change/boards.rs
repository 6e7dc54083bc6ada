//! What boards add to a change's page: votes, the board it waits for, and what changed since it was last approved.

use signalbox_core::board::{self, Choice, Hearing};
use signalbox_core::change::{Content, Stage};
use signalbox_core::event::Event;

use super::Seen;
use super::sections::answer_words;
use crate::web::parts::{Cell, Fact, Row, Section, Table};
use crate::words;

/// The content of this hash, as an event told it.
fn content_of<'s>(seen: &'s Seen, hash: &str) -> Option<&'s Content> {
    let told = |event: &'s Event| match event {
        Event::Submitted { content, .. } | Event::Amended { content, .. } | Event::Rescheduled { content, .. } => Some(&**content),
        _ => None,
    };
    seen.page.loaded.events.iter().rev().filter_map(|r| told(&r.event)).find(|c| c.hash == hash)
}

/// What is asked now beside what was approved before: a material edit voids an approval and shows what it changed
/// (SD-11, C049). Nothing where nothing was approved, or nothing differs.
pub(in crate::web::handlers) fn since_approval(seen: &Seen) -> Option<Section> {
    let approved = seen.change().approvals.last()?;
    let before = seen.page.loaded.events.iter().rev().find_map(|r| match &r.event {
        Event::Approved { content, .. } => Some(content.as_str()),
        _ => None,
    });
    difference(seen, before?, "What changed since it was approved", &format!("Approved {}.", seen.moment(approved.at)))
}

/// Answers side by side: as they were in the content of this hash, and now.
pub(in crate::web::handlers) fn difference(seen: &Seen, hash: &str, heading: &str, lede: &str) -> Option<Section> {
    let (before, now) = (content_of(seen, hash)?, seen.change().content.as_ref()?);
    let said = |content: &Content, id: &str| content.answers.get(id).and_then(|answer| answer_words(seen, answer)).unwrap_or_else(|| "Not answered".into());
    let differs = |id: &str| before.answers.get(id) != now.answers.get(id);
    let questions = seen.situation.process.questions.iter().filter(|q| differs(&q.id));
    let rows: Vec<Row> = questions.map(|q| Row::new(Cell::text(&q.text), vec![Cell::text(&said(before, &q.id)), Cell::text(&said(now, &q.id))])).collect();
    (!rows.is_empty()).then(|| Section::new("difference", heading).words(lede).table(Table::new(heading, &["Question", "Then", "Now"], rows), ""))
}

/// The votes, and how the board of this change stands.
pub(in crate::web::handlers) fn board(seen: &Seen) -> Option<Section> {
    let change = seen.change();
    let hash = change.content.as_ref().map_or("", |c| c.hash.as_str());
    let rows: Vec<Row> = change
        .board
        .votes
        .iter()
        .map(|v| {
            let who = v.by.person.map_or(String::new(), |p| seen.names.person(Some(p)));
            let who = v.by.for_person.map_or(who.clone(), |p| format!("{who} for {}", seen.names.person(Some(p))));
            let said = v.vote.words.as_ref().map(|t| seen.said(t)).unwrap_or_default();
            let (label, colour) = match v.vote.choice {
                _ if v.vote.content != hash => ("On an earlier text", "grey"),
                Choice::For => ("For", "green"),
                Choice::Against => ("Against", "red"),
                Choice::Abstain => ("No view", "grey"),
            };
            Row::new(Cell::text(&who).small(v.vote.seat.words()), vec![Cell::tag(label, colour).and(&said), Cell::text(&seen.moment(v.at))])
        })
        .collect();
    let standing = (change.stage == Stage::AwaitingApproval).then(|| standing(seen)).flatten();
    if rows.is_empty() && standing.is_none() {
        return None;
    }
    let section = Section::new("board", "The board").facts(standing.unwrap_or_default());
    let table = Table::new("Votes", &["Who", "Vote", "When"], rows);
    Some(section.table(table, "Nobody has voted yet. Votes are advice; a safety officer’s no is binding."))
}

fn standing(seen: &Seen) -> Option<Vec<Fact>> {
    let board = seen.situation.facts.board.as_ref()?;
    if !board::is_asked(&seen.situation.context(&seen.actor, seen.now), seen.change()) {
        return None;
    }
    let mut facts = vec![Fact::new("Heard by", &board.name)];
    match board.hearing() {
        None => facts.push(Fact::new("Meeting", "On no papers yet")),
        Some(m) => {
            let state = match m.state {
                Hearing::Live => "in session".to_owned(),
                Hearing::Held => format!("held {}", seen.moment(m.starts_at)),
                _ => seen.moment(m.starts_at),
            };
            facts.push(Fact::new("Meeting", &words::sentence_case(&state)));
            let lacking: Vec<String> = board::lacking(seen.change(), board, m).into_iter().map(str::to_owned).collect();
            if matches!(m.state, Hearing::Live | Hearing::Held) && !lacking.is_empty() {
                facts.push(Fact::new("Quorum", &format!("Missing: {}", words::listed(&lacking))).tag("Short", "red"));
            }
        }
    }
    Some(facts)
}
