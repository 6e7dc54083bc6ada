//! Emergencies and late records in words: their events, what is owed, and what stands in the way.

use signalbox_core::calendar::local;
use signalbox_core::change::Kind;
use signalbox_core::event::Event;
use signalbox_core::refusal::Bar;
use signalbox_core::urgent::{Judged, Judgement, Paper};
use signalbox_store::project::Prose;

use super::lines::Tone;
use super::{Names, Why, option_label, said, sentence_case};

type Told = (String, Option<String>, Tone);

/// The line of one of these events; `None` for any other.
pub fn event_line(event: &Event, names: &Names, prose: &Prose) -> Option<Told> {
    let text = |t: &signalbox_core::text::Text| said(prose, t);
    Some(match event {
        Event::VerballyApproved(yes) => {
            let when = local::time_words(yes.said_at, &names.zone);
            let how = option_label("verbal_channel", &yes.channel).to_lowercase();
            let what = format!("Yes said {how} at {when} by {}, {}", names.person(Some(yes.approver)), names.org(yes.org));
            (what, Some(format!("Heard by {}", text(&yes.witness))), Tone::Good)
        }
        Event::VerbalConfirmed { words } => ("Confirmed: the yes was given".into(), words.as_ref().map(text), Tone::Good),
        Event::VerbalDenied { words } => ("Denied: no yes was given; the approval is void".into(), Some(text(words)), Tone::Bad),
        Event::Ratified { words } => ("Ratified by a second person".into(), words.as_ref().map(text), Tone::Good),
        Event::RatificationRefused(judged) => {
            (format!("Not ratified: it was no emergency; verdict {}", judged.verdict.words()), because(judged, prose), Tone::Bad)
        }
        Event::VerdictGiven(judged) => {
            let tone = if judged.verdict == Judgement::Unauthorised { Tone::Bad } else { Tone::Plain };
            (format!("Verdict: {}", judged.verdict.words()), because(judged, prose), tone)
        }
        Event::PaperworkAsked { paper, due_at } => {
            let due = local::wall(*due_at, &names.zone);
            let what = format!("Asked for by {}, {}: {}", local::day_words(due.date()), local::time_words(*due_at, &names.zone), paper_words(*paper));
            (what, None, Tone::Plain)
        }
        Event::RecordCompleted => ("The record is complete".into(), None, Tone::Good),
        Event::Converted { from, .. } => (converted_words(*from), None, Tone::Bad),
        _ => return None,
    })
}

/// Why it is a late record now.
pub fn converted_words(from: Kind) -> String {
    format!("Treated as found out afterwards, no longer as an {}: the work began before anybody had said yes", from.words())
}

/// What the table said, whether another verdict was given, and what was said with it.
fn because(judged: &Judged, prose: &Prose) -> Option<String> {
    let mut parts = vec![ruling_words(judged)];
    if judged.proposed != judged.verdict {
        parts.push(format!("The table proposed {}.", judged.proposed.words()));
    }
    parts.extend(judged.reason.as_ref().map(|t| said(prose, t)));
    parts.extend(judged.action.as_ref().map(|t| format!("To be done: {}", said(prose, t))));
    Some(parts.join("\n"))
}

/// The row that answered, in words that can be challenged.
pub fn ruling_words(judged: &Judged) -> String {
    let ruling = &judged.ruling;
    let facts: Vec<String> = ruling.inputs.iter().map(|(name, value)| format!("{} {value}", name.to_lowercase())).collect();
    format!("Table “{}”, row {}: {}.", ruling.table, ruling.row, facts.join(", "))
}

/// What is owed, as it stands among promises.
pub fn paper_words(paper: Paper) -> &'static str {
    match paper {
        Paper::Confirmation => "confirm what was said by phone",
        Paper::Ratification => "ratify the emergency",
        Paper::ClinicalReview => "look at the clinical risk afterwards",
        Paper::Record => "complete the record",
        Paper::Verdict => "give the verdict",
    }
}

/// The same at the head of a line.
pub fn duty_words(code: &str) -> Option<String> {
    Paper::from_code(code).map(|paper| sentence_case(paper_words(paper)))
}

/// What stands in the way, and who can lift it; `None` for a bar of another kind.
pub fn bar(bar: &Bar) -> Option<Why> {
    let why = |sentence: &str, who: &str| Why { sentence: sentence.into(), who_can_change: who.into(), rule: String::new() };
    Some(match bar.code {
        "officer-not-asked" => why("No safety officer has been asked yet.", "Ring one. If nobody answers, try again after 15 minutes, then add both times."),
        "officer-tried-once" => {
            why("A safety officer was not reached, and there were no two tries 15 minutes apart.", "Try again, then add the time of the second try.")
        }
        "officer-disagrees" => why("A safety officer did not agree.", "A safety officer who agrees, or another plan that they agree with."),
        "nothing-said-by-phone" => why("No yes by phone is on record.", ""),
        "verbal-answered" => why("The yes by phone was answered for already.", ""),
        "not-your-word" => why("Somebody else is said to have said yes; only they can confirm it.", "The person who said yes."),
        "verbal-unconfirmed" => why("The yes by phone is not confirmed yet.", "The person who said yes."),
        "unratified" => why("Nobody has ratified the emergency yet.", "A change manager or board member who did not approve it, raise it or carry it out."),
        "ratified-already" => why("A second person has looked at it already.", ""),
        "nothing-to-ratify" => why("There is no approval to ratify.", ""),
        "ratify-by-another" => why("You approved it; another person ratifies.", "Another change manager or board member."),
        "no-verdict-due" => why("No verdict is due: it was approved.", ""),
        "verdict-given" => why("The verdict was given already.", ""),
        "verdict-due" => why("The verdict is not given yet.", "A change manager who did not raise it and whose organisation did not do it."),
        "verdict-stands" => why("It was found to be unauthorised; that outcome stands.", ""),
        _ => return None,
    })
}
