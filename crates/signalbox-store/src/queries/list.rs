//! Lists of changes: filters, search, newest first, a page at a time (issue 2, point 5).

use crate::page::{opt_time, time};
use crate::queries::found::Finder;
use crate::queries::{Composed, Named, code, opt_code, title};
use crate::scope::{Scope, VISIBLE, VISIBLE_AMONG_OWN};
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

impl Count {
    fn of(counted: i64) -> Count {
        if counted > COUNT_MAX { Count::MoreThan(COUNT_MAX) } else { Count::Exactly(counted) }
    }
}

/// Nobody reads further; counting on would only cost, and it was most of what a page of a large site cost.
const COUNT_MAX: i64 = 500;
/// The most rows of one page.
pub const LIMIT_MAX: i64 = 500;
/// The rows of a page of the site.
const PAGE_USUAL: usize = 50;
/// How many rows a CSV reads at a time.
const BATCH: usize = LIMIT_MAX as usize;
/// The most changes that are asked at once whether they are seen.
const STEP_MAX: i64 = 20_000;

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
    let of = |scope: &Scope, filter: &ListFilter, own: Option<Vec<i64>>, stands_for: &[i64]| {
        ids_statement(scope, &Finder::with(dialect, scope, filter, own, stands_for), i64::MAX, Some(50)).sql
    };
    let mut statements: Vec<_> = filters.into_iter().map(|(name, filter)| (name, of(&scope, &filter, None, &[]))).collect();
    let party = Scope::visitor();
    statements.push(("OF_PARTY", of(&party, &ListFilter::default(), Some(vec![1]), &[])));
    statements.push(("OF_NOBODY", of(&party, &ListFilter::default(), Some(vec![]), &[])));
    statements.push(("OF_PARTIES_BY_ALL", of(&party, &all, Some(vec![1, 2]), &[0, 3])));
    let finder = Finder::with(dialect, &party, &ListFilter::default(), Some(vec![1]), &[]);
    let words = ListFilter { q: Some("core".into()), ..ListFilter::default() };
    let common = Finder::with(dialect, &party, &words, Some(vec![1]), &[]).supposing_common();
    statements.push(("BY_COMMON_WORD", ids_statement(&party, &common, i64::MAX, Some(50)).sql));
    statements.push(("COUNT", count_statement(&party, &finder, i64::MAX, 50).sql));
    statements.push(("ALL", page_of_all(&scope, i64::MAX, 50).sql));
    statements.push(("COUNT_ALL", count_of_all(&scope).sql));
    statements.push(("ROWS", rows_statement(&[1]).sql));
    statements
}

/// Of the newest that the finder knows, what the reader sees: `{}` stands for that as 1 or 0.
fn seen_statement(columns: &str, scope: &Scope, finder: &Finder, before: i64, most: Option<i64>) -> Composed {
    let (first, last) = columns.split_once("{}").unwrap_or((columns, ""));
    let visible = if finder.among_own { VISIBLE_AMONG_OWN } else { VISIBLE };
    let mut statement = Composed::new(scope, format!("select {first}case when {visible}"));
    finder.write_rest(&mut statement);
    statement.sql.push_str(&format!(" then 1 else 0 end{last} from "));
    finder.write(&mut statement, before, most);
    statement.sql.push_str(" found join changes c on c.id = found.id");
    statement
}

/// Ids, newest first, each with whether it is seen.
fn ids_statement(scope: &Scope, finder: &Finder, before: i64, most: Option<i64>) -> Composed {
    let mut statement = seen_statement("found.id, {}", scope, finder, before, most);
    statement.sql.push_str(" order by found.id desc");
    statement
}

/// How many there are, how many of them are seen, and the last of them.
fn count_statement(scope: &Scope, finder: &Finder, before: i64, most: i64) -> Composed {
    seen_statement("count(*), cast(coalesce(sum({}), 0) as BIGINT), min(found.id)", scope, finder, before, Some(most))
}

/// A page of everything that is seen, and how much that is: by one statement each, for this is what most people open.
fn page_of_all(scope: &Scope, before: i64, limit: i64) -> Composed {
    let mut statement = Composed::new(scope, format!("{COLUMNS}c.id in (select c.id from changes c where {VISIBLE}"));
    statement.add(" and c.id < {} order by c.id desc limit {}) order by c.id desc", [before.into(), limit.into()]);
    statement
}

fn count_of_all(scope: &Scope) -> Composed {
    let mut statement = Composed::new(scope, format!("select count(*) from (select c.id from changes c where {VISIBLE}"));
    statement.add(" limit {}) counted", [(COUNT_MAX + 1).into()]);
    statement
}

/// A few more than are wanted, since some of them may not be seen; and where little is, the further on, the larger steps.
fn steps(wanted: i64) -> impl Iterator<Item = i64> {
    std::iter::successors(Some(wanted + wanted / 8), |most| Some((most * 4).min(STEP_MAX)))
}

/// The ids of what the filter finds and the reader sees, newest first, `wanted` of them at most.
fn seen(tx: &mut dyn Tx, scope: &Scope, finder: &Finder, cursor: Option<i64>, wanted: i64) -> Result<Vec<i64>, StoreError> {
    let (mut before, mut ids) = (cursor.unwrap_or(i64::MAX), vec![]);
    for most in steps(wanted) {
        let statement = ids_statement(scope, finder, before, Some(most));
        let found = tx.all(&statement.sql, &statement.params, |row| Ok((row.int(0)?, row.boolean(1)?)))?;
        ids.extend(found.iter().filter(|(_, is_seen)| *is_seen).map(|(id, _)| *id));
        match found.last() {
            Some((last, _)) if (ids.len() as i64) < wanted && found.len() as i64 >= most => before = *last,
            _ => break,
        }
    }
    ids.truncate(wanted as usize);
    Ok(ids)
}

/// These rows, newest first.
fn rows(tx: &mut dyn Tx, ids: &[i64]) -> Result<Vec<ListRow>, StoreError> {
    let mut statement = rows_statement(ids);
    statement.sql.push_str(" order by c.id desc");
    if ids.is_empty() { Ok(vec![]) } else { tx.all(&statement.sql, &statement.params, read) }
}

fn rows_statement(ids: &[i64]) -> Composed {
    let mut statement = Composed { sql: format!("{COLUMNS}c.id in "), params: vec![] };
    // One text for pages of every length, so that it is prepared once.
    let room = if ids.len() > PAGE_USUAL { LIMIT_MAX as usize } else { PAGE_USUAL };
    let last = ids.last().copied().unwrap_or_default();
    statement.among(ids.iter().copied().chain(std::iter::repeat(last)).take(room));
    statement
}

/// A page of changes, newest first. `cursor` is the `next` of the page before.
pub fn list(tx: &mut dyn Tx, scope: &Scope, filter: &ListFilter, cursor: Option<i64>, limit: i64) -> Result<ListPage, StoreError> {
    let finder = Finder::of(tx, scope, filter)?;
    page(tx, scope, &finder, cursor, limit)
}

/// The same of what a finder finds.
///
/// # Errors
/// The store's.
pub fn page(tx: &mut dyn Tx, scope: &Scope, finder: &Finder, cursor: Option<i64>, limit: i64) -> Result<ListPage, StoreError> {
    let limit = limit.clamp(1, LIMIT_MAX);
    if finder.finds_all() {
        let statement = page_of_all(scope, cursor.unwrap_or(i64::MAX), limit + 1);
        let mut rows = tx.all(&statement.sql, &statement.params, read)?;
        let has_more = rows.len() as i64 > limit;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| has_more).map(|row| row.id);
        return Ok(ListPage { rows, next });
    }
    let ids = seen(tx, scope, finder, cursor, limit + 1)?;
    let shown = &ids[..ids.len().min(limit as usize)];
    let next = shown.last().copied().filter(|_| ids.len() > shown.len());
    Ok(ListPage { rows: rows(tx, shown)?, next })
}

/// A page, and how many the filter finds in all. Where the page holds them all they are not counted again.
pub fn list_counted(tx: &mut dyn Tx, scope: &Scope, filter: &ListFilter, cursor: Option<i64>, limit: i64) -> Result<(ListPage, Count), StoreError> {
    let finder = Finder::of(tx, scope, filter)?;
    let page = page(tx, scope, &finder, cursor, limit)?;
    let count = match (cursor, page.next) {
        (None, None) => Count::Exactly(page.rows.len() as i64),
        _ => counted(tx, scope, &finder)?,
    };
    Ok((page, count))
}

/// How many the filter finds.
pub fn count(tx: &mut dyn Tx, scope: &Scope, filter: &ListFilter) -> Result<Count, StoreError> {
    let finder = Finder::of(tx, scope, filter)?;
    counted(tx, scope, &finder)
}

fn counted(tx: &mut dyn Tx, scope: &Scope, finder: &Finder) -> Result<Count, StoreError> {
    if finder.finds_all() {
        let statement = count_of_all(scope);
        return tx.one(&statement.sql, &statement.params, |row| row.int(0)).map(Count::of);
    }
    let (mut before, mut all) = (i64::MAX, 0);
    for most in steps(COUNT_MAX + 1) {
        let statement = count_statement(scope, finder, before, most);
        let (found, seen, last) = tx.one(&statement.sql, &statement.params, |row| Ok((row.int(0)?, row.int(1)?, row.opt_int(2)?)))?;
        all += seen;
        match last {
            Some(last) if all <= COUNT_MAX && found >= most => before = last,
            _ => break,
        }
    }
    Ok(Count::of(all))
}

/// Hands over every row that the filter finds, newest first, holding no more of each than its id: what finds them is
/// asked once, for it may read a year of changes.
pub fn each(tx: &mut dyn Tx, scope: &Scope, filter: &ListFilter, mut f: impl FnMut(ListRow) -> Result<(), StoreError>) -> Result<(), StoreError> {
    let statement = ids_statement(scope, &Finder::of(tx, scope, filter)?, i64::MAX, None);
    let found = tx.all(&statement.sql, &statement.params, |row| Ok((row.int(0)?, row.boolean(1)?)))?;
    let ids: Vec<i64> = found.into_iter().filter(|(_, is_seen)| *is_seen).map(|(id, _)| id).collect();
    for some in ids.chunks(BATCH) {
        rows(tx, some)?.into_iter().try_for_each(&mut f)?;
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
