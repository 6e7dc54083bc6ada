//! Lists of changes: filters, search, newest first, a page at a time (issue 2, point 5).

use crate::page::{opt_time, time};
use crate::queries::schedule::BOUND_MICROS;
use crate::queries::search::Newest;
use crate::queries::{About, Composed, Named, code, opt_code, search, title};
use crate::scope::{OWN_ORGS, Scope, VISIBLE, VISIBLE_AMONG_OWN};
use crate::{Dialect, Row, StoreError, Tx};
use jiff::Timestamp;
use signalbox_core::actor::Role;
use signalbox_core::calendar::{Basis, Verdict};
use signalbox_core::change::{Confidentiality, Consequence, Kind, Outcome, Stage, Window};

/// Which changes are wanted; an empty one means all that are seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListFilter {
    /// A reference, in full or in short, or words.
    pub q: Option<String>,
    pub kinds: Vec<Kind>,
    pub stages: Vec<Stage>,
    /// It has a stake in the change, in whatever part.
    pub organisation: Option<i64>,
    pub service: Option<i64>,
    pub site: Option<i64>,
    pub item: Option<i64>,
    /// The window ends after this,
    pub window_from: Option<Timestamp>,
    /// and starts before this.
    pub window_to: Option<Timestamp>,
    pub raised_by_me: bool,
    /// The reference that another system gave.
    pub source_ref: Option<String>,
    pub outcome: Option<Outcome>,
    pub verdict: Option<Verdict>,
}

/// One change in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListRow {
    pub id: i64,
    pub reference: String,
    pub source_ref: Option<String>,
    pub kind: Kind,
    pub stage: Stage,
    pub stage_since: Timestamp,
    pub version: i64,
    pub title: String,
    /// The organisation that raised it.
    pub org: Named,
    /// Empty for history from elsewhere, and for somebody erased.
    pub raised_by: String,
    pub raised_at: Timestamp,
    pub window: Option<Window>,
    pub received_at: Option<Timestamp>,
    pub notice: Option<NoticeLine>,
    pub impact: Option<i64>,
    pub category: Option<String>,
    pub outcome: Option<Outcome>,
    pub confidentiality: Confidentiality,
    pub imported: bool,
    pub updated_at: Timestamp,
    /// What is owed next, and by whom.
    pub next: Option<Owed>,
}

/// The verdict on the notice, with its numbers in the basis of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeLine {
    pub verdict: Verdict,
    pub days: i64,
    pub asked: i64,
    pub basis: Basis,
    pub defective: bool,
    pub consequence: Option<Consequence>,
}

/// The open duty that is due first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed {
    /// `assessment`, `condition`, `review`, `hold`, `answer`, `acceptance` or `local`.
    pub kind: String,
    /// The kind of assessment, the number of the condition, or the kind again.
    pub about: String,
    pub due_at: Option<Timestamp>,
    pub org: Option<Named>,
    pub role: Option<Role>,
}

/// One page, and where the next begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListPage {
    pub rows: Vec<ListRow>,
    pub next: Option<i64>,
}

/// How many there are: exactly, or more than the most that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    Exactly(i64),
    MoreThan(i64),
}

/// Nobody reads further; counting on would only cost, and it was most of what a page of a large site cost.
const COUNT_MAX: i64 = 1_000;
/// The most rows of one page.
pub const LIMIT_MAX: i64 = 500;
/// How many rows a CSV reads at a time.
const BATCH: usize = 500;

const COLUMNS: &str = "select c.id, c.reference, c.source_ref, c.kind, c.stage, c.stage_since, c.version, c.title, c.org_id, g.code, g.name,
    coalesce(p.name, ''), c.raised_at, c.window_start, c.window_end, c.contingency_end, c.received_at, c.notice_verdict, c.notice_days,
    c.notice_asked, c.notice_basis, c.notice_defective, c.consequence, c.impact, c.category, c.outcome, c.confidentiality, c.imported, c.updated_at,
    n.kind, n.about, n.due_at, n.org_id, w.code, w.name, n.role, case when c.title = '' then (select f.raw from drafts f where f.change_id = c.id) end
    from changes c join organisations g on g.id = c.org_id left join people p on p.id = c.raised_by
    left join duties n on n.change_id = c.id and n.key = (select d.key from duties d where d.change_id = c.id and d.done_at is null
        order by case when d.due_at is null then 1 else 0 end, d.due_at, d.key limit 1)
    left join organisations w on w.id = n.org_id where ";

/// The statements of this file, one for each kind of filter, as a test prepares them. Full text is that of the
/// database it is asked for.
pub fn composed(dialect: Dialect) -> Vec<(&'static str, String)> {
    let some = |f: fn(&mut ListFilter)| {
        let mut filter = ListFilter::default();
        f(&mut filter);
        filter
    };
    let all = ListFilter {
        q: Some("core switch".into()),
        kinds: vec![Kind::Normal],
        stages: vec![Stage::Draft, Stage::Closed],
        organisation: Some(1),
        service: Some(1),
        site: Some(1),
        item: Some(1),
        window_from: Some(Timestamp::UNIX_EPOCH),
        window_to: Some(Timestamp::UNIX_EPOCH),
        raised_by_me: true,
        source_ref: Some("1".into()),
        outcome: Some(Outcome::Failed),
        verdict: Some(Verdict::Late),
    };
    let filters = vec![
        ("LIST", ListFilter::default()),
        ("BY_WORDS", some(|f| f.q = Some("core".into()))),
        ("BY_REFERENCE", some(|f| f.q = Some("RFC-2026-1".into()))),
        ("BY_SIGNS", some(|f| f.q = Some("!".into()))),
        ("BY_KIND", some(|f| f.kinds = vec![Kind::Normal])),
        ("BY_STAGES", some(|f| f.stages = vec![Stage::Draft, Stage::Closed])),
        ("BY_ORGANISATION", some(|f| f.organisation = Some(1))),
        ("BY_SERVICE", some(|f| f.service = Some(1))),
        ("BY_SITE", some(|f| f.site = Some(1))),
        ("BY_ITEM", some(|f| f.item = Some(1))),
        ("BY_WINDOW", some(|f| (f.window_from, f.window_to) = (Some(Timestamp::UNIX_EPOCH), Some(Timestamp::UNIX_EPOCH)))),
        ("BY_RAISER", some(|f| f.raised_by_me = true)),
        ("BY_SOURCE", some(|f| f.source_ref = Some("1".into()))),
        ("BY_OUTCOME", some(|f| f.outcome = Some(Outcome::Failed))),
        ("BY_VERDICT", some(|f| f.verdict = Some(Verdict::Late))),
        ("BY_ALL", all.clone()),
    ];
    let scope = Scope::of_the_authority();
    let mut statements: Vec<_> = filters.into_iter().map(|(name, filter)| (name, list_statement(dialect, &scope, &filter, None, 50, None).sql)).collect();
    let party = Scope::visitor();
    statements.push(("OF_PARTY", list_statement(dialect, &party, &ListFilter::default(), None, 50, None).sql));
    statements.push(("OF_PARTY_BY_ALL", list_statement(dialect, &party, &all, None, 50, None).sql));
    statements.push(("COUNT_OF_PARTY", count_statement(dialect, &party, &ListFilter::default(), None).sql));
    statements.push(("COUNT", count_statement(dialect, &scope, &all, None).sql));
    let words = ListFilter { q: Some("core".into()), ..ListFilter::default() };
    statements.push(("NEWEST_BY_WORDS", list_statement(dialect, &scope, &words, None, 50, Some(1_000)).sql));
    statements.push(("COUNT_ALL", count_statement(dialect, &scope, &ListFilter::default(), None).sql));
    statements
}

fn conditions(statement: &mut Composed, dialect: Dialect, scope: &Scope, filter: &ListFilter, newest: Option<Newest>) {
    // What is named first finds the rows, the rest is asked of each: SQLite would go through every pair of two lists.
    // To both databases a sign before the column says that it is not to be found by its index.
    let mut is_found = false;
    let mut id = |is_asked: bool| {
        let finds = !is_found;
        is_found |= is_asked;
        if finds { "c.id" } else { "+c.id" }
    };
    let item = id(filter.item.is_some());
    statement.maybe(&format!(" and {item} in (select f.change_id from change_items f where f.item_id = {{}})"), filter.item);
    let about = About::of(filter.site, filter.service, filter.organisation);
    match (filter.window_from, filter.window_to, about.first()) {
        (Some(from), Some(to), Some(first)) if filter.item.is_none() => {
            let (from, to) = (from.as_microsecond(), to.as_microsecond());
            statement.about_within(*first, from, to);
            id(true);
            about.iter().for_each(|about| statement.is_about(*about));
        }
        _ => {
            for (table, column, wanted) in [("change_sites", "site_id", filter.site), ("change_services", "service_id", filter.service)] {
                let id = id(wanted.is_some());
                statement.maybe(&format!(" and {id} in (select f.change_id from {table} f where f.{column} = {{}})"), wanted);
            }
            statement.concerns_at(id(filter.organisation.is_some()), filter.organisation);
        }
    }
    search::add(statement, dialect, id(filter.q.is_some()), filter.q.as_deref().unwrap_or_default(), newest);
    within(statement, &mut id, filter);
    if scope.sees_what_names_them() {
        // The same as being a party, from the other end: one trust’s changes are few among all. The limit is none; it keeps
        // PostgreSQL from asking who may see each change before it asks whose it is.
        let id = id(true);
        statement.sql.push_str(&format!(" and {id} in (select o.change_id from change_orgs o where o.org_id in {OWN_ORGS} limit {})", i64::MAX));
    }
    statement.one_of("c.kind", filter.kinds.iter().map(|k| k.code()));
    statement.one_of("c.stage", filter.stages.iter().map(|s| s.code()));
    if filter.raised_by_me {
        statement.sql.push_str(" and c.raised_by = $1");
    }
    statement.maybe(" and c.source_ref = {}", filter.source_ref.as_deref());
    statement.maybe(" and c.outcome = {}", filter.outcome.map(Outcome::code));
    statement.maybe(" and c.notice_verdict = {}", filter.verdict.map(Verdict::code));
}

/// Windows of bounded length start soon before what they overlap; the few that are longer are found by themselves.
fn within<'i>(statement: &mut Composed, id: &mut impl FnMut(bool) -> &'i str, filter: &ListFilter) {
    let micros = |at: Option<Timestamp>| at.map(Timestamp::as_microsecond);
    match (micros(filter.window_from), micros(filter.window_to)) {
        (Some(from), Some(to)) if About::of(filter.site, filter.service, filter.organisation).is_empty() || filter.item.is_some() => {
            let condition = format!(
                " and {} in (select s.id from changes s where s.window_start > {{}} and s.window_start < {{}} and s.window_end > {{}}
                union all select l.id from changes l where l.long = 1 and l.window_start <= {{}} and l.window_start < {{}} and l.window_end > {{}})",
                id(true)
            );
            let bound = from.saturating_sub(BOUND_MICROS);
            statement.add(&condition, [bound.into(), to.into(), from.into(), bound.into(), to.into(), from.into()]);
        }
        (from, to) => {
            statement.maybe(" and c.window_end > {}", from);
            statement.maybe(" and c.window_start < {}", to);
        }
    }
}

/// Who may see a change, of what [`conditions`] finds.
fn visible(scope: &Scope) -> &'static str {
    if scope.sees_what_names_them() { VISIBLE_AMONG_OWN } else { VISIBLE }
}

fn list_statement(dialect: Dialect, scope: &Scope, filter: &ListFilter, cursor: Option<i64>, limit: i64, newest: Option<i64>) -> Composed {
    let before = cursor.unwrap_or(i64::MAX);
    // The page is found first, and only its rows are drawn: PostgreSQL would join everything that is found before it sorts.
    let mut statement = Composed::new(scope, format!("{COLUMNS}c.id in (select c.id from changes c where {}", visible(scope)));
    statement.add(" and c.id < {}", [before.into()]);
    conditions(&mut statement, dialect, scope, filter, newest.map(|most| Newest { before, most }));
    statement.add(" order by c.id desc limit {}) order by c.id desc", [limit.into()]);
    statement
}

fn count_statement(dialect: Dialect, scope: &Scope, filter: &ListFilter, newest: Option<i64>) -> Composed {
    let mut statement = Composed::new(scope, format!("select count(*) from (select c.id from changes c where {}", visible(scope)));
    conditions(&mut statement, dialect, scope, filter, newest.map(|most| Newest { before: i64::MAX, most }));
    statement.add(" limit {}) counted", [(COUNT_MAX + 1).into()]);
    statement
}

/// How a search is tried: among some times as many of the newest matches as are wanted, then among all.
fn tries(dialect: Dialect, filter: &ListFilter, wanted: i64) -> Vec<Option<i64>> {
    let is_common = filter.q.as_deref().is_some_and(|typed| search::can_stop_early(dialect, typed));
    if is_common { vec![Some(wanted * 4), None] } else { vec![None] }
}

/// A page of changes, newest first. `cursor` is the `next` of the page before.
pub fn list(tx: &mut dyn Tx, scope: &Scope, filter: &ListFilter, cursor: Option<i64>, limit: i64) -> Result<ListPage, StoreError> {
    let limit = limit.clamp(1, LIMIT_MAX);
    let mut rows = vec![];
    // A word that many share fills the page with its newest matches; there may be half a million others.
    for newest in tries(tx.dialect(), filter, limit + 1) {
        let statement = list_statement(tx.dialect(), scope, filter, cursor, limit + 1, newest);
        rows = tx.all(&statement.sql, &statement.params, read)?;
        if rows.len() as i64 > limit {
            break;
        }
    }
    let has_more = rows.len() as i64 > limit;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| has_more).map(|row| row.id);
    Ok(ListPage { rows, next })
}

/// A page, and how many the filter finds in all. Where the page holds them all they are not counted again.
pub fn list_counted(tx: &mut dyn Tx, scope: &Scope, filter: &ListFilter, cursor: Option<i64>, limit: i64) -> Result<(ListPage, Count), StoreError> {
    let page = list(tx, scope, filter, cursor, limit)?;
    let count = match (cursor, page.next) {
        (None, None) => Count::Exactly(page.rows.len() as i64),
        _ => count(tx, scope, filter)?,
    };
    Ok((page, count))
}

/// How many the filter finds.
pub fn count(tx: &mut dyn Tx, scope: &Scope, filter: &ListFilter) -> Result<Count, StoreError> {
    let mut found = 0;
    for newest in tries(tx.dialect(), filter, COUNT_MAX + 1) {
        let statement = count_statement(tx.dialect(), scope, filter, newest);
        found = tx.one(&statement.sql, &statement.params, |row| row.int(0))?;
        if found > COUNT_MAX {
            break;
        }
    }
    Ok(if found > COUNT_MAX { Count::MoreThan(COUNT_MAX) } else { Count::Exactly(found) })
}

/// Every id that the filter finds, newest first.
fn ids_statement(dialect: Dialect, scope: &Scope, filter: &ListFilter) -> Composed {
    let mut statement = Composed::new(scope, format!("select c.id from changes c where {}", visible(scope)));
    conditions(&mut statement, dialect, scope, filter, None);
    statement.sql.push_str(" order by c.id desc");
    statement
}

/// Hands over every row that the filter finds, newest first, holding no more of each than its id: what finds them is
/// asked once, for it may read a year of changes.
pub fn each(tx: &mut dyn Tx, scope: &Scope, filter: &ListFilter, mut f: impl FnMut(ListRow) -> Result<(), StoreError>) -> Result<(), StoreError> {
    let finding = ids_statement(tx.dialect(), scope, filter);
    let ids = tx.all(&finding.sql, &finding.params, |row| row.int(0))?;
    for some in ids.chunks(BATCH) {
        let mut statement = Composed { sql: format!("{COLUMNS}c.id in "), params: vec![] };
        statement.among(some.iter().copied());
        statement.sql.push_str(" order by c.id desc");
        tx.all(&statement.sql, &statement.params, read)?.into_iter().try_for_each(&mut f)?;
    }
    Ok(())
}

fn read(row: &dyn Row) -> Result<ListRow, StoreError> {
    let owed = match row.opt_text(29)? {
        None => None,
        Some(kind) => Some(Owed { kind, about: row.text(30)?, due_at: opt_time(row, 31)?, org: named(row, 32)?, role: opt_code(row, 35, Role::from_code)? }),
    };
    Ok(ListRow {
        id: row.int(0)?,
        reference: row.text(1)?,
        source_ref: row.opt_text(2)?,
        kind: code(row, 3, Kind::from_code)?,
        stage: code(row, 4, Stage::from_code)?,
        stage_since: time(row, 5)?,
        version: row.int(6)?,
        title: title(row, 7, 36)?,
        org: Named { id: row.int(8)?, code: row.text(9)?, name: row.text(10)? },
        raised_by: row.text(11)?,
        raised_at: time(row, 12)?,
        window: window(row, 13)?,
        received_at: opt_time(row, 16)?,
        notice: notice(row, 17)?,
        impact: row.opt_int(23)?,
        category: row.opt_text(24)?,
        outcome: opt_code(row, 25, Outcome::from_code)?,
        confidentiality: code(row, 26, Confidentiality::from_code)?,
        imported: row.boolean(27)?,
        updated_at: time(row, 28)?,
        next: owed,
    })
}

/// Id, code and name in three columns, where there is one.
pub(crate) fn named(row: &dyn Row, at: usize) -> Result<Option<Named>, StoreError> {
    match (row.opt_int(at)?, row.opt_text(at + 1)?, row.opt_text(at + 2)?) {
        (Some(id), Some(code), Some(name)) => Ok(Some(Named { id, code, name })),
        _ => Ok(None),
    }
}

/// Start, end and latest end in three columns.
pub(crate) fn window(row: &dyn Row, at: usize) -> Result<Option<Window>, StoreError> {
    match (opt_time(row, at)?, opt_time(row, at + 1)?, opt_time(row, at + 2)?) {
        (Some(start), Some(end), Some(contingency_end)) => Ok(Some(Window { start, end, contingency_end })),
        _ => Ok(None),
    }
}

/// Verdict, days, asked, basis, defective and consequence in six columns.
pub(crate) fn notice(row: &dyn Row, at: usize) -> Result<Option<NoticeLine>, StoreError> {
    let Some(verdict) = opt_code(row, at, Verdict::from_code)? else { return Ok(None) };
    Ok(Some(NoticeLine {
        verdict,
        days: row.int(at + 1)?,
        asked: row.int(at + 2)?,
        basis: code(row, at + 3, Basis::from_code)?,
        defective: row.boolean(at + 4)?,
        consequence: opt_code(row, at + 5, Consequence::from_code)?,
    }))
}
