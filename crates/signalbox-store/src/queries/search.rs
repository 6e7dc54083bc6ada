//! Full text, the one thing that the two databases do differently: FTS5 on SQLite, a tsvector on PostgreSQL. Words
//! are cut here, for what is stored and for what is asked, so that both find the same.

use crate::Dialect;

const MATCHES_SQLITE: &str = "w.words match {}";
const MATCHES_POSTGRES: &str = "w.words @@ to_tsquery('simple', {})";

/// More words than this narrow nothing further.
const WORDS_MAX: usize = 12;

/// The kinds of reference (settled 7).
const PREFIXES: &[&str] = &["RFC", "SR", "ON", "NPN"];

/// What somebody looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sought {
    /// A whole reference.
    Reference(String),
    /// Words, the last of which may be the beginning of one.
    Words { words: Vec<String>, is_last_whole: bool },
}

/// Lower-case words without signs, a space between: what is stored, and what is asked.
pub fn fold(text: &str) -> String {
    words_of(text).join(" ")
}

fn words_of(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_lowercase).collect()
}

/// RFC-2026-001842 and RFC-1842 mean the change; anything else is words.
pub(super) fn sought(typed: &str) -> Sought {
    let typed = typed.trim().to_ascii_uppercase();
    let parts: Vec<&str> = typed.split('-').collect();
    let is_number = |s: &&str| !s.is_empty() && s.len() <= 9 && s.bytes().all(|b| b.is_ascii_digit());
    match parts[..] {
        [prefix, year, number] if PREFIXES.contains(&prefix) && is_number(&year) && is_number(&number) => {
            Sought::Reference(format!("{prefix}-{year}-{number:0>6}"))
        }
        [prefix, number] if PREFIXES.contains(&prefix) && is_number(&number) => {
            Sought::Words { words: vec![format!("{prefix}{}", number.trim_start_matches('0')).to_ascii_lowercase()], is_last_whole: true }
        }
        _ => Sought::Words { words: words_of(&typed).into_iter().take(WORDS_MAX).collect(), is_last_whole: false },
    }
}

/// The condition on `change_words w` that asks for these words, and the value of its place.
pub(super) fn matches(dialect: Dialect, words: &[String], is_last_whole: bool) -> (&'static str, String) {
    match dialect {
        Dialect::Sqlite => (MATCHES_SQLITE, expression(words, is_last_whole, '"', " ", "*")),
        Dialect::Postgres => (MATCHES_POSTGRES, expression(words, is_last_whole, '\'', " & ", ":*")),
    }
}

/// The words in the quotes of the dialect. They hold letters and digits only, so nothing in them is an operator.
fn expression(words: &[String], is_last_whole: bool, quote: char, and: &str, prefix: &str) -> String {
    let all = words.iter().map(|w| format!("{quote}{w}{quote}")).collect::<Vec<_>>().join(and);
    if is_last_whole { all } else { format!("{all}{prefix}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_known_in_full_and_in_short() {
        assert_eq!(sought(" rfc-2026-001842 "), Sought::Reference("RFC-2026-001842".into()));
        assert_eq!(sought("RFC-2026-1842"), Sought::Reference("RFC-2026-001842".into()));
        assert_eq!(sought("on-0012"), Sought::Words { words: vec!["on12".into()], is_last_whole: true });
        assert_eq!(sought("rfc 1842"), Sought::Words { words: vec!["rfc".into(), "1842".into()], is_last_whole: false });
        assert_eq!(sought("CHG-12"), Sought::Words { words: vec!["chg".into(), "12".into()], is_last_whole: false });
    }

    #[test]
    fn operators_are_only_words() {
        let Sought::Words { words, .. } = sought("a\" OR 'b' NOT (c:*) & -d") else { panic!("words") };
        assert_eq!(expression(&words, false, '"', " ", "*"), "\"a\" \"or\" \"b\" \"not\" \"c\" \"d\"*");
        assert_eq!(expression(&words[..2], false, '\'', " & ", ":*"), "'a' & 'or':*");
        assert_eq!(fold("Core-switch 07, Ward B"), "core switch 07 ward b");
    }
}
