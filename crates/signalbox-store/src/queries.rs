//! Reads, one file for each family of pages. Every function takes a [`crate::scope::Scope`]: there is no other way
//! to read a change for somebody.

pub mod agenda;
pub mod alarms;
pub mod availability;
pub mod calendar;
pub mod change;
pub mod charges;
pub mod clashes;
pub mod clinical;
pub mod duties;
pub mod entries;
pub mod found;
pub mod gate;
pub mod incidents;
pub mod ledger;
pub mod lessons;
pub mod list;
pub mod names;
pub mod past;
pub mod reports;
pub mod returns;
pub mod schedule;
pub mod search;
pub mod sight;
pub mod silences;
pub mod today;
pub mod urgent;

use crate::scope::Scope;
use crate::{Dialect, Row, StoreError, Value};
use signalbox_core::form::Raw;

/// The composed statements of every file, for the test that prepares each on both databases.
pub fn composed(dialect: Dialect) -> Vec<(String, String)> {
    let files = [
        ("alarms", alarms::composed()),
        ("ledger_cases", ledger::composed()),
        ("silences", silences::composed()),
        ("handovers", crate::handovers::composed()),
        ("sight", sight::composed()),
        ("found", found::composed(dialect)),
        ("list", list::composed(dialect)),
        ("names", names::composed()),
        ("past", past::composed()),
        ("schedule", schedule::composed()),
        ("availability", availability::composed()),
        ("calendar", calendar::composed()),
        ("clashes", clashes::composed()),
        ("clinical", clinical::composed()),
        ("duties", duties::composed()),
        ("entries", entries::composed()),
        ("gate", gate::composed()),
        ("incidents", incidents::composed()),
        ("lessons", lessons::composed()),
        ("today", today::composed()),
        ("reports", reports::composed()),
        ("returns", returns::composed()),
        ("register", urgent::composed()),
        ("charges", charges::composed()),
        ("project", crate::project::composed()),
    ];
    files.into_iter().flat_map(|(file, statements)| statements.into_iter().map(move |(name, sql)| (format!("{file}.{name}"), sql))).collect()
}

/// A thing with a code and a name: an organisation, a site, a service, an item.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    pub id: i64,
    pub code: String,
    pub name: String,
}

/// What a filter asks for, of what stands beside its window (see [`Composed::about_within`]). An organisation is meant as
/// in [`Composed::concerns`].
#[derive(Clone, Copy, Debug)]
pub(crate) enum About {
    Site(i64),
    Service(i64),
    Organisation(i64),
}

impl About {
    /// Those of a filter; whoever finds by one takes the first.
    pub fn of(site: Option<i64>, service: Option<i64>, organisation: Option<i64>) -> Vec<About> {
        let all = [site.map(About::Site), organisation.map(About::Organisation), service.map(About::Service)];
        all.into_iter().flatten().collect()
    }
}

/// A statement that grows: fixed fragments with their parameters, after those of the scope. What a person typed is
/// only ever a parameter.
pub(crate) struct Composed {
    pub sql: String,
    pub params: Vec<Value>,
}

impl Composed {
    /// Begins with the scope's parameters, so that its conditions may stand in the text.
    pub fn new(scope: &Scope, sql: impl Into<String>) -> Composed {
        Composed { sql: sql.into(), params: scope.params() }
    }

    /// Adds a fragment; each `{}` in it is the place of the next value.
    pub fn add<const N: usize>(&mut self, fragment: &str, values: [Value; N]) {
        self.all(fragment, &values);
    }

    /// The same with values whose number is not known beforehand.
    pub fn all(&mut self, fragment: &str, values: &[Value]) {
        let mut values = values.iter().cloned();
        let mut parts = fragment.split("{}");
        self.sql.push_str(parts.next().unwrap_or_default());
        for part in parts {
            self.params.push(values.next().unwrap_or(Value::Null));
            self.sql.push_str(&format!("${}", self.params.len()));
            self.sql.push_str(part);
        }
    }

    /// Adds a fragment when there is a value for it.
    pub fn maybe(&mut self, fragment: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.add(fragment, [value.into()]);
        }
    }

    /// Asks for what an organisation has a stake in: a successor in what its predecessors had, one that has merged in what
    /// was raised as its own.
    pub fn concerns(&mut self, org: Option<i64>) {
        let Some(org) = org else { return };
        self.add(
            " and c.id in (select f.change_id from change_orgs f where f.org_id = {}
            union select f.change_id from organisations h join change_orgs f on f.org_id = h.id where h.merged_into = {}
            union select r.id from changes r where r.raised_as = {})",
            [org.into(), org.into(), org.into()],
        );
    }

    /// Finds what is about one of these and may overlap a span: what begins in it or soon before, and the few windows that
    /// are longer. Whether it does is to be asked of each row.
    pub fn about_within(&mut self, about: About, from: i64, until: i64) {
        let bound = from.saturating_sub(schedule::BOUND_MICROS);
        let begins = "f.window_start > {} and f.window_start < {}";
        let mut some = |of: &str, id: i64| self.add(&format!("{of} = {{}} and {begins}"), [id.into(), bound.into(), until.into()]);
        match about {
            About::Site(id) => some(" and c.id in (select f.change_id from change_sites f where f.site_id", id),
            About::Service(id) => some(" and c.id in (select f.change_id from change_services f where f.service_id", id),
            About::Organisation(id) => {
                some(" and c.id in (select f.change_id from change_orgs f where f.org_id", id);
                some(" union select f.change_id from organisations h join change_orgs f on f.org_id = h.id where h.merged_into", id);
                some(" union select f.id from changes f where f.raised_as", id);
            }
        }
        self.add(" union select l.id from changes l where l.long = 1 and l.window_start <= {} and l.contingency_end > {}", [bound.into(), from.into()]);
        self.is_about("l", about);
        self.sql.push(')');
    }

    /// Asks of each row of `changes`, by its alias, whether it is about one of these; for rows that were found otherwise.
    pub fn is_about(&mut self, row: &str, about: About) {
        match about {
            About::Site(id) => self.add(&format!(" and exists (select 1 from change_sites f where f.change_id = {row}.id and f.site_id = {{}})"), [id.into()]),
            About::Service(id) => {
                self.add(&format!(" and exists (select 1 from change_services f where f.change_id = {row}.id and f.service_id = {{}})"), [id.into()])
            }
            About::Organisation(id) => self.add(
                &format!(
                    " and ({row}.raised_as = {{}} or exists (select 1 from change_orgs f join organisations h on h.id = f.org_id
                    where f.change_id = {row}.id and (h.id = {{}} or h.merged_into = {{}})))"
                ),
                [id.into(), id.into(), id.into()],
            ),
        }
    }

    /// Asks for what an organisation raised, itself or before it merged with others; see [`Composed::concerns`].
    pub fn raised_by(&mut self, org: Option<i64>) {
        let Some(org) = org else { return };
        self.add(
            " and c.id in (select r.id from changes r where r.org_id = {} union select r.id from changes r where r.raised_as = {}
            union select r.id from organisations h join changes r on r.org_id = h.id where h.merged_into = {})",
            [org.into(), org.into(), org.into()],
        );
    }

    /// Asks for one of these ids; for none of them, nothing is found.
    pub fn ids(&mut self, column: &str, ids: &[i64]) {
        self.sql.push_str(&format!(" and {column} in "));
        self.among(ids.iter().copied());
    }

    /// Adds a list of ids in brackets, of which none is `(0)`.
    pub fn among(&mut self, ids: impl IntoIterator<Item = i64>) {
        let place = |id: i64| {
            self.params.push(id.into());
            format!("${}", self.params.len())
        };
        let places: Vec<String> = ids.into_iter().map(place).collect();
        self.sql.push_str(&format!("({})", if places.is_empty() { "0".to_owned() } else { places.join(", ") }));
    }

    /// Adds `and column in (..)`; no codes mean no condition.
    pub fn one_of(&mut self, column: &str, codes: impl IntoIterator<Item = &'static str>) {
        let places: Vec<String> = codes
            .into_iter()
            .map(|code| {
                self.params.push(code.into());
                format!("${}", self.params.len())
            })
            .collect();
        if !places.is_empty() {
            self.sql.push_str(&format!(" and {column} in ({})", places.join(", ")));
        }
    }
}

/// A code of a closed vocabulary.
pub(crate) fn code<T>(row: &dyn Row, column: usize, from: fn(&str) -> Option<T>) -> Result<T, StoreError> {
    let word = row.text(column)?;
    from(&word).ok_or_else(|| StoreError::Corrupt(format!("{word} is no code of column {column}")))
}

/// A code that may be absent.
pub(crate) fn opt_code<T>(row: &dyn Row, column: usize, from: fn(&str) -> Option<T>) -> Result<Option<T>, StoreError> {
    row.opt_text(column)?.map(|word| from(&word).ok_or_else(|| StoreError::Corrupt(format!("{word} is no code of column {column}")))).transpose()
}

/// The title of a change; one that was never sent has only what was typed so far, in the draft's column.
pub(crate) fn title(row: &dyn Row, column: usize, draft_column: usize) -> Result<String, StoreError> {
    let Some(raw) = row.opt_text(draft_column)? else { return row.text(column) };
    let raw: Raw = serde_json::from_str(&raw).map_err(|fault| StoreError::Corrupt(fault.to_string()))?;
    Ok(raw.get("title").and_then(|typed| typed.first()).map(|typed| typed.trim().to_owned()).unwrap_or_default())
}
