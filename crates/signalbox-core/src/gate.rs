//! May it change now? Of stretches of time in which something is shut, what holds at a moment and when that changes
//! (C181). What shuts it is for the caller to find; here is only the arithmetic, half-open as everywhere (spec 6.7).

use jiff::Timestamp;

/// A stretch of time in which something must not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shut {
    /// Included.
    pub from: Timestamp,
    /// Not included; `None` where nobody said when it ends.
    pub until: Option<Timestamp>,
}

impl Shut {
    fn holds_at(self, at: Timestamp) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
}

/// What holds at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// The places, in what was given, of those that shut it at the moment. None of them: it is open.
    pub shut_by: Vec<usize>,
    /// When it next becomes the other; `None` where nothing that is known changes it.
    pub changes_at: Option<Timestamp>,
    /// The places of those that shut it then; empty where it opens.
    pub then_shut_by: Vec<usize>,
}

impl Gate {
    /// Whether it may change.
    pub fn is_open(&self) -> bool {
        self.shut_by.is_empty()
    }
}

/// Looks at a moment. Stretches that overlap or touch are one: it opens only when none holds.
pub fn look(shut: &[Shut], at: Timestamp) -> Gate {
    let holding = |at: Timestamp| -> Vec<usize> { (0..shut.len()).filter(|n| shut[*n].holds_at(at)).collect() };
    let shut_by = holding(at);
    if shut_by.is_empty() {
        let next = shut.iter().filter(|one| one.until.is_none_or(|until| one.from < until)).map(|one| one.from).filter(|from| *from > at).min();
        return Gate { shut_by, changes_at: next, then_shut_by: next.map(holding).unwrap_or_default() };
    }
    let mut end = at;
    loop {
        let held = holding(end);
        if held.is_empty() {
            return Gate { shut_by, changes_at: Some(end), then_shut_by: vec![] };
        }
        match held.iter().map(|n| shut[*n].until).max_by_key(|until| until.unwrap_or(Timestamp::MAX)).flatten() {
            // One that holds at `end` ends after it, so this goes forward.
            Some(until) if held.iter().all(|n| shut[*n].until.is_some()) => end = until,
            _ => return Gate { shut_by, changes_at: None, then_shut_by: vec![] },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(hour * 3600).unwrap()
    }

    fn shut(from: i64, until: i64) -> Shut {
        Shut { from: at(from), until: Some(at(until)) }
    }

    #[test]
    fn it_is_open_up_to_the_minute_and_shut_from_it() {
        let night = [shut(22, 26)];
        let before = look(&night, at(21));
        assert!(before.is_open());
        assert_eq!((before.changes_at, before.then_shut_by), (Some(at(22)), vec![0]));
        let during = look(&night, at(22));
        assert_eq!((during.shut_by, during.changes_at, during.then_shut_by), (vec![0], Some(at(26)), vec![]));
        assert_eq!(look(&night, at(26)), Gate { shut_by: vec![], changes_at: None, then_shut_by: vec![] });
    }

    #[test]
    fn what_overlaps_or_touches_is_one_stretch() {
        let gate = look(&[shut(1, 3), shut(2, 5), shut(5, 7), shut(9, 10)], at(2));
        assert_eq!((gate.shut_by, gate.changes_at), (vec![0, 1], Some(at(7))));
        let next = look(&[shut(1, 3), shut(9, 12), shut(9, 10)], at(4));
        assert_eq!((next.changes_at, next.then_shut_by), (Some(at(9)), vec![1, 2]));
    }

    #[test]
    fn work_that_nobody_said_the_end_of_leaves_it_shut() {
        let gate = look(&[shut(1, 3), Shut { from: at(2), until: None }], at(1));
        assert_eq!((gate.shut_by, gate.changes_at), (vec![0], None));
    }

    #[test]
    fn a_stretch_of_no_length_shuts_nothing() {
        assert_eq!(look(&[shut(5, 5), shut(7, 6)], at(4)).changes_at, None);
    }
}
