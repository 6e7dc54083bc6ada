//! Which changes a filter finds, newest first, before anybody asks who may see them.
//!
//! Each thing that can be named has an index that gives the ids of its changes in order: an organisation, a stage, a word.
//! SQLite merges those orders and stops as soon as a page is full, so that what two filters share is found without going
//! through the changes of either. PostgreSQL weighs that itself.

use crate::dialect::PLANNED_FOR_ITS_VALUES;
use crate::queries::schedule::BOUND_MICROS;
use crate::queries::search::{self, Sought};
use crate::queries::{About, Composed, list::ListFilter};
use crate::scope::{OWN_ORGS, Scope};
use crate::sql::statements;
use crate::{Dialect, StoreError, Tx, Value, values};
use signalbox_core::calendar::Verdict;
use signalbox_core::change::Outcome;

statements! {
    STANDS_FOR = "select h.id from organisations h where h.merged_into = $1
        union all select 0 from (select r.id from changes r where r.raised_as = $1 limit 1) one";
}

/// A five-hundredth of all words. PostgreSQL knows how common a word is, but not the beginning of one.
const SAMPLE_POSTGRES: &str = "select count(*) from change_words w tablesample system (0.2) where w.words @@ to_tsquery('simple', $1)";
/// From so many of the sample on a word is common: some thirty thousand changes hold it, and going through the newest of
/// all finds a page sooner than its index does.
const COMMON: i64 = 60;

/// The statements of this file that are put together, as a test prepares them.
pub fn composed(dialect: Dialect) -> Vec<(&'static str, String)> {
    match dialect {
        Dialect::Sqlite => vec![("OWN", own_sql())],
        Dialect::Postgres => vec![("OWN", own_sql()), ("SAMPLE", SAMPLE_POSTGRES.to_owned())],
    }
}

/// Some ids of changes, by an index in whose order they come.
#[derive(Clone, Debug, PartialEq)]
struct Ids {
    table: &'static str,
    id: &'static str,
    condition: String,
    values: Vec<Value>,
}

/// What may be asked of the row of a change itself.
const ROW: &str = "changes r";
/// Who has a stake in a change.
const ORGS: &str = "change_orgs f";
/// The words of a change.
const WORDS: &str = "change_words w";

impl Ids {
    fn of(table: &'static str, id: &'static str, condition: impl Into<String>, values: Vec<Value>) -> Ids {
        Ids { table, id, condition: condition.into(), values }
    }

    fn row(condition: &str, value: impl Into<Value>) -> Ids {
        Ids::of(ROW, "r.id", condition, vec![value.into()])
    }

    fn org(id: i64) -> Ids {
        Ids::of(ORGS, "f.change_id", "f.org_id = {}", vec![id.into()])
    }

    fn all() -> Ids {
        Ids::of(ROW, "r.id", "r.id > 0", vec![])
    }

    fn none() -> Ids {
        Ids::of(ROW, "r.id", "r.id < 0", vec![])
    }

    fn write(&self, statement: &mut Composed, before: i64) {
        statement.sql.push_str(&format!("select {} as id from {} where ", self.id, self.table));
        statement.all(&self.condition, &self.values);
        statement.add(&format!(" and {} < {{}}", self.id), [before.into()]);
    }
}

/// What a filter finds. Every one of the arms has to know the change; an arm knows what any of its lists knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Finder {
    dialect: Dialect,
    arms: Vec<Vec<Ids>>,
    /// What is asked of each row of `c` besides.
    rest: Vec<(String, Vec<Value>)>,
    /// Only what names the reader's own organisations was looked at.
    pub(super) among_own: bool,
    /// The word that is looked for is one that many share; only PostgreSQL has to know.
    is_common: bool,
}

impl Finder {
    /// What this filter finds, of what this reader might see.
    ///
    /// # Errors
    /// The store's.
    pub fn of(tx: &mut dyn Tx, scope: &Scope, filter: &ListFilter) -> Result<Finder, StoreError> {
        let own = match scope.sees_what_names_them() {
            true => Some(tx.all(&own_sql(), values![scope.person()], |row| row.int(0))?),
            false => None,
        };
        let stands_for = match filter.organisation {
            Some(org) => tx.all(STANDS_FOR, values![org], |row| row.int(0))?,
            None => vec![],
        };
        let mut finder = Finder::with(tx.dialect(), scope, filter, own, &stands_for);
        if let (Dialect::Postgres, Some(words)) = (finder.dialect, finder.arms.iter().flatten().find(|ids| ids.table == WORDS)) {
            finder.is_common = tx.one(SAMPLE_POSTGRES, &words.values, |row| row.int(0))? >= COMMON;
        }
        Ok(finder)
    }

    /// The same with what was read: the reader's own organisations, where only those are looked at, and those for which
    /// the wanted one stands since a merger, 0 being what it raised before its own.
    pub(super) fn with(dialect: Dialect, scope: &Scope, filter: &ListFilter, own: Option<Vec<i64>>, stands_for: &[i64]) -> Finder {
        let mut finder = Finder { dialect, arms: vec![], rest: vec![], among_own: own.is_some(), is_common: false };
        let about = About::of(filter.site, filter.service, filter.organisation);
        let days = filter.window_from.zip(filter.window_to).map(|(from, to)| (from.as_microsecond(), to.as_microsecond()));
        match days {
            Some((from, to)) => {
                finder.arms.push(window(about.first().copied(), stands_for, from, to));
                finder.ask("c.window_end > {} and c.window_start < {}", vec![from.into(), to.into()]);
            }
            None => {
                let one_sided = [("c.window_end > {}", filter.window_from), ("c.window_start < {}", filter.window_to)];
                one_sided.into_iter().filter_map(|(asked, at)| Some((asked, at?))).for_each(|(asked, at)| finder.ask(asked, vec![at.as_microsecond().into()]));
            }
        }
        // What found the window is found already.
        let found = usize::from(days.is_some());
        finder.arms.extend(about.iter().skip(found).map(|about| lists_of(*about, stands_for)));
        finder.arms.extend(filter.item.map(|item| vec![Ids::of("change_items f", "f.change_id", "f.item_id = {}", vec![item.into()])]));
        finder.arms.extend(own.map(|own| if own.is_empty() { vec![Ids::none()] } else { own.into_iter().map(Ids::org).collect() }));
        finder.arms.extend(filter.q.as_deref().and_then(|typed| words(dialect, typed)).map(|ids| vec![ids]));
        finder.rows(scope, filter);
        if finder.arms.is_empty() {
            finder.arms.push(vec![Ids::all()]);
        }
        finder
    }

    /// Nothing is named, and everything that is there may be seen.
    pub(super) fn finds_all(&self) -> bool {
        self.arms == [vec![Ids::all()]] && self.rest.is_empty()
    }

    /// The same, found as if the word were one that many share: it takes a large site to find one.
    #[must_use]
    pub fn supposing_common(self) -> Finder {
        Finder { is_common: true, ..self }
    }

    /// What stands in the row of the change.
    fn rows(&mut self, scope: &Scope, filter: &ListFilter) {
        // What two lists share is little, and nine of ten changes may be closed: then the row is asked.
        let is_asked = self.arms.len() > 1;
        let outcome = filter.outcome.map(Outcome::code).into_iter().collect();
        let verdict = filter.verdict.map(Verdict::code).into_iter().collect();
        let kinds = filter.kinds.iter().map(|kind| kind.code()).collect();
        let stages = filter.stages.iter().map(|stage| stage.code()).collect();
        self.arms.extend(filter.raised_by_me.then(|| vec![Ids::row("r.raised_by = {}", scope.person())]));
        self.arms.extend(filter.source_ref.as_deref().map(|source| vec![Ids::row("r.source_ref = {}", source)]));
        let columns: [(&str, Vec<&'static str>); 4] = [("outcome", outcome), ("notice_verdict", verdict), ("kind", kinds), ("stage", stages)];
        for (column, codes) in columns.into_iter().filter(|(_, codes)| !codes.is_empty()) {
            // Several codes may be most of all changes, so one such list is merged and another is asked of each row.
            if is_asked || (codes.len() > 1 && self.arms.iter().any(|arm| arm.len() > 1)) {
                let places = vec!["{}"; codes.len()].join(", ");
                self.ask(&format!("c.{column} in ({places})"), codes.into_iter().map(Value::from).collect());
            } else {
                self.arms.push(codes.into_iter().map(|code| Ids::row(&format!("r.{column} = {{}}"), code)).collect());
            }
        }
    }

    fn ask(&mut self, of_row: &str, values: Vec<Value>) {
        self.rest.push((of_row.to_owned(), values));
    }

    /// Adds the newest ids that are found, `most` of them and only those before one of them, as a table of one column `id`.
    pub(super) fn write(&self, statement: &mut Composed, before: i64, most: Option<i64>) {
        statement.sql.push('(');
        match self.dialect {
            Dialect::Sqlite => self.merged(statement, before),
            Dialect::Postgres => self.weighed(statement, before),
        }
        statement.sql.push_str(" order by 1 desc");
        statement.maybe(" limit {}", most);
        statement.sql.push(')');
    }

    /// Adds what is asked of each row of `c` besides.
    pub(super) fn write_rest(&self, statement: &mut Composed) {
        for (asked, values) in &self.rest {
            statement.sql.push_str(" and ");
            statement.all(asked, values);
        }
    }

    /// A compound whose order is that of its parts is merged from them, row by row. Only its first arm may be a union as it
    /// stands; another is sorted first.
    fn merged(&self, statement: &mut Composed, before: i64) {
        if let [arm] = &self.arms[..]
            && arm.len() == 1
            && arm[0].table == ORGS
        {
            // An organisation may have several parts in a change; where several lists meet, they come together anyway.
            statement.sql.push_str("select distinct id from (");
            arm[0].write(statement, before);
            statement.sql.push(')');
            return;
        }
        let mut arms: Vec<&Vec<Ids>> = self.arms.iter().collect();
        arms.sort_by_key(|arm| arm.len() == 1);
        for (n, arm) in arms.into_iter().enumerate() {
            let is_nested = n > 0 && arm.len() > 1;
            statement.sql.push_str(if n > 0 { " intersect " } else { "" });
            statement.sql.push_str(if is_nested { "select id from (" } else { "" });
            for (m, ids) in arm.iter().enumerate() {
                statement.sql.push_str(if m > 0 { " union " } else { "" });
                ids.write(statement, before);
            }
            statement.sql.push_str(if is_nested { ")" } else { "" });
        }
    }

    /// Found by the first list, of which the others and the row are asked: which of them it begins with is the planner’s to
    /// say, but for words. Few matches are found before all else; of a word that many share each of the others is asked.
    fn weighed(&self, statement: &mut Composed, before: i64) {
        let is_of_row = |arm: &&Vec<Ids>| arm.iter().all(|ids| ids.table == ROW);
        let is_words = |arm: &&Vec<Ids>| arm.iter().any(|ids| ids.table == WORDS);
        let (of_row, lists): (Vec<&Vec<Ids>>, Vec<&Vec<Ids>>) = self.arms.iter().partition(is_of_row);
        let (mut words, mut lists): (Vec<&Vec<Ids>>, Vec<&Vec<Ids>>) = lists.into_iter().partition(is_words);
        if self.arms.len() > 1 || !words.is_empty() {
            statement.sql.push_str(PLANNED_FOR_ITS_VALUES);
        }
        if !self.is_common || self.arms.len() == 1 {
            lists.splice(..0, words.drain(..));
        }
        let id = match lists.first() {
            None => {
                statement.add("select r.id as id from changes r where r.id < {}", [before.into()]);
                "r.id"
            }
            Some(first) => {
                statement.sql.push_str("select distinct a.id from (");
                union(statement, first, before);
                // With a limit, if one that is never met, it is found before anything is joined to it.
                let limit = if is_words(first) && !self.is_common { format!(" limit {}", i64::MAX) } else { String::new() };
                let row = if of_row.is_empty() { "" } else { " join changes r on r.id = a.id" };
                statement.sql.push_str(&format!("{limit}) a{row} where a.id > 0"));
                "a.id"
            }
        };
        for arm in lists.into_iter().skip(1) {
            statement.sql.push_str(&format!(" and {id} in ("));
            union(statement, arm, before);
            statement.sql.push(')');
        }
        for ids in words.into_iter().flatten() {
            statement.all(&format!(" and (select {} from {WORDS} where {} = {id})", ids.condition, ids.id), &ids.values);
        }
        for arm in of_row {
            statement.sql.push_str(" and (");
            for (n, ids) in arm.iter().enumerate() {
                statement.sql.push_str(if n > 0 { " or " } else { "" });
                statement.all(&ids.condition, &ids.values);
            }
            statement.sql.push(')');
        }
    }
}

/// What any of these lists knows.
fn union(statement: &mut Composed, arm: &[Ids], before: i64) {
    for (n, ids) in arm.iter().enumerate() {
        statement.sql.push_str(if n > 0 { " union all " } else { "" });
        ids.write(statement, before);
    }
}

/// The changes of a place, a service or an organisation: a successor has a stake in what its predecessors had, one that
/// has merged in what was raised as its own.
fn lists_of(about: About, stands_for: &[i64]) -> Vec<Ids> {
    match about {
        About::Site(id) => vec![Ids::of("change_sites f", "f.change_id", "f.site_id = {}", vec![id.into()])],
        About::Service(id) => vec![Ids::of("change_services f", "f.change_id", "f.service_id = {}", vec![id.into()])],
        About::Organisation(id) => {
            let stood_for = stands_for.iter().map(|other| if *other == 0 { Ids::row("r.raised_as = {}", id) } else { Ids::org(*other) });
            std::iter::once(Ids::org(id)).chain(stood_for).collect()
        }
    }
}

/// What has its window in these days, about this or about anything. Windows of bounded length start soon before what they
/// overlap; the few that are longer are found by themselves, and it is asked of each row what it is about.
fn window(about: Option<About>, stands_for: &[i64], from: i64, to: i64) -> Vec<Ids> {
    let bound = from.saturating_sub(BOUND_MICROS);
    let begins = |mut ids: Ids| {
        let column = ids.id.split_once('.').map_or("f", |(table, _)| table).to_owned();
        ids.condition.push_str(&format!(" and {column}.window_start > {{}} and {column}.window_start < {{}}"));
        ids.values.extend([bound.into(), to.into()]);
        // Found by its window, not by its id.
        ids.id = if ids.table == ROW { "+r.id" } else { "+f.change_id" };
        ids
    };
    let long = |more: &str, values: Vec<Value>| {
        let condition = format!("r.long = 1 and r.window_start <= {{}} and r.window_end > {{}}{more}");
        Ids::of(ROW, "+r.id", condition, [bound.into(), from.into()].into_iter().chain(values).collect())
    };
    match about {
        None => {
            let short = Ids::of(ROW, "+r.id", "r.window_start > {} and r.window_start < {} and r.window_end > {}", vec![bound.into(), to.into(), from.into()]);
            vec![short, long("", vec![])]
        }
        Some(about) => {
            let lists = lists_of(about, stands_for);
            let known = lists.iter().map(|ids| {
                let is_own = if ids.table == ROW {
                    ids.condition.clone()
                } else {
                    format!("exists (select 1 from {} where f.change_id = r.id and {})", ids.table, ids.condition)
                };
                (is_own, ids.values.clone())
            });
            let (conditions, values): (Vec<String>, Vec<Vec<Value>>) = known.unzip();
            let long = long(&format!(" and ({})", conditions.join(" or ")), values.concat());
            lists.into_iter().map(begins).chain([long]).collect()
        }
    }
}

/// What was typed to be looked for; nothing is no condition, and only signs find nothing.
fn words(dialect: Dialect, typed: &str) -> Option<Ids> {
    if typed.trim().is_empty() {
        return None;
    }
    Some(match search::sought(typed) {
        Sought::Reference(reference) => Ids::row("r.reference = {}", reference),
        Sought::Words { words, .. } if words.is_empty() => Ids::none(),
        Sought::Words { words, is_last_whole } => {
            let (condition, asked) = search::matches(dialect, &words, is_last_whole);
            Ids::of(WORDS, "w.rowid", condition, vec![asked.into()])
        }
    })
}

fn own_sql() -> String {
    format!("select o.id from organisations o where o.id in {OWN_ORGS} order by o.id")
}
