//! Rules of a firewall as they are asked for (spec 4.7): what makes one wide open, and when each is looked at again.

use crate::form::format::{is_anywhere, is_every_port};
use crate::form::{Answer, Answers};
use crate::refusal::Violation;
use jiff::ToSpan;
use jiff::civil::Date;

/// The question whose rows are firewall rules.
pub const RULES: &str = "rules";
/// How long a rule stands before it is looked at again, where nothing else is said.
const MONTHS_USUAL: i64 = 12;

fn rows(answers: &Answers) -> &[Answers] {
    match answers.get(RULES) {
        Some(Answer::Rows(rows)) => rows,
        _ => &[],
    }
}

fn value<'r>(row: &'r Answers, column: &str) -> Option<&'r str> {
    match row.get(column) {
        Some(Answer::Value(v) | Answer::Choice(v)) => Some(v),
        _ => None,
    }
}

/// Whether the protocol has ports.
fn has_ports(row: &Answers) -> bool {
    matches!(value(row, "protocol"), Some("tcp" | "udp" | "tcp_and_udp"))
}

/// Whether any rule is open to every address or to every port. One for every protocol is open to every port.
pub fn is_any_any(answers: &Answers) -> bool {
    rows(answers).iter().any(|row| {
        let ends = [value(row, "source"), value(row, "destination")];
        ends.into_iter().flatten().any(is_anywhere)
            || value(row, "ports").is_some_and(is_every_port)
            || (value(row, "protocol") == Some("any") && value(row, "ports").is_none())
    })
}

/// What does not fit together, at its cell. `start` is the local date on which work begins.
pub fn faults(answers: &Answers, start: Option<Date>) -> Vec<Violation> {
    let mut found = vec![];
    for (at, row) in rows(answers).iter().enumerate() {
        let cell = |column: &str| crate::form::rows::cell_name(RULES, at + 1, column);
        if has_ports(row) && value(row, "ports").is_none() {
            found.push(Violation::of(&cell("ports"), "ports-missing"));
        }
        if let (Some(Answer::Date(expiry)), Some(start)) = (row.get("expiry"), start)
            && *expiry <= start
        {
            found.push(Violation::of(&cell("expiry"), "expiry-before-start").with(start));
        }
        if value(row, "source").is_some() && value(row, "source") == value(row, "destination") {
            found.push(Violation::of(&cell("destination"), "same-ends"));
        }
    }
    found
}

/// A rule without a date is looked at again a year after the work, unless it is said to be permanent (which is looked
/// at every year). It is a date for a person: nothing is taken out by itself (X13).
pub fn with_usual_expiry(answers: &mut Answers, start: Option<Date>) {
    let is_permanent = matches!(answers.get("rule_expiry"), Some(Answer::Choice(code)) if code.starts_with("permanent"));
    let usual = start.and_then(|day| day.checked_add(MONTHS_USUAL.months()).ok()).filter(|_| !is_permanent);
    if let (Some(usual), Some(Answer::Rows(rows))) = (usual, answers.get_mut(RULES)) {
        for row in rows {
            let removes = matches!(row.get("action"), Some(Answer::Choice(code)) if code == "remove");
            if !removes {
                row.entry("expiry".to_owned()).or_insert(Answer::Date(usual));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(cells: &[(&str, &str)]) -> Answers {
        let answer = |column: &str, v: &str| match column {
            "protocol" | "action" => Answer::Choice(v.to_owned()),
            "expiry" => Answer::Date(v.parse().unwrap()),
            _ => Answer::Value(v.to_owned()),
        };
        cells.iter().map(|(column, v)| ((*column).to_owned(), answer(column, v))).collect()
    }

    fn asked(cells: &[(&str, &str)]) -> Answers {
        Answers::from([(RULES.to_owned(), Answer::Rows(vec![rule(cells)]))])
    }

    const NARROW: [(&str, &str); 4] = [("source", "10.0.0.1"), ("destination", "10.0.1.0/24"), ("protocol", "tcp"), ("ports", "443")];

    fn but(column: &'static str, v: &'static str) -> Vec<(&'static str, &'static str)> {
        let mut cells: Vec<_> = NARROW.iter().filter(|(c, _)| *c != column).copied().collect();
        cells.push((column, v));
        cells
    }

    #[test]
    fn a_rule_is_wide_open_by_an_end_or_by_its_ports() {
        assert!(!is_any_any(&asked(&NARROW)));
        for (column, wide, narrow) in
            [("source", "0.0.0.0/0", "0.0.0.0/1"), ("destination", "::/0", "8000::/1"), ("ports", "0-65535", "0-65534"), ("ports", "1-65535", "2-65535")]
        {
            assert!(is_any_any(&asked(&but(column, wide))), "{wide}");
            assert!(!is_any_any(&asked(&but(column, narrow))), "{narrow}");
        }
        let without_ports: Vec<_> = but("protocol", "any").into_iter().filter(|(c, _)| *c != "ports").collect();
        assert!(is_any_any(&asked(&without_ports)));
        assert!(!is_any_any(&asked(&but("protocol", "any"))));
        assert!(!is_any_any(&Answers::new()));
    }

    #[test]
    fn what_does_not_fit_is_told_at_its_cell() {
        let start = Some(jiff::civil::date(2026, 12, 1));
        let codes = |cells: &[(&str, &str)]| {
            faults(&asked(cells), start).into_iter().map(|v| format!("{} {}", v.field.unwrap_or_default(), v.code)).collect::<Vec<_>>()
        };
        assert_eq!(codes(&NARROW), Vec::<String>::new());
        let without_ports: Vec<_> = NARROW.iter().filter(|(c, _)| *c != "ports").copied().collect();
        assert_eq!(codes(&without_ports), ["rules.1.ports ports-missing"]);
        assert_eq!(codes(&but("expiry", "2026-12-01")), ["rules.1.expiry expiry-before-start"]);
        assert_eq!(codes(&but("expiry", "2026-12-02")), Vec::<String>::new());
        assert_eq!(codes(&but("destination", "10.0.0.1")), ["rules.1.destination same-ends"]);
    }

    #[test]
    fn a_rule_without_a_date_is_looked_at_after_a_year() {
        let start = Some(jiff::civil::date(2026, 12, 1));
        let expiry = |mut answers: Answers, start| {
            with_usual_expiry(&mut answers, start);
            rows(&answers)[0].get("expiry").cloned()
        };
        assert_eq!(expiry(asked(&NARROW), start), Some(Answer::Date(jiff::civil::date(2027, 12, 1))));
        assert_eq!(expiry(asked(&but("expiry", "2027-01-05")), start), Some(Answer::Date(jiff::civil::date(2027, 1, 5))));
        assert_eq!(expiry(asked(&but("action", "remove")), start), None);
        assert_eq!(expiry(asked(&NARROW), None), None);
        let mut permanent = asked(&NARROW);
        permanent.insert("rule_expiry".into(), Answer::Choice("permanent_reviewed_yearly".into()));
        assert_eq!(expiry(permanent, start), None);
    }
}
