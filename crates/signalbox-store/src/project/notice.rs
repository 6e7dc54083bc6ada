//! The row of a notice: by which calendar it was judged, and what people made of its consequence (spec 5.5, R-5).

use crate::Value;
use crate::sql::statements;
use signalbox_core::change::Change;
use signalbox_core::consequence::Settled;

statements! {
    PUT = "insert into change_notices(change_id, calendar_version, proposed, settled, settled_by, settled_org, settled_at, disputed_by, disputed_org,
        disputed_at, dispute, decided_by, decided_org, decided_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    GET = "select change_id, calendar_version, proposed, settled, settled_by, settled_org, settled_at, disputed_by, disputed_org,
        disputed_at, dispute, decided_by, decided_org, decided_at from change_notices where change_id = $1";
    DROP = "delete from change_notices where change_id = $1";
}

/// How many columns the table has, and which of them are text.
pub(super) const COLUMNS: usize = 14;
pub(super) const TEXTS: &[usize] = &[1, 2, 3, 10];
pub(super) const WRITE: &str = PUT;
pub(super) const READ: &str = GET;
pub(super) const FORGET: &str = DROP;

/// The row of a change; none where no notice is asked of it.
pub(super) fn rows(change: &Change) -> Vec<Vec<Value>> {
    let Some(notice) = change.notice() else { return vec![] };
    let course = &change.notice_course;
    let (settled, dispute) = (course.settled.as_ref(), course.dispute.as_ref());
    let decided = dispute.and_then(|dispute| dispute.end.as_ref());
    let text = |code: Option<&str>| Value::from(code.map(str::to_owned));
    let whose = |one: Option<&Settled>| -> [Value; 3] {
        [
            one.and_then(|one| one.by.person).map(|person| person.0).into(),
            one.and_then(|one| one.by.org).map(|org| org.0).into(),
            one.map(|one| one.at.as_microsecond()).into(),
        ]
    };
    let mut row = vec![
        change.id.0.into(),
        notice.calendar_version.as_str().into(),
        notice.consequence.code().into(),
        text(settled.map(|settled| settled.consequence.code())),
    ];
    row.extend(whose(settled));
    row.extend([
        dispute.and_then(|dispute| dispute.by.person).map(|person| person.0).into(),
        dispute.and_then(|dispute| dispute.by.org).map(|org| org.0).into(),
        dispute.map(|dispute| dispute.at.as_microsecond()).into(),
        text(dispute.map(|dispute| dispute.state().code())),
    ]);
    row.extend(whose(decided));
    vec![row]
}
