//! What the tables of a document decided, in words that can be challenged.

use signalbox_core::event::{Classification, Ruling};

use super::sentence_case;

/// What a table said: `Major`, `10, clear working days`.
pub fn ruling_answer(ruling: &Ruling) -> String {
    let said = ruling.answers.iter().filter(|(name, _)| name != "because").map(|(_, word)| word.replace('_', " "));
    sentence_case(&said.collect::<Vec<_>>().join(", "))
}

/// Why: the words of the row, or its number alone.
pub fn ruling_because(ruling: &Ruling) -> String {
    let words = ruling.answers.iter().find(|(name, word)| name == "because" && !word.is_empty());
    words.map_or_else(|| format!("Row {}", ruling.row), |(_, words)| format!("Row {}: {words}", ruling.row))
}

/// What went in, and which rows were outdone.
pub fn ruling_inputs(ruling: &Ruling) -> String {
    let known = ruling.inputs.iter().filter(|(_, value)| !value.is_empty());
    let mut said: Vec<String> = known.map(|(name, value)| format!("{name}: {}", value.replace('_', " "))).collect();
    if !ruling.also.is_empty() {
        let rows: Vec<String> = ruling.also.iter().map(|(row, answer)| format!("row {row} says {}", answer.replace('_', " "))).collect();
        said.push(format!("outdone: {}", rows.join(", ")));
    }
    said.join("; ")
}

/// `Major, because the impact level is 1 (row 3: …) and the risk is low, 4 of 18 (row 1: …).`
pub fn class_sentence(class: &Classification) -> String {
    let row = |table: &str| class.rulings.iter().find(|ruling| ruling.table == table).map(ruling_because);
    let of = |table: &str| row(table).map_or_else(String::new, |words| format!(" ({}{})", words[..1].to_lowercase(), &words[1..]));
    let band = class.band.replace('_', " ");
    let mut said = format!(
        "{}, because the impact level is {}{} and the risk is {band}, {} of 18{}.",
        sentence_case(class.lowered_from.as_ref().or(class.raised_from.as_ref()).unwrap_or(&class.category)),
        class.impact,
        of("impact level"),
        class.risk,
        of("risk band")
    );
    if let Some(from) = &class.lowered_from {
        said += &format!(" Lowered by hand from {from} to {}.", class.category);
    }
    if let Some(from) = &class.raised_from {
        said += &format!(" Raised by hand from {from} to {}.", class.category);
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ruling(table: &str, row: usize, because: &str) -> Ruling {
        let answers = vec![("level".to_owned(), "1".to_owned()), ("because".to_owned(), because.to_owned())];
        Ruling { table: table.into(), row, inputs: vec![("users affected".into(), "40".into())], answers, also: vec![(18, "4".into())] }
    }

    #[test]
    fn a_classification_says_the_rows_that_made_it() {
        let class = Classification {
            impact: 1,
            impact_because: vec![],
            risk_answers: vec![0; 6],
            risk: 4,
            band: "low".into(),
            category: "significant".into(),
            lowered_from: Some("major".into()),
            raised_from: None,
            rulings: vec![ruling("impact level", 1, "five or more trusts lose service"), ruling("risk band", 1, "")],
        };
        assert_eq!(
            class_sentence(&class),
            "Major, because the impact level is 1 (row 1: five or more trusts lose service) and the risk is low, 4 of 18 (row 1). Lowered by hand from major to significant."
        );
        let one = ruling("impact level", 1, "x");
        assert_eq!((ruling_answer(&one).as_str(), ruling_inputs(&one).as_str()), ("1", "users affected: 40; outdone: row 18 says 4"));
    }
}
