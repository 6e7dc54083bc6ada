//! The forward schedule (spec 12, R-1): what stands in a span of time, as far as the person may see it (settled 8).

use crate::gather;
use crate::page::time;
use crate::project;
use crate::queries::list::{NoticeLine, notice, window};
use crate::queries::{About, Composed, Named, code, opt_code};
use crate::scope::{IS_PARTY, IS_READABLE, LISTED, Scope};
use crate::{Row, StoreError, Tx};
use jiff::Timestamp;
use signalbox_core::apply::{apply, replay};
use signalbox_core::change::{Kind, Outcome, Stage, Window};
use signalbox_core::form::Answer;
use signalbox_core::schedule::{External, Freeze, Span};
use signalbox_core::text::Text;

/// How firm an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    Tentative,
    Firm,
    Live,
    Done,
    Cancelled,
}

impl Standing {
    /// Every standing, in the order of a change's life.
    pub const ALL: &'static [Standing] = &[Standing::Tentative, Standing::Firm, Standing::Live, Standing::Done, Standing::Cancelled];

    /// The code in files and API.
    pub fn code(self) -> &'static str {
        match self {
            Standing::Tentative => "tentative",
            Standing::Firm => "firm",
            Standing::Live => "live",
            Standing::Done => "done",
            Standing::Cancelled => "cancelled",
        }
    }

    /// The standing with this code.
    pub fn from_code(code: &str) -> Option<Standing> {
        Standing::ALL.iter().copied().find(|s| s.code() == code)
    }

    /// The standing of a stage; what is not on the schedule, because it is a draft or came to nothing, has none.
    pub fn of(stage: Stage) -> Option<Standing> {
        Some(match stage {
            Stage::Submitted | Stage::Returned | Stage::Assessing | Stage::AwaitingApproval | Stage::OnHold => Standing::Tentative,
            Stage::Approved | Stage::Scheduled => Standing::Firm,
            Stage::Implementing | Stage::BackingOut => Standing::Live,
            Stage::Implemented | Stage::Review | Stage::Closed => Standing::Done,
            Stage::Cancelled => Standing::Cancelled,
            Stage::Draft | Stage::LocalAuth | Stage::ClinRejected | Stage::Rejected | Stage::Withdrawn | Stage::Expired => return None,
        })
    }

    fn stages(wanted: Option<Standing>) -> impl Iterator<Item = &'static str> {
        let fits = move |s: &&Stage| Standing::of(**s).is_some_and(|standing| wanted.is_none_or(|w| w == standing));
        Stage::ALL.iter().filter(fits).map(|s| s.code())
    }
}

/// Which entries are wanted. A filter on what a change is about leaves out those of which only the times are shown:
/// otherwise trying filters would tell what they are (S04).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScheduleFilter {
    pub site: Option<i64>,
    pub service: Option<i64>,
    pub organisation: Option<i64>,
    pub kinds: Vec<Kind>,
    pub standing: Option<Standing>,
    /// Only entries whose page the person may open.
    pub mine_only: bool,
    /// Only these, by id.
    pub only: Option<Vec<i64>>,
}

/// One entry of the schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub id: i64,
    pub stage: Stage,
    pub standing: Standing,
    pub window: Window,
    /// `None`: restricted work, of which only the times may be shown.
    pub detail: Option<Detail>,
}

/// What an entry is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    pub reference: String,
    pub kind: Kind,
    pub title: String,
    /// Whether the person may open the change's page.
    pub party: bool,
    /// The organisation that raised it.
    pub org: Named,
    /// The services that were named.
    pub services: Vec<Named>,
    /// Services that depend on what is touched.
    pub dependants: Vec<Named>,
    pub sites: Vec<Named>,
    /// Every organisation that is affected.
    pub affected: Vec<Named>,
    pub impact: Option<i64>,
    pub risk: Option<i64>,
    pub category: Option<String>,
    pub direct_care: bool,
    /// The network track's code (spec 5.6).
    pub network: String,
    pub notice: Option<NoticeLine>,
    pub started_at: Option<Timestamp>,
    pub expected_end: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub overran: bool,
    pub outcome: Option<Outcome>,
    /// It holds its window against others.
    pub holds_window: bool,
    pub long: bool,
    pub updated_at: Timestamp,
    /// How many events the change has had.
    pub version: i64,
}

impl Entry {
    /// When it ends, as far as is known: work that runs late ends when it was last said to (C082).
    pub fn ends(&self) -> Timestamp {
        let late = self.detail.as_ref().filter(|_| self.standing == Standing::Live).and_then(|detail| detail.expected_end);
        late.map_or(self.window.end, |late| late.max(self.window.end))
    }

    /// How long the service is planned to be down: an outage's whole window. Other kinds don't say.
    pub fn outage_minutes(&self) -> Option<i64> {
        let is_outage = self.detail.as_ref().is_some_and(|d| d.kind == Kind::PlannedOutage);
        is_outage.then(|| (self.window.end.as_second() - self.window.start.as_second()) / 60)
    }
}

/// Where a page of the schedule ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct After {
    pub start_micros: i64,
    pub id: i64,
}

/// A page of the schedule, and where the next begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchedulePage {
    pub entries: Vec<Entry>,
    pub next: Option<After>,
}

/// The span and the moment of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    pub from: Timestamp,
    pub until: Timestamp,
    pub now: Timestamp,
}

/// A window that isn't marked long starts at most this long before anything it overlaps (architecture 4). The
/// contingency may run on for a day.
pub(crate) const BOUND_MICROS: i64 = 15 * 86_400_000_000;
/// For how long a cancelled entry stays to be seen.
const CANCELLED_SHOWN_MICROS: i64 = 14 * 86_400_000_000;
/// The most entries of one page: a month of everything.
pub const LIMIT_MAX: i64 = 5_000;
const BATCH: i64 = 1_000;

// Several names in one column: fields and rows are parted by signs that no name holds, since control signs are refused.
macro_rules! names_of {
    ($from:literal) => {
        concat!("coalesce((select string_agg(cast(x.id as TEXT) || '\u{1f}' || x.code || '\u{1f}' || x.name, '\u{1e}' order by x.code) from ", $from, "), '')")
    };
}

const SERVICES: &str = names_of!("change_services l join services x on x.id = l.service_id where l.change_id = c.id and l.derived = 0");
const DEPENDANTS: &str = names_of!("change_services l join services x on x.id = l.service_id where l.change_id = c.id and l.derived = 1");
const SITES: &str = names_of!("change_sites l join sites x on x.id = l.site_id where l.change_id = c.id");
const AFFECTED: &str = names_of!("change_orgs l join organisations x on x.id = l.org_id where l.change_id = c.id and l.part = 'affected'");

fn columns() -> String {
    format!(
        "select c.id, c.stage, c.window_start, c.window_end, c.contingency_end, {IS_READABLE}, {IS_PARTY}, c.reference, c.kind, c.title,
        g.id, g.code, g.name, {SERVICES}, {DEPENDANTS}, {SITES}, {AFFECTED}, c.impact, c.risk, c.category, c.direct_care, c.network,
        c.notice_verdict, c.notice_days, c.notice_asked, c.notice_basis, c.notice_defective, c.consequence,
        c.started_at, c.expected_end, c.finished_at, c.overran, c.outcome, c.holds_window, c.long, c.updated_at, c.version
        from changes c join organisations g on g.id = c.org_id where "
    )
}

/// The statements of this file, as a test prepares them.
pub fn composed() -> Vec<(&'static str, String)> {
    let scope = Scope::visitor();
    let asked = Asked { from: Timestamp::UNIX_EPOCH, until: Timestamp::UNIX_EPOCH, now: Timestamp::UNIX_EPOCH };
    let all = ScheduleFilter {
        site: Some(1),
        service: Some(1),
        organisation: Some(1),
        kinds: vec![Kind::Normal],
        standing: Some(Standing::Firm),
        mine_only: true,
        only: Some(vec![1, 2]),
    };
    let filters = vec![
        ("SCHEDULE", ScheduleFilter::default()),
        ("BY_SITE", ScheduleFilter { site: Some(1), ..ScheduleFilter::default() }),
        ("BY_SERVICE", ScheduleFilter { service: Some(1), ..ScheduleFilter::default() }),
        ("BY_ORGANISATION", ScheduleFilter { organisation: Some(1), ..ScheduleFilter::default() }),
        ("BY_KIND", ScheduleFilter { kinds: vec![Kind::PlannedOutage], ..ScheduleFilter::default() }),
        ("BY_STANDING", ScheduleFilter { standing: Some(Standing::Cancelled), ..ScheduleFilter::default() }),
        ("MINE", ScheduleFilter { mine_only: true, ..ScheduleFilter::default() }),
        ("NONE", ScheduleFilter { only: Some(vec![]), ..ScheduleFilter::default() }),
        ("BY_ALL", all),
    ];
    let mut statements: Vec<_> = filters.into_iter().map(|(name, filter)| (name, statement(&scope, asked, &filter, None, 50).sql)).collect();
    statements.push(("TONIGHT", tonight_statement(&scope, 1, asked).sql));
    statements
}

/// Adds what overlaps the span and is about all of these, found by the first of them, or else by the span alone: by two
/// indexes then, one for windows of bounded length.
fn within(statement: &mut Composed, asked: Asked, about: &[About]) {
    let (from, until) = (asked.from.as_microsecond(), asked.until.as_microsecond());
    if let Some(first) = about.first() {
        statement.about_within(*first, from, until);
        statement.add(" and c.window_start < {} and c.contingency_end > {}", [until.into(), from.into()]);
        about.iter().skip(1).for_each(|about| statement.is_about("c", *about));
        return;
    }
    statement.add(
        " and c.id in (select s.id from changes s where s.window_start > {} and s.window_start < {} and s.contingency_end > {}
        union all select l.id from changes l where l.long = 1 and l.window_start <= {} and l.contingency_end > {})",
        [from.saturating_sub(BOUND_MICROS).into(), until.into(), from.into(), from.saturating_sub(BOUND_MICROS).into(), from.into()],
    );
}

/// What of the schedule the person may see, under these columns; conditions and an order may follow.
pub(super) fn listed(columns: &str, scope: &Scope, asked: Asked, filter: &ScheduleFilter) -> Composed {
    let mut statement = Composed::new(scope, format!("{columns}{LISTED} and c.private = 0"));
    within(&mut statement, asked, &About::of(filter.site, filter.service, filter.organisation));
    statement.one_of("c.stage", Standing::stages(filter.standing));
    statement.add(" and (c.stage <> 'CANCELLED' or c.stage_since > {})", [asked.now.as_microsecond().saturating_sub(CANCELLED_SHOWN_MICROS).into()]);
    statement.one_of("c.kind", filter.kinds.iter().map(|k| k.code()));
    if filter.site.is_some() || filter.service.is_some() || filter.organisation.is_some() || !filter.kinds.is_empty() {
        statement.sql.push_str(&format!(" and {IS_READABLE} = 1"));
    }
    if let Some(ids) = &filter.only {
        // No row has the id 0.
        statement.sql.push_str(" and c.id in (0");
        ids.iter().for_each(|id| statement.add(", {}", [(*id).into()]));
        statement.sql.push(')');
    }
    if filter.mine_only {
        statement.sql.push_str(&format!(" and {IS_PARTY} = 1"));
    }
    statement
}

fn statement(scope: &Scope, asked: Asked, filter: &ScheduleFilter, after: Option<After>, limit: i64) -> Composed {
    let mut statement = listed(&columns(), scope, asked, filter);
    if let Some(After { start_micros, id }) = after {
        statement.add(" and (c.window_start, c.id) > ({}, {})", [start_micros.into(), id.into()]);
    }
    statement.add(" order by c.window_start, c.id limit {}", [limit.into()]);
    statement
}

fn tonight_statement(scope: &Scope, site: i64, asked: Asked) -> Composed {
    let is_open = "c.private = 0 and c.confidentiality = 'open' and exists (select 1 from sites t join organisations a on a.id = t.org_id";
    let mut statement = Composed::new(scope, format!("{}({LISTED} or ({is_open}", columns()));
    statement.add(" where t.id = {} and a.open_tonight = 1)))", [site.into()]);
    within(&mut statement, asked, &[About::Site(site)]);
    let shown = [Standing::Firm, Standing::Live, Standing::Done];
    statement.one_of("c.stage", shown.into_iter().flat_map(|s| Standing::stages(Some(s))));
    statement.sql.push_str(&format!(" and {IS_READABLE} = 1"));
    statement.add(" order by c.window_start, c.id limit {}", [LIMIT_MAX.into()]);
    statement
}

/// What stands in the span, by its start. An entry without detail shows its times and nothing else.
pub fn schedule(tx: &mut dyn Tx, scope: &Scope, asked: Asked, filter: &ScheduleFilter, after: Option<After>, limit: i64) -> Result<SchedulePage, StoreError> {
    let limit = limit.clamp(1, LIMIT_MAX);
    let statement = statement(scope, asked, filter, after, limit + 1);
    let mut entries = tx.all(&statement.sql, &statement.params, read)?;
    let has_more = entries.len() as i64 > limit;
    entries.truncate(limit as usize);
    let next = entries.last().filter(|_| has_more).map(|e| After { start_micros: e.window.start.as_microsecond(), id: e.id });
    Ok(SchedulePage { entries, next })
}

/// Hands over every entry of the span, by its start, without holding them all.
pub fn each(
    tx: &mut dyn Tx,
    scope: &Scope,
    asked: Asked,
    filter: &ScheduleFilter,
    mut f: impl FnMut(Entry) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let page = schedule(tx, scope, asked, filter, after, BATCH)?;
        page.entries.into_iter().try_for_each(&mut f)?;
        match page.next {
            None => return Ok(()),
            next => after = next,
        }
    }
}

/// What became of an entry since an earlier schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    New,
    Moved,
    Same,
    Removed,
}

/// What a file says of an entry beside its row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside {
    pub since: Since,
    /// For how many minutes a service is slow or partly off, where that was asked and answered.
    pub degraded_minutes: Option<i64>,
    /// Who restores the service and their telephone, for those who may open the change.
    pub contact: Option<(String, String)>,
}

/// Reads it; `None` for an entry of which only the times may be shown.
pub fn beside(tx: &mut dyn Tx, entry: &Entry, since: Timestamp) -> Result<Option<Beside>, StoreError> {
    let Some(detail) = &entry.detail else { return Ok(None) };
    let Some(loaded) = project::load(tx, entry.id)? else { return Ok(None) };
    let before = replay(loaded.events.iter().filter(|event| event.at <= since));
    let stood = before.as_ref().filter(|before| Standing::of(before.stage).is_some_and(|s| s != Standing::Cancelled));
    let since = match stood {
        _ if loaded.change.source_ref.is_some() => Since::Same,
        None if entry.standing == Standing::Cancelled => Since::Same,
        None => Since::New,
        Some(_) if entry.standing == Standing::Cancelled => Since::Removed,
        Some(before) if before.window() != Some(entry.window) => Since::Moved,
        Some(_) => Since::Same,
    };
    let content = loaded.change.content.as_ref();
    let degraded = content.and_then(|content| content.answers.get("degraded_minutes"));
    let words = |text: &Text| loaded.prose.get(&text.text.0).cloned().unwrap_or_default();
    let promise = loaded.change.promise.as_ref().filter(|_| detail.party);
    Ok(Some(Beside {
        since,
        degraded_minutes: degraded.and_then(|answer| if let Answer::Number(minutes) = answer { Some(*minutes) } else { None }),
        contact: promise.map(|promise| (words(&promise.restore_by), words(&promise.phone))),
    }))
}

/// When an entry of which only the times are shown last changed in what it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outline {
    /// The version that the change had then.
    pub version: i64,
    pub at: Timestamp,
}

/// Reads it. The version and the time of the change itself would tell that somebody is at work on it, so only what moves the
/// times, the standing, or who may read counts; `None` for what has no events.
pub fn outline(tx: &mut dyn Tx, id: i64) -> Result<Option<Outline>, StoreError> {
    let Some(loaded) = project::load(tx, id)? else { return Ok(None) };
    let (mut change, mut shown, mut last) = (None, None, None);
    for event in &loaded.events {
        let next = apply(change, event);
        let shows = (next.window(), Standing::of(next.stage), next.content.as_ref().map(|content| content.header.confidentiality));
        if shown != Some(shows) {
            (shown, last) = (Some(shows), Some(Outline { version: event.version, at: event.at }));
        }
        change = Some(next);
    }
    Ok(last)
}

/// What is sure to touch a site in the span: for its staff, and for everybody where its organisation opened the page.
pub fn tonight(tx: &mut dyn Tx, scope: &Scope, site: i64, asked: Asked) -> Result<Vec<Entry>, StoreError> {
    let statement = tonight_statement(scope, site, asked);
    tx.all(&statement.sql, &statement.params, read)
}

/// Every occurrence of a freeze in the span, for those who read the schedule; the first to end comes first.
pub fn freezes(tx: &mut dyn Tx, scope: &Scope, asked: Asked) -> Result<Vec<Freeze>, StoreError> {
    if !scope.reads_schedule() {
        return Ok(vec![]);
    }
    let mut found = gather::freezes(tx, Span { from: asked.from, until: asked.until })?;
    found.sort_by_key(|freeze| (freeze.span.until, freeze.id));
    Ok(found)
}

/// What happens elsewhere in the span, for those who read the schedule (C036); the first to start comes first.
pub fn externals(tx: &mut dyn Tx, scope: &Scope, asked: Asked) -> Result<Vec<External>, StoreError> {
    if !scope.reads_schedule() {
        return Ok(vec![]);
    }
    let mut found = gather::externals(tx, Span { from: asked.from, until: asked.until })?;
    found.sort_by_key(|one| (one.span.from, one.id));
    Ok(found)
}

fn read(row: &dyn Row) -> Result<Entry, StoreError> {
    let stage = code(row, 1, Stage::from_code)?;
    Ok(Entry {
        id: row.int(0)?,
        stage,
        standing: Standing::of(stage).ok_or_else(|| StoreError::Corrupt(format!("{} stands on the schedule", stage.code())))?,
        window: window(row, 2)?.ok_or_else(|| StoreError::Corrupt("an entry of the schedule has no window".into()))?,
        detail: if row.boolean(5)? { Some(detail(row)?) } else { None },
    })
}

fn detail(row: &dyn Row) -> Result<Detail, StoreError> {
    Ok(Detail {
        party: row.boolean(6)?,
        reference: row.text(7)?,
        kind: code(row, 8, Kind::from_code)?,
        title: row.text(9)?,
        org: Named { id: row.int(10)?, code: row.text(11)?, name: row.text(12)? },
        services: names(row, 13)?,
        dependants: names(row, 14)?,
        sites: names(row, 15)?,
        affected: names(row, 16)?,
        impact: row.opt_int(17)?,
        risk: row.opt_int(18)?,
        category: row.opt_text(19)?,
        direct_care: row.boolean(20)?,
        network: row.text(21)?,
        notice: notice(row, 22)?,
        started_at: crate::page::opt_time(row, 28)?,
        expected_end: crate::page::opt_time(row, 29)?,
        finished_at: crate::page::opt_time(row, 30)?,
        overran: row.boolean(31)?,
        outcome: opt_code(row, 32, Outcome::from_code)?,
        holds_window: row.boolean(33)?,
        long: row.boolean(34)?,
        updated_at: time(row, 35)?,
        version: row.int(36)?,
    })
}

fn names(row: &dyn Row, column: usize) -> Result<Vec<Named>, StoreError> {
    let joined = row.text(column)?;
    let parts = joined.split('\u{1e}').filter(|part| !part.is_empty());
    let read = |part: &str| {
        let mut fields = part.splitn(3, '\u{1f}');
        let id = fields.next()?.parse().ok()?;
        Some(Named { id, code: fields.next()?.to_owned(), name: fields.next()?.to_owned() })
    };
    parts.map(|part| read(part).ok_or_else(|| StoreError::Corrupt(format!("{part} is no name of a thing")))).collect()
}
