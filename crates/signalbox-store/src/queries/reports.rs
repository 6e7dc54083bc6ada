//! The rows and sums of the reports (spec 12): success and failure, changes raised by trusts, notice.
//!
//! A report holds what the person may read: what is open to the group, and what they are a party to. Restricted work
//! is neither listed nor counted for others, so that the sums are those of the rows.

use crate::page::{opt_time, time};
use crate::queries::list::{NoticeLine, Owed, named, notice, window};
use crate::queries::{Composed, Named, code, opt_code};
use crate::scope::{IS_READABLE, LISTED, Scope};
use crate::{Row, StoreError, Tx};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use signalbox_core::actor::Role;
use signalbox_core::calendar::{Basis, Verdict, local_date};
use signalbox_core::change::{Consequence, Kind, Outcome, Stage, Window};
use signalbox_core::consequence::DisputeState;
use signalbox_core::learn::RootCause;
use signalbox_core::report::Outcomes;
use signalbox_core::report::figures::Attempt;
use std::collections::BTreeMap;

/// What a report is about. The span is that of each report's own date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportFilter {
    pub from: Timestamp,
    pub until: Timestamp,
    /// Any stake, or for R-3 the trust that raised it.
    pub organisation: Option<i64>,
    pub service: Option<i64>,
    pub kinds: Vec<Kind>,
}

/// A row of success and failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuccessRow {
    pub id: i64,
    pub reference: String,
    pub title: String,
    pub kind: Kind,
    pub category: Option<String>,
    /// Codes, `;` between.
    pub services: String,
    pub org: Named,
    pub implementer_org: Option<Named>,
    pub window: Option<Window>,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub outcome: Outcome,
    /// The outcome was said again, differently.
    pub restated: bool,
    /// The day to which it counts: the end of the work, for history the end of its window.
    pub ended_at: Timestamp,
    pub imported: bool,
    pub incidents: u64,
    /// Whether somebody looked for incidents.
    pub looked: bool,
    pub score: Option<u8>,
    /// What the review named.
    pub cause: Option<RootCause>,
    pub has_review: bool,
    /// Who owes the action of its review that is due first, and when.
    pub action_owner: Option<String>,
    pub action_due: Option<Timestamp>,
}

impl SuccessRow {
    /// Minutes past the planned end; none where it was kept or is not known.
    pub fn overrun_minutes(&self) -> Option<i64> {
        let over = self.finished_at?.as_second() - self.window?.end.as_second();
        (over > 0).then_some(over / 60)
    }

    /// What the figures count of it.
    pub fn attempt(&self) -> Attempt {
        Attempt {
            window: self.window,
            started_at: self.started_at,
            finished_at: self.finished_at,
            incidents: self.incidents,
            looked: self.looked,
            score: self.score,
        }
    }
}

/// What is owed of reviews and late (K16).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overdue {
    pub reviews: u64,
    pub actions: u64,
}

/// The sums over the rows of R-2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Every outcome, by category; the empty category is that of changes without one.
    pub by_category: BTreeMap<String, BTreeMap<Outcome, u64>>,
    pub by_kind: BTreeMap<Kind, BTreeMap<Outcome, u64>>,
    /// What was attempted in all.
    pub attempted: Outcomes,
    /// What was attempted, by the first day of the month in which it ended. A month without any is absent.
    pub months: BTreeMap<Date, Outcomes>,
}

/// A row of the changes that trusts raised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RaisedRow {
    pub id: i64,
    pub reference: String,
    pub org: Named,
    pub title: String,
    pub kind: Kind,
    pub received_at: Option<Timestamp>,
    pub stage: Stage,
    pub stage_since: Timestamp,
    /// When it was approved, as far as an approval stands.
    pub approved_at: Option<Timestamp>,
    pub waiting_on: Option<Owed>,
    pub category: Option<String>,
    /// The clinical track's code (spec 5.3).
    pub clinical: String,
    pub window: Option<Window>,
    pub notice: Option<NoticeLine>,
    pub revision: i64,
    /// The reference in another system, for the parties: it is not among what is open to the group (settled 8).
    pub source_ref: Option<String>,
    /// Whether the person may open its page.
    pub party: bool,
    /// Who raised it, where that organisation has merged into another since.
    pub raised_as: Option<Named>,
}

/// A row of notice given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeRow {
    pub id: i64,
    pub reference: String,
    pub org: Named,
    pub title: String,
    /// Codes, `;` between.
    pub sites: String,
    pub kind: Kind,
    pub received_at: Timestamp,
    pub window: Option<Window>,
    pub notice: NoticeLine,
    pub late_reason: Option<String>,
    pub began: Option<Timestamp>,
    /// When all was back.
    pub back: Option<Timestamp>,
    pub outcome: Option<Outcome>,
    pub course: NoticeCourse,
    /// Whether the person may open its page.
    pub party: bool,
}

/// How a notice was judged, and what people made of that (spec 5.5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoticeCourse {
    /// The calendar by which its days were counted; a later one changes nothing here (spec 7.1).
    pub calendar_version: Option<String>,
    /// What the document proposed.
    pub proposed: Option<Consequence>,
    /// What a change manager gave before any dispute.
    pub settled: Option<(Consequence, Said)>,
    pub dispute: Option<(DisputeState, Said)>,
    /// The authority's decision of the dispute.
    pub decided: Option<Said>,
}

/// Whose word something is, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub org: Option<Named>,
    /// The person's name, for parties only.
    pub person: Option<String>,
    pub at: Timestamp,
}

impl NoticeRow {
    /// How long the work took away what it was about: as it went, or as it is planned while it has not ended. What was
    /// called off took nothing.
    pub fn minutes(&self) -> i64 {
        let planned = || self.window.filter(|_| self.outcome.is_none()).map(|window| (window.start, window.end));
        let span = self.began.zip(self.back).or_else(planned).or_else(|| self.window.filter(|_| self.back.is_some()).map(|w| (w.start, w.end)));
        span.map_or(0, |(from, until)| ((until.as_second() - from.as_second()) / 60).max(0))
    }
}

/// When an outcome counts. The index `changes_ended` holds the same expression.
pub(crate) const ENDED: &str = "coalesce(c.finished_at, case when c.imported = 1 then c.window_end else c.closed_at end)";

const SERVICE_CODES: &str = "coalesce((select string_agg(x.code, ';' order by x.code) from change_services l join services x on x.id = l.service_id where l.change_id = c.id and l.derived = 0), '')";
const SITE_CODES: &str =
    "coalesce((select string_agg(x.code, ';' order by x.code) from change_sites l join sites x on x.id = l.site_id where l.change_id = c.id), '')";

const OWED: &str = "left join duties n on n.change_id = c.id and n.key = (select d.key from duties d where d.change_id = c.id and d.done_at is null
        order by case when d.due_at is null then 1 else 0 end, d.due_at, d.key limit 1)
    left join organisations w on w.id = n.org_id";

/// The statements of this file, as a test prepares them.
pub fn composed() -> Vec<(&'static str, String)> {
    let scope = Scope::visitor();
    let some = ReportFilter { from: Timestamp::UNIX_EPOCH, until: Timestamp::UNIX_EPOCH, organisation: None, service: None, kinds: vec![] };
    let all = ReportFilter { organisation: Some(1), service: Some(1), kinds: vec![Kind::Normal, Kind::PlannedOutage], ..some.clone() };
    vec![
        ("SUCCESS", success_statement(&scope, &some).sql),
        ("SUCCESS_BY_ALL", success_statement(&scope, &all).sql),
        ("OVERDUE", overdue_statement(&scope, &some, Timestamp::UNIX_EPOCH).sql),
        ("OVERDUE_BY_ALL", overdue_statement(&scope, &all, Timestamp::UNIX_EPOCH).sql),
        ("SUMMARY", summary_statement(&scope, &some).sql),
        ("SUMMARY_BY_ALL", summary_statement(&scope, &all).sql),
        ("RAISED", raised_statement(&scope, &some, false).sql),
        ("RAISED_OPEN", raised_statement(&scope, &all, true).sql),
        ("NOTICE", notice_statement(&scope, &some).sql),
        ("NOTICE_BY_ALL", notice_statement(&scope, &all).sql),
    ]
}

pub(crate) fn readable(scope: &Scope, columns: &str) -> Composed {
    Composed::new(scope, format!("{columns} where {LISTED} and {IS_READABLE} = 1 and c.private = 0"))
}

pub(crate) fn narrow(statement: &mut Composed, filter: &ReportFilter, date: &str) {
    statement.add(&format!(" and {date} >= {{}} and {date} < {{}}"), [filter.from.as_microsecond().into(), filter.until.as_microsecond().into()]);
    of_what(statement, filter);
}

fn of_what(statement: &mut Composed, filter: &ReportFilter) {
    statement.maybe(" and c.id in (select f.change_id from change_services f where f.service_id = {})", filter.service);
    statement.one_of("c.kind", filter.kinds.iter().map(|k| k.code()));
}

pub(crate) fn with_stake(statement: &mut Composed, filter: &ReportFilter) {
    statement.concerns(filter.organisation);
}

/// Orders by a column and, where that is equal, by the id.
fn in_order(statement: &mut Composed, column: &str) {
    statement.sql.push_str(&format!(" order by {column}, c.id"));
}

fn success_statement(scope: &Scope, filter: &ReportFilter) -> Composed {
    let columns = format!(
        "select c.id, c.reference, c.title, c.kind, c.category, {SERVICE_CODES}, g.id, g.code, g.name, i.id, i.code, i.name,
        c.window_start, c.window_end, c.contingency_end, c.started_at, c.finished_at, c.outcome,
        case when exists (select 1 from events e where e.stream = 'change' and e.change_id = c.id and e.type = 'restated') then 1 else 0 end,
        {ENDED}, c.imported, coalesce(k.incidents, 0), coalesce(k.looked, 0), k.score, k.cause, case when c.review_due is null then 0 else 1 end,
        w.code, n.due_at
        from changes c join organisations g on g.id = c.org_id left join organisations i on i.id = c.implementer_org
        left join change_learnt k on k.change_id = c.id
        left join duties n on n.change_id = c.id and n.key = (select d.key from duties d where d.change_id = c.id and d.kind = 'action' and d.done_at is null
            order by d.due_at, d.key limit 1)
        left join organisations w on w.id = n.org_id"
    );
    let mut statement = readable(scope, &columns);
    statement.sql.push_str(" and c.outcome is not null");
    narrow(&mut statement, filter, ENDED);
    with_stake(&mut statement, filter);
    in_order(&mut statement, ENDED);
    statement
}

fn summary_statement(scope: &Scope, filter: &ReportFilter) -> Composed {
    let mut statement = readable(scope, &format!("select coalesce(c.category, ''), c.kind, c.outcome, {ENDED} from changes c"));
    statement.sql.push_str(" and c.outcome is not null");
    narrow(&mut statement, filter, ENDED);
    with_stake(&mut statement, filter);
    statement
}

fn overdue_statement(scope: &Scope, filter: &ReportFilter, now: Timestamp) -> Composed {
    let mut statement = readable(scope, "select n.kind from duties n join changes c on c.id = n.change_id");
    statement.add(" and n.kind in ('review', 'action') and n.done_at is null and n.due_at < {}", [now.as_microsecond().into()]);
    of_what(&mut statement, filter);
    with_stake(&mut statement, filter);
    statement
}

fn raised_statement(scope: &Scope, filter: &ReportFilter, open_only: bool) -> Composed {
    let columns = format!(
        "select c.id, c.reference, g.id, g.code, g.name, c.title, c.kind, c.received_at, c.stage, c.stage_since,
        n.kind, n.about, n.due_at, n.org_id, w.code, w.name, n.role, c.category, c.clinical, c.window_start, c.window_end, c.contingency_end,
        c.notice_verdict, c.notice_days, c.notice_asked, c.notice_basis, c.notice_defective, c.consequence, c.revision, c.source_ref, {}, c.approved_at, a.id, a.code, a.name
        from organisations g join changes c on c.org_id = g.id left join organisations a on a.id = c.raised_as {OWED}",
        crate::scope::IS_PARTY
    );
    let mut statement = readable(scope, &columns);
    statement.sql.push_str(" and g.kind = 'trust'");
    if open_only {
        let open = Stage::ALL.iter().filter(|s| !s.is_final() && !s.is_draft());
        statement.one_of("c.stage", open.map(|s| s.code()));
    }
    narrow(&mut statement, filter, "coalesce(c.received_at, c.raised_at)");
    statement.raised_by(filter.organisation);
    in_order(&mut statement, "g.code");
    statement
}

fn notice_statement(scope: &Scope, filter: &ReportFilter) -> Composed {
    let columns = format!(
        "select c.id, c.reference, g.id, g.code, g.name, c.title, {SITE_CODES}, c.kind, c.received_at, c.window_start, c.window_end, c.contingency_end,
        c.notice_verdict, c.notice_days, c.notice_asked, c.notice_basis, c.notice_defective, c.consequence, c.late_reason, c.started_at, c.back_at, c.outcome,
        {}, n.calendar_version, n.proposed, n.settled, so.id, so.code, so.name, sp.name, n.settled_at, n.dispute, po.id, po.code, po.name, pp.name,
        n.disputed_at, eo.id, eo.code, eo.name, ep.name, n.decided_at
        from changes c join organisations g on g.id = c.org_id left join change_notices n on n.change_id = c.id
        left join organisations so on so.id = n.settled_org left join people sp on sp.id = n.settled_by
        left join organisations po on po.id = n.disputed_org left join people pp on pp.id = n.disputed_by
        left join organisations eo on eo.id = n.decided_org left join people ep on ep.id = n.decided_by",
        crate::scope::IS_PARTY
    );
    let mut statement = readable(scope, &columns);
    // The record of work that nobody had announced is notice after the fact, and gave none (scenario 19).
    statement.sql.push_str(" and (c.notice_verdict is not null or (c.kind = 'retrospective' and c.received_at is not null))");
    narrow(&mut statement, filter, "c.window_start");
    with_stake(&mut statement, filter);
    in_order(&mut statement, "c.window_start");
    statement
}

fn each<T>(
    tx: &mut dyn Tx,
    statement: &Composed,
    read: fn(&dyn Row) -> Result<T, StoreError>,
    mut f: impl FnMut(T) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    tx.query(&statement.sql, &statement.params, &mut |row| f(read(row)?))
}

/// hands over each change whose outcome counts to the span, by the end of its work.
pub fn each_success(tx: &mut dyn Tx, scope: &Scope, filter: &ReportFilter, f: impl FnMut(SuccessRow) -> Result<(), StoreError>) -> Result<(), StoreError> {
    each(tx, &success_statement(scope, filter), read_success, f)
}

/// The reviews and actions that are late at a moment, whenever the work was; of the services, kinds and organisation asked for.
pub fn overdue(tx: &mut dyn Tx, scope: &Scope, filter: &ReportFilter, now: Timestamp) -> Result<Overdue, StoreError> {
    let statement = overdue_statement(scope, filter, now);
    let mut overdue = Overdue::default();
    tx.query(&statement.sql, &statement.params, &mut |row| {
        let counter = if row.text(0)? == "review" { &mut overdue.reviews } else { &mut overdue.actions };
        *counter += 1;
        Ok(())
    })?;
    Ok(overdue)
}

/// The head of R-2 and its series, in the months of the zone.
pub fn summary(tx: &mut dyn Tx, scope: &Scope, filter: &ReportFilter, zone: &TimeZone) -> Result<Summary, StoreError> {
    let statement = summary_statement(scope, filter);
    let mut summary = Summary::default();
    tx.query(&statement.sql, &statement.params, &mut |row| {
        let (kind, outcome) = (code(row, 1, Kind::from_code)?, code(row, 2, Outcome::from_code)?);
        *summary.by_category.entry(row.text(0)?).or_default().entry(outcome).or_default() += 1;
        *summary.by_kind.entry(kind).or_default().entry(outcome).or_default() += 1;
        if outcome.is_attempted() {
            summary.attempted.count(outcome.code());
            let month = local_date(time(row, 3)?, zone).first_of_month();
            summary.months.entry(month).or_default().count(outcome.code());
        }
        Ok(())
    })?;
    Ok(summary)
}

/// hands over each change that a trust raised and that was received in the span, by trust, oldest first.
pub fn each_raised(
    tx: &mut dyn Tx,
    scope: &Scope,
    filter: &ReportFilter,
    open_only: bool,
    f: impl FnMut(RaisedRow) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    each(tx, &raised_statement(scope, filter, open_only), read_raised, f)
}

/// hands over each change with a verdict on its notice whose window starts in the span.
pub fn each_notice(tx: &mut dyn Tx, scope: &Scope, filter: &ReportFilter, f: impl FnMut(NoticeRow) -> Result<(), StoreError>) -> Result<(), StoreError> {
    each(tx, &notice_statement(scope, filter), read_notice, f)
}

/// How many of each verdict there are, by the code of the organisation that raised them.
pub fn verdicts(tx: &mut dyn Tx, scope: &Scope, filter: &ReportFilter) -> Result<BTreeMap<String, BTreeMap<Verdict, u64>>, StoreError> {
    let mut counts: BTreeMap<String, BTreeMap<Verdict, u64>> = BTreeMap::new();
    each_notice(tx, scope, filter, |row| {
        *counts.entry(row.org.code).or_default().entry(row.notice.verdict).or_default() += 1;
        Ok(())
    })?;
    Ok(counts)
}

fn read_success(row: &dyn Row) -> Result<SuccessRow, StoreError> {
    Ok(SuccessRow {
        id: row.int(0)?,
        reference: row.text(1)?,
        title: row.text(2)?,
        kind: code(row, 3, Kind::from_code)?,
        category: row.opt_text(4)?,
        services: row.text(5)?,
        org: Named { id: row.int(6)?, code: row.text(7)?, name: row.text(8)? },
        implementer_org: named(row, 9)?,
        window: window(row, 12)?,
        started_at: opt_time(row, 15)?,
        finished_at: opt_time(row, 16)?,
        outcome: code(row, 17, Outcome::from_code)?,
        restated: row.boolean(18)?,
        ended_at: time(row, 19)?,
        imported: row.boolean(20)?,
        incidents: row.int(21)?.unsigned_abs(),
        looked: row.boolean(22)?,
        score: row.opt_int(23)?.and_then(|score| score.try_into().ok()),
        cause: opt_code(row, 24, RootCause::from_code)?,
        has_review: row.boolean(25)?,
        action_owner: row.opt_text(26)?,
        action_due: opt_time(row, 27)?,
    })
}

fn read_raised(row: &dyn Row) -> Result<RaisedRow, StoreError> {
    let party = row.boolean(30)?;
    let waiting_on = match row.opt_text(10)? {
        None => None,
        Some(kind) => Some(Owed { kind, about: row.text(11)?, due_at: opt_time(row, 12)?, org: named(row, 13)?, role: opt_code(row, 16, Role::from_code)? }),
    };
    Ok(RaisedRow {
        id: row.int(0)?,
        reference: row.text(1)?,
        org: Named { id: row.int(2)?, code: row.text(3)?, name: row.text(4)? },
        title: row.text(5)?,
        kind: code(row, 6, Kind::from_code)?,
        received_at: opt_time(row, 7)?,
        stage: code(row, 8, Stage::from_code)?,
        stage_since: time(row, 9)?,
        approved_at: opt_time(row, 31)?,
        waiting_on,
        category: row.opt_text(17)?,
        clinical: row.text(18)?,
        window: window(row, 19)?,
        notice: notice(row, 22)?,
        revision: row.int(28)?,
        source_ref: row.opt_text(29)?.filter(|_| party),
        party,
        raised_as: named(row, 32)?,
    })
}

const NONE_GIVEN: NoticeLine = NoticeLine { verdict: Verdict::AfterTheFact, days: 0, asked: 0, basis: Basis::WorkingDays, defective: false, consequence: None };

fn read_notice(row: &dyn Row) -> Result<NoticeRow, StoreError> {
    let party = row.boolean(22)?;
    Ok(NoticeRow {
        id: row.int(0)?,
        reference: row.text(1)?,
        org: Named { id: row.int(2)?, code: row.text(3)?, name: row.text(4)? },
        title: row.text(5)?,
        sites: row.text(6)?,
        kind: code(row, 7, Kind::from_code)?,
        received_at: time(row, 8)?,
        window: window(row, 9)?,
        notice: notice(row, 12)?.unwrap_or(NONE_GIVEN),
        late_reason: row.opt_text(18)?,
        began: opt_time(row, 19)?,
        back: opt_time(row, 20)?,
        outcome: opt_code(row, 21, Outcome::from_code)?,
        course: course(row, 23, party)?,
        party,
    })
}

fn course(row: &dyn Row, first: usize, party: bool) -> Result<NoticeCourse, StoreError> {
    let said = |org: usize| -> Result<Option<Said>, StoreError> {
        let Some(at) = opt_time(row, org + 4)? else { return Ok(None) };
        Ok(Some(Said { org: named(row, org)?, person: row.opt_text(org + 3)?.filter(|_| party), at }))
    };
    Ok(NoticeCourse {
        calendar_version: row.opt_text(first)?,
        proposed: opt_code(row, first + 1, Consequence::from_code)?,
        settled: opt_code(row, first + 2, Consequence::from_code)?.zip(said(first + 3)?),
        dispute: opt_code(row, first + 8, DisputeState::from_code)?.zip(said(first + 9)?),
        decided: said(first + 14)?,
    })
}
