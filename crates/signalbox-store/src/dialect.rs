//! Where the two databases differ. Nothing outside this file may ask which one it talks to, except for
//! full text search.
//!
//! Rules that keep the list short: whole numbers are BIGINT, times are microseconds, booleans are 0 and 1,
//! JSON is TEXT, no `now()` and no dollar sign in a literal, and `cast(sum(x) as BIGINT)`, because
//! PostgreSQL sums a BIGINT into a NUMERIC.

use std::borrow::Cow;

/// Stands in a statement of which the values decide how it is best run: how many changes a word, a stage or an
/// organisation has. PostgreSQL plans every other statement once, which saves it as much time as a page takes.
pub(crate) const PLANNED_FOR_ITS_VALUES: &str = "/* planned for its values */ ";

/// Which database a transaction runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    /// The statement as the driver wants it. Placeholders are written `$1`; SQLite would number those by
    /// their first appearance, so it gets `?1`.
    pub fn statement(self, sql: &str) -> Cow<'_, str> {
        match self {
            Self::Sqlite if sql.contains('$') => Cow::Owned(sql.replace('$', "?")),
            _ => Cow::Borrowed(sql),
        }
    }

    /// The text of a migration for this database.
    ///
    /// Column types are in capitals, keywords are not, so a type is found by its word. SQLite: BIGINT becomes INTEGER, which
    /// also makes a BIGINT PRIMARY KEY the row's own id; BYTEA becomes BLOB; `{{strict}}` makes the table check its
    /// types. PostgreSQL: TEXT sorts and compares by byte, as in SQLite, whatever the database was created with.
    /// Lines after `-- only sqlite` or `-- only postgres` are for that one, until `-- both`.
    pub fn schema(self, text: &str) -> String {
        let (own, other) = match self {
            Self::Sqlite => ("-- only sqlite", "-- only postgres"),
            Self::Postgres => ("-- only postgres", "-- only sqlite"),
        };
        let mut wanted = true;
        let mut out = String::with_capacity(text.len());
        for line in text.lines() {
            match line.trim() {
                mark if mark == other => wanted = false,
                mark if mark == own || mark == "-- both" => wanted = true,
                _ if wanted => {
                    out.push_str(line);
                    out.push('\n');
                }
                _ => {}
            }
        }
        match self {
            Self::Sqlite => {
                let out = replace_word(&out, "BIGINT", "INTEGER");
                replace_word(&out, "BYTEA", "BLOB").replace("{{strict}}", "strict")
            }
            Self::Postgres => replace_word(&out, "TEXT", "TEXT collate \"C\"").replace("{{strict}}", ""),
        }
    }

    /// Run first in a migration: two nodes that start together must not both migrate. SQLite's transaction
    /// has the only write lock already.
    pub fn migration_lock(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            // The number is the word "signal" in ASCII; any constant would do.
            Self::Postgres => "select pg_advisory_xact_lock(126879296842092); set local statement_timeout = 0;",
        }
    }

    /// What to put before a statement to see how it would run.
    pub fn explain(self) -> &'static str {
        match self {
            Self::Sqlite => "explain query plan ",
            Self::Postgres => "explain ",
        }
    }
}

fn replace_word(text: &str, word: &str, with: &str) -> String {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(word) {
        let (before, after) = (&rest[..at], &rest[at + word.len()..]);
        let stands_alone = !before.ends_with(is_part) && !after.starts_with(is_part);
        out.push_str(before);
        out.push_str(if stands_alone { with } else { word });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_keep_their_numbers() {
        assert_eq!(Dialect::Sqlite.statement("where b = $2 and a = $1"), "where b = ?2 and a = ?1");
        assert_eq!(Dialect::Postgres.statement("where b = $2"), "where b = $2");
    }

    #[test]
    fn types_are_translated_as_whole_words() {
        let text = "create table t(a BIGINT, CONTEXT TEXT, c BYTEA) {{strict}};";
        assert_eq!(Dialect::Sqlite.schema(text), "create table t(a INTEGER, CONTEXT TEXT, c BLOB) strict;\n");
        assert_eq!(Dialect::Postgres.schema(text), "create table t(a BIGINT, CONTEXT TEXT collate \"C\", c BYTEA) ;\n");
    }

    #[test]
    fn a_line_for_one_database_is_left_out_of_the_other() {
        let text = "a\n-- only sqlite\nb\n-- only postgres\nc\n-- both\nd\n";
        assert_eq!(Dialect::Sqlite.schema(text), "a\nb\nd\n");
        assert_eq!(Dialect::Postgres.schema(text), "a\nc\nd\n");
    }
}
