//! What single cells mean: answers, conditions, timers. Each reader gives the meaning or a sentence for the author.

use super::dictionary;
use super::facts::code_of;
use super::{AnswerKind, Condition, Page, Required, Test, TimerAct, TimerWhen};
use crate::form::format::Format;

/// Longest `title`, as stored titles are (settled 15).
pub const TITLE_CHARS_MAX: usize = 120;
/// Longest `text`, one line.
pub const LINE_CHARS_MAX: usize = 400;
/// What a bare `reason` offers: the late reasons of spec 4.6, and `other`.
pub const LATE_REASONS: &[&str] = &["utility_imposed", "safety", "discovered_late", "planning_error", "other"];

/// The entries of a cell between semicolons; `-` is none.
pub fn entries(text: &str) -> impl Iterator<Item = &str> {
    text.split(';').map(str::trim).filter(|entry| !entry.is_empty() && *entry != "-")
}

fn codes(words: &str) -> Vec<String> {
    words.split([',', ';']).map(code_of).filter(|code| !code.is_empty()).collect()
}

/// The Answer cell.
pub fn answer(words: &str) -> Result<AnswerKind, String> {
    let plain = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let lower = plain.to_ascii_lowercase();
    if let Some(name) = rows_of(&plain) {
        // Its columns are found when the whole document is read.
        return Ok(AnswerKind::Rows { name, columns: vec![] });
    }
    if let Some((head, rest)) = plain.split_once(':') {
        let list = codes(rest);
        if list.len() < 2 {
            return Err(format!("{plain:?} offers fewer than two answers."));
        }
        return match head.trim().to_ascii_lowercase().as_str() {
            "one of" => Ok(AnswerKind::Choice(list)),
            "any of" => Ok(AnswerKind::Choices(list)),
            "reason" => Ok(AnswerKind::Reason(list)),
            _ => Err(unknown_answer(&plain)),
        };
    }
    if let Some(after) = lower.strip_prefix("date and time, after ") {
        return Ok(AnswerKind::Moment { after: Some(code_of(after.trim_end_matches(" end"))) });
    }
    if let Some(most) = lower.strip_prefix("text of at most ") {
        let most = most.trim_end_matches(" characters").parse().ok().filter(|n| (1..=LINE_CHARS_MAX).contains(n));
        let wrong = || format!("{plain:?} is not a length; write text of at most 16 characters, {LINE_CHARS_MAX} at most.");
        return most.map(|max_chars| AnswerKind::Line { max_chars }).ok_or_else(wrong);
    }
    if let Some(format) = Format::from_words(&plain) {
        return Ok(AnswerKind::Format(format));
    }
    if let Some(range) = lower.strip_prefix("number ") {
        let bounds = range.split_once(" to ").and_then(|(a, b)| Some((a.trim().parse().ok()?, b.trim().parse().ok()?)));
        return match bounds {
            Some((min, max)) if min <= max => Ok(AnswerKind::Number { min, max }),
            _ => Err(format!("{plain:?} is not a range; write number 0 to 3.")),
        };
    }
    Ok(match lower.as_str() {
        "title" => AnswerKind::Line { max_chars: TITLE_CHARS_MAX },
        "text" => AnswerKind::Line { max_chars: LINE_CHARS_MAX },
        "long text" => AnswerKind::Prose,
        "yes or no" | "yes, no" | "yes/no" => AnswerKind::YesNo,
        "number" => AnswerKind::Number { min: 0, max: 1_000_000 },
        "window" => AnswerKind::Window,
        "date and time" => AnswerKind::Moment { after: None },
        "date" => AnswerKind::Date,
        "items" | "items of the site" => AnswerKind::Items,
        "services" => AnswerKind::Services,
        "sites" => AnswerKind::Sites,
        "organisation" => AnswerKind::Organisation,
        "person and phone" => AnswerKind::PersonAndPhone,
        "reason" => AnswerKind::Reason(LATE_REASONS.iter().map(|code| (*code).to_owned()).collect()),
        "files" => AnswerKind::Files,
        "yes when done" => AnswerKind::Done,
        // Filled with the ids of the catalogue when the whole document is read.
        "entry of the catalogue" => AnswerKind::Choice(vec![]),
        list if list == "list" || list.starts_with("list of ") => AnswerKind::List,
        // `yes, no, unsure`: the answers themselves.
        list if list.contains(',') => AnswerKind::Choice(codes(list)),
        _ => return Err(unknown_answer(&plain)),
    })
}

fn unknown_answer(words: &str) -> String {
    format!(
        "{words:?} is not a form of answer; write title, text, long text, yes or no, one of: a, b, any of: a, b, number 0 to 3, window, date, date and time, items of the site, services, sites, organisation, person and phone, list, reason, entry of the catalogue, files, yes when done, rows of NAME, or one of the technical values {}.",
        Format::ALL.iter().map(|format| format.words()).collect::<Vec<_>>().join(", ")
    )
}

/// The Required cell.
pub fn required(words: &str) -> Result<Required, String> {
    let lower = words.to_ascii_lowercase();
    let parts: Vec<&str> = lower.split([';', ',']).map(str::trim).collect();
    match parts.as_slice() {
        ["submit"] => Ok(Required::Submit { for_notice: false }),
        ["submit", "needed for notice"] => Ok(Required::Submit { for_notice: true }),
        ["approve"] => Ok(Required::Approve),
        ["start"] => Ok(Required::Start),
        ["close"] => Ok(Required::Close),
        ["" | "-" | "optional"] => Ok(Required::Optional),
        _ => Err(format!("{words:?} does not say when the answer is needed; write submit, submit; needed for notice, approve, start, close or optional.")),
    }
}

/// The name in `rows of NAME`: the table whose heading is `Rows: NAME`.
pub fn rows_of(words: &str) -> Option<String> {
    words.trim().to_ascii_lowercase().strip_prefix("rows of ").map(code_of).filter(|name| !name.is_empty())
}

/// The Page cell: a page, and after a colon the heading under which the question stands there.
pub fn page(words: &str) -> Option<(Page, String)> {
    let (page, group) = words.split_once(':').unwrap_or((words, ""));
    let page = match page.trim().to_ascii_lowercase().as_str() {
        "what" => Page::What,
        "where" => Page::Where,
        "details" => Page::Details,
        "when" => Page::When,
        "risk" => Page::Risk,
        _ => return None,
    };
    Some((page, group.trim().to_owned()))
}

/// The page of a question whose row names none: by its form.
pub fn usual_page(answer: &AnswerKind) -> Page {
    match answer {
        AnswerKind::Items | AnswerKind::Services | AnswerKind::Sites => Page::Where,
        AnswerKind::Window | AnswerKind::Moment { .. } | AnswerKind::Date | AnswerKind::Reason(_) => Page::When,
        AnswerKind::Rows { .. } => Page::Details,
        _ => Page::What,
    }
}

/// An Asked-when or When cell; `None` is always.
pub fn condition(words: &str) -> Result<Option<Condition>, String> {
    if matches!(words.to_ascii_lowercase().as_str(), "" | "-" | "always") {
        return Ok(None);
    }
    let any = words.split(" or ").map(|all| all.split(" and ").map(test).collect()).collect::<Result<_, String>>()?;
    Ok(Some(Condition { any, words: words.to_owned() }))
}

/// One test: `network_affected is yes, unsure`, `impact is not 4`.
pub fn test(words: &str) -> Result<Test, String> {
    let wrong = || format!("{words:?} is not a condition; write: network_affected is yes, unsure.");
    let (subject, rest) = words.split_once(" is ").ok_or_else(wrong)?;
    let (negated, values) = match rest.trim().strip_prefix("not ") {
        Some(values) => (true, values),
        None => (false, rest),
    };
    let (subject, values) = (code_of(subject), codes(values));
    if subject.is_empty() || values.is_empty() { Err(wrong()) } else { Ok(Test { subject, negated, values }) }
}

/// The When cell of a timer.
pub fn timer_when(words: &str) -> Result<TimerWhen, String> {
    let lower = words.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase();
    let wrong = || {
        format!(
            "{words:?} is not a time; write 5 working days before start, 60 minutes before start, 30 minutes after start, not started, contingency end, not finished, last safe back-out, not finished, go or no-go, not decided, 30 working days idle before approval, 20 working days in RETURNED, 60 days in CLIN_REJECTED or ratification due."
        )
    };
    match lower.as_str() {
        "contingency end, not finished" => return Ok(TimerWhen::NotFinished),
        "last safe back-out, not finished" => return Ok(TimerWhen::LastSafe { minutes_before: 0 }),
        "go or no-go, not decided" => return Ok(TimerWhen::GoDue),
        _ => {}
    }
    if let Some(paper) = lower.strip_suffix(" due").and_then(crate::urgent::Paper::from_words) {
        return Ok(TimerWhen::PaperDue(paper));
    }
    let (amount, rest) = lower.split_once(' ').ok_or_else(wrong)?;
    let amount: i64 = amount.parse().ok().filter(|n| (1..=100_000).contains(n)).ok_or_else(wrong)?;
    let stage = |name: &str| dictionary::stage(name).ok_or_else(|| format!("{name:?} is not a stage."));
    match rest {
        "working days before start" | "working day before start" => Ok(TimerWhen::WorkingDaysBeforeStart(amount)),
        "minutes before start" | "minute before start" => Ok(TimerWhen::MinutesBeforeStart(amount)),
        "minutes before last safe back-out, not finished" => Ok(TimerWhen::LastSafe { minutes_before: amount }),
        "working days idle before approval" => Ok(TimerWhen::Idle { working_days: amount }),
        "minutes after start, not started" => Ok(TimerWhen::NotStarted { minutes: amount }),
        _ => {
            let (unit, name) = rest.split_once(" in ").ok_or_else(wrong)?;
            match unit {
                "working days" | "working day" => Ok(TimerWhen::WorkingDaysIn { stage: stage(name)?, days: amount }),
                "days" | "day" => Ok(TimerWhen::DaysIn { stage: stage(name)?, days: amount }),
                _ => Err(wrong()),
            }
        }
    }
}

/// The Then cell of a timer.
pub fn timer_act(words: &str) -> Result<TimerAct, String> {
    match words.to_ascii_lowercase().as_str() {
        "remind" => Ok(TimerAct::Remind),
        "overrun" => Ok(TimerAct::Overrun),
        "ask outcome" => Ok(TimerAct::AskOutcome),
        "expire" => Ok(TimerAct::Expire),
        "last safe" => Ok(TimerAct::LastSafe),
        "ask go" => Ok(TimerAct::AskGo),
        "propose expiry" => Ok(TimerAct::ProposeExpiry),
        "escalate clinical" => Ok(TimerAct::EscalateClinical),
        _ => Err(format!(
            "{words:?} is not what a timer does; write remind, overrun, ask outcome, expire, last safe, ask go, propose expiry or escalate clinical."
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_in_the_words_of_the_dialect() {
        assert_eq!(answer("yes, no, unsure").unwrap(), AnswerKind::Choice(vec!["yes".into(), "no".into(), "unsure".into()]));
        assert_eq!(answer("one of: mains power, other").unwrap(), AnswerKind::Choice(vec!["mains_power".into(), "other".into()]));
        assert_eq!(answer("date and time, after window end").unwrap(), AnswerKind::Moment { after: Some("window".into()) });
        assert_eq!(answer("list of circuit references").unwrap(), AnswerKind::List);
        assert_eq!(answer("number 0 to 3").unwrap(), AnswerKind::Number { min: 0, max: 3 });
        assert!(answer("number 3 to 0").is_err());
        assert!(answer("one of: alone").is_err());
        assert!(answer("colour").is_err());
    }

    #[test]
    fn conditions_join_with_and_before_or() {
        let c = condition("notice is short and raised_by is trust or network affected is not no").unwrap().unwrap();
        assert_eq!(c.any.len(), 2);
        assert_eq!(c.any[0][1], Test { subject: "raised_by".into(), negated: false, values: vec!["trust".into()] });
        assert_eq!(c.any[1][0], Test { subject: "network_affected".into(), negated: true, values: vec!["no".into()] });
        assert_eq!(condition("-").unwrap(), None);
        assert!(condition("it rains").is_err());
    }

    #[test]
    fn timers_in_the_words_of_the_dialect() {
        use crate::change::Stage;
        assert_eq!(timer_when("5 working days before start"), Ok(TimerWhen::WorkingDaysBeforeStart(5)));
        assert_eq!(timer_when("30 minutes after start, not started"), Ok(TimerWhen::NotStarted { minutes: 30 }));
        assert_eq!(timer_when("60 days in CLIN_REJECTED"), Ok(TimerWhen::DaysIn { stage: Stage::ClinRejected, days: 60 }));
        assert!(timer_when("0 minutes before start").is_err());
        assert!(timer_when("5 days in LIMBO").unwrap_err().contains("limbo"));
    }
}
