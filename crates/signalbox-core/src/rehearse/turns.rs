//! Where two courses of one change part.

use super::{Course, Judged, Missed, Refused};
use crate::act::Act;
use crate::change::{AssessmentKind, Stage};
use crate::ids::ChangeId;
use std::collections::BTreeMap;

/// One way in which it would have gone otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The notice is called otherwise, or leads to something else.
    Notice {
        was: Option<Judged>,
        is: Option<Judged>,
    },
    Category {
        was: Option<String>,
        is: Option<String>,
    },
    /// Other roles decide.
    Approver {
        was: Option<String>,
        is: Option<String>,
    },
    Assessments {
        more: Vec<AssessmentKind>,
        fewer: Vec<AssessmentKind>,
    },
    /// A question that nobody had asked.
    Missed(Missed),
    /// An act that would not have been possible.
    Refused(Refused),
    /// An act that was not possible and would have been.
    Possible(Act),
    /// Where it ended; `None`: it could not even be raised.
    Stage {
        was: Option<Stage>,
        is: Option<Stage>,
    },
}

/// A change with both of its courses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub was: Course,
    pub is: Course,
    /// Empty: nothing would have been otherwise.
    pub turns: Vec<Turn>,
}

/// How many changes turn in each way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    pub rehearsed: usize,
    pub otherwise: usize,
    pub notice: usize,
    pub category: usize,
    pub approver: usize,
    pub assessments: usize,
    pub missed: usize,
    pub refused: usize,
}

/// Sets the courses under both documents side by side, by date.
pub fn rows(was: Vec<Course>, is: Vec<Course>) -> Vec<Row> {
    let mut others: BTreeMap<ChangeId, Course> = is.into_iter().map(|course| (course.change, course)).collect();
    let mut all: Vec<Row> = was
        .into_iter()
        .filter_map(|was| {
            let is = others.remove(&was.change)?;
            let turns = turns(&was, &is);
            Some(Row { was, is, turns })
        })
        .collect();
    all.sort_by(|a, b| (a.was.dated, &a.was.reference).cmp(&(b.was.dated, &b.was.reference)));
    all
}

/// The sums at the top.
pub fn sums(rows: &[Row]) -> Sums {
    let count = |fits: fn(&Turn) -> bool| rows.iter().filter(|row| row.turns.iter().any(fits)).count();
    Sums {
        rehearsed: rows.len(),
        otherwise: rows.iter().filter(|row| !row.turns.is_empty()).count(),
        notice: count(|turn| matches!(turn, Turn::Notice { .. })),
        category: count(|turn| matches!(turn, Turn::Category { .. })),
        approver: count(|turn| matches!(turn, Turn::Approver { .. })),
        assessments: count(|turn| matches!(turn, Turn::Assessments { .. })),
        missed: count(|turn| matches!(turn, Turn::Missed(_))),
        refused: count(|turn| matches!(turn, Turn::Refused(_))),
    }
}

/// Every turn, the first cause first.
pub fn turns(was: &Course, is: &Course) -> Vec<Turn> {
    let mut all = vec![];
    all.extend(is.missed.difference(&was.missed).cloned().map(Turn::Missed));
    let called = |judged: &Option<Judged>| judged.as_ref().map(|judged| (judged.verdict, judged.consequence));
    if called(&was.notice) != called(&is.notice) {
        all.push(Turn::Notice { was: was.notice.clone(), is: is.notice.clone() });
    }
    if was.category != is.category {
        all.push(Turn::Category { was: was.category.clone(), is: is.category.clone() });
    }
    let (more, fewer): (Vec<_>, Vec<_>) =
        (is.assessments.difference(&was.assessments).copied().collect(), was.assessments.difference(&is.assessments).copied().collect());
    if !(more.is_empty() && fewer.is_empty()) {
        all.push(Turn::Assessments { more, fewer });
    }
    if was.approver != is.approver {
        all.push(Turn::Approver { was: was.approver.clone(), is: is.approver.clone() });
    }
    let same = |a: &Refused, b: &Refused| (a.at, a.act) == (b.at, b.act);
    // What comes after the first refusal follows from it.
    all.extend(is.refused.iter().find(|one| !was.refused.iter().any(|other| same(one, other))).cloned().map(Turn::Refused));
    all.extend(was.refused.iter().find(|one| !is.refused.iter().any(|other| same(one, other))).map(|one| Turn::Possible(one.act)));
    if was.stage != is.stage {
        all.push(Turn::Stage { was: was.stage, is: is.stage });
    }
    all
}
