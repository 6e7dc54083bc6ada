//! What somebody promised or owes: one list for each person and organisation (issue 2, point 5).

use crate::page::{opt_time, time};
use crate::queries::list::named;
use crate::queries::{Composed, Named, code, opt_code};
use crate::scope::{OWN_ORGS, Scope, VISIBLE};
use crate::{Row, StoreError, Tx};
use jiff::Timestamp;
use signalbox_core::actor::Role;
use signalbox_core::change::{Kind, Stage};

/// Whose duties are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The person's own: by name, by a role held, or by an organisation worked for.
    Mine,
    /// Those of one organisation, on the changes that the person sees.
    Organisation(i64),
}

/// One duty with the change that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DutyLine {
    pub change_id: i64,
    pub reference: String,
    pub title: String,
    pub change_kind: Kind,
    pub stage: Stage,
    /// Names the duty within its change.
    pub key: String,
    /// `assessment`, `condition`, `review`, `hold`, `answer`, `acceptance` or `local`.
    pub kind: String,
    /// The kind of assessment, the number of the condition, or the kind again.
    pub about: String,
    /// The words of a condition, while they are kept.
    pub words: Option<String>,
    /// The organisation that owes it; otherwise the role alone says who.
    pub org: Option<Named>,
    pub role: Option<Role>,
    pub asked_at: Timestamp,
    pub due_at: Option<Timestamp>,
    pub done_at: Option<Timestamp>,
    /// Empty where nobody is named.
    pub done_by: String,
}

impl DutyLine {
    /// Owed, and due before this.
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.done_at.is_none() && self.due_at.is_some_and(|due| due < now)
    }
}

/// The duties of a page: what is owed, due first, and what was kept of late, latest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promises {
    pub open: Vec<DutyLine>,
    pub kept: Vec<DutyLine>,
}

const KEPT_SHOWN_MICROS: i64 = 60 * 86_400_000_000;
/// More than anybody reads on one page.
const LIMIT_MAX: i64 = 500;

const COLUMNS: &str = "select c.id, c.reference, c.title, c.kind, c.stage, u.key, u.kind, u.about, t.body, u.org_id, g.code, g.name, u.role,
    u.asked_at, u.due_at, u.done_at, coalesce(p.name, '') from ";
const JOINED: &str = "duties u join changes c on c.id = u.change_id left join organisations g on g.id = u.org_id
    left join texts t on t.id = u.text_id left join people p on p.id = u.done_by where ";

const BY_DUE: &str = " order by case when u.due_at is null then 1 else 0 end, u.due_at, u.change_id, u.key";

/// The statements of this file, as a test prepares them.
pub fn composed() -> Vec<(&'static str, String)> {
    let scope = Scope::visitor();
    vec![
        ("MINE_OPEN", open_statement(&scope, Whose::Mine, 50).sql),
        ("ORG_OPEN", open_statement(&scope, Whose::Organisation(1), 50).sql),
        ("MINE_KEPT", kept_statement(&scope, Whose::Mine, Timestamp::UNIX_EPOCH).sql),
        ("ORG_KEPT", kept_statement(&scope, Whose::Organisation(1), Timestamp::UNIX_EPOCH).sql),
    ]
}

fn open_statement(scope: &Scope, whose: Whose, limit: i64) -> Composed {
    let mut statement = Composed::new(scope, COLUMNS);
    // What is owed by these comes first, each part by an index, so that the open duties of others are not read. The
    // cross join holds SQLite to that order.
    match whose {
        Whose::Mine => statement.sql.push_str(&format!(
            "(select d.change_id, d.key from duties d where d.done_at is null and d.org_id in {OWN_ORGS}
            union select d.change_id, d.key from duties d where d.done_at is null and d.org_id is null
                and d.role in (select m.role from memberships m where m.person_id = $1 and m.ended_at is null)
            union select d.change_id, d.key from duties d where d.done_at is null and d.person_id = $1)"
        )),
        Whose::Organisation(id) => statement.add(
            "(select d.change_id, d.key from duties d where d.done_at is null and d.org_id = {}
            union select d.change_id, d.key from change_orgs o join duties d on d.change_id = o.change_id where o.org_id = {}
                and d.done_at is null and d.org_id is null and d.role in (select m.role from memberships m where m.org_id = {} and m.ended_at is null))",
            [id.into(), id.into(), id.into()],
        ),
    }
    statement.sql.push_str(&format!(" mine cross join {JOINED}u.change_id = mine.change_id and u.key = mine.key and {VISIBLE}"));
    statement.add(&format!("{BY_DUE} limit {{}}"), [limit.into()]);
    statement
}

fn kept_statement(scope: &Scope, whose: Whose, now: Timestamp) -> Composed {
    let mut statement = Composed::new(scope, format!("{COLUMNS}{JOINED}{VISIBLE}"));
    statement.add(" and u.done_at > {}", [now.as_microsecond().saturating_sub(KEPT_SHOWN_MICROS).into()]);
    match whose {
        Whose::Mine => statement.sql.push_str(&format!(" and (u.done_by = $1 or u.org_id in {OWN_ORGS})")),
        Whose::Organisation(id) => statement.add(
            " and (u.org_id = {} or (u.org_id is null and exists (select 1 from memberships m where m.person_id = u.done_by and m.org_id = {} and m.role = u.role)))",
            [id.into(), id.into()],
        ),
    }
    statement.add(" order by u.done_at desc, u.change_id, u.key limit {}", [LIMIT_MAX.into()]);
    statement
}

/// What is owed and was kept in the last 60 days.
pub fn promises(tx: &mut dyn Tx, scope: &Scope, whose: Whose, now: Timestamp) -> Result<Promises, StoreError> {
    let kept = kept_statement(scope, whose, now);
    Ok(Promises { open: open(tx, scope, whose, LIMIT_MAX)?, kept: tx.all(&kept.sql, &kept.params, read)? })
}

/// What is owed, due first.
pub fn open(tx: &mut dyn Tx, scope: &Scope, whose: Whose, limit: i64) -> Result<Vec<DutyLine>, StoreError> {
    let open = open_statement(scope, whose, limit.clamp(1, LIMIT_MAX));
    tx.all(&open.sql, &open.params, read)
}

fn read(row: &dyn Row) -> Result<DutyLine, StoreError> {
    Ok(DutyLine {
        change_id: row.int(0)?,
        reference: row.text(1)?,
        title: row.text(2)?,
        change_kind: code(row, 3, Kind::from_code)?,
        stage: code(row, 4, Stage::from_code)?,
        key: row.text(5)?,
        kind: row.text(6)?,
        about: row.text(7)?,
        words: row.opt_text(8)?,
        org: named(row, 9)?,
        role: opt_code(row, 12, Role::from_code)?,
        asked_at: time(row, 13)?,
        due_at: opt_time(row, 14)?,
        done_at: opt_time(row, 15)?,
        done_by: row.text(16)?,
    })
}
