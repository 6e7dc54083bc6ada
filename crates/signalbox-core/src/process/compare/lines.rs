//! Two texts side by side, line by line.

/// On which side something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Both,
    Before,
    After,
}

/// One line of a comparison, with its number on each side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub side: Side,
    pub before: Option<usize>,
    pub after: Option<usize>,
    pub text: String,
}

/// Beyond this product of lengths the middle is told as replaced whole, rather than keep a reader waiting.
const MOST: usize = 9_000_000;

/// Every line of both texts.
pub fn diff(before: &str, after: &str) -> Vec<Line> {
    let (was, is): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let line = |(side, a, b): (Side, Option<usize>, Option<usize>)| Line {
        side,
        before: a.map(|a| a + 1),
        after: b.map(|b| b + 1),
        text: b.map(|b| is[b]).or(a.map(|a| was[a])).unwrap_or_default().to_owned(),
    };
    align(&was, &is).into_iter().map(line).collect()
}

/// The same without what stays, but for a few lines around each change. `None` stands for a stretch left out.
pub fn near_changes(lines: &[Line], around: usize) -> Vec<Option<Line>> {
    let is_near = |at: usize| lines[at.saturating_sub(around)..(at + around + 1).min(lines.len())].iter().any(|line| line.side != Side::Both);
    let mut all: Vec<Option<Line>> = vec![];
    for (at, line) in lines.iter().enumerate() {
        if is_near(at) {
            all.push(Some(line.clone()));
        } else if all.last().is_none_or(Option::is_some) {
            all.push(None);
        }
    }
    all
}

/// A longest common order of two lists: each entry with its place on either side.
pub fn align<T: PartialEq>(was: &[T], is: &[T]) -> Vec<(Side, Option<usize>, Option<usize>)> {
    let head = was.iter().zip(is).take_while(|(a, b)| a == b).count();
    let tail = was[head..].iter().rev().zip(is[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (a, b) = (&was[head..was.len() - tail], &is[head..is.len() - tail]);
    let mut all: Vec<_> = (0..head).map(|at| (Side::Both, Some(at), Some(at))).collect();
    if a.len().saturating_mul(b.len()) > MOST {
        all.extend((0..a.len()).map(|at| (Side::Before, Some(head + at), None)));
        all.extend((0..b.len()).map(|at| (Side::After, None, Some(head + at))));
    } else {
        middle(a, b, head, &mut all);
    }
    all.extend((0..tail).map(|at| (Side::Both, Some(was.len() - tail + at), Some(is.len() - tail + at))));
    all
}

fn middle<T: PartialEq>(a: &[T], b: &[T], head: usize, all: &mut Vec<(Side, Option<usize>, Option<usize>)>) {
    let width = b.len() + 1;
    // How much both have in common from here on.
    let mut common = vec![0u32; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            common[i * width + j] = if a[i] == b[j] { common[(i + 1) * width + j + 1] + 1 } else { common[(i + 1) * width + j].max(common[i * width + j + 1]) };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            all.push((Side::Both, Some(head + i), Some(head + j)));
            (i, j) = (i + 1, j + 1);
        } else if i < a.len() && (j == b.len() || common[(i + 1) * width + j] >= common[i * width + j + 1]) {
            all.push((Side::Before, Some(head + i), None));
            i += 1;
        } else {
            all.push((Side::After, None, Some(head + j)));
            j += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_numbers_and_changes_their_neighbours() {
        let found = diff("a\nb\nc\nd\n", "a\nB\nc\nd\ne\n");
        let short: Vec<_> = found.iter().map(|line| (line.side, line.before, line.after, line.text.as_str())).collect();
        assert_eq!(
            short,
            [
                (Side::Both, Some(1), Some(1), "a"),
                (Side::Before, Some(2), None, "b"),
                (Side::After, None, Some(2), "B"),
                (Side::Both, Some(3), Some(3), "c"),
                (Side::Both, Some(4), Some(4), "d"),
                (Side::After, None, Some(5), "e"),
            ]
        );
        let long: String = (0..50).map(|n| format!("{n}\n")).collect();
        let near = near_changes(&diff(&long, &long.replace("25\n", "twenty-five\n")), 2);
        assert_eq!(near.len(), 8, "{near:?}");
        assert!(near[0].is_none() && near[7].is_none());
    }

    #[test]
    fn a_long_text_does_not_keep_a_reader_waiting() {
        let long: String = (0..20_000).map(|n| format!("{n}\n")).collect();
        let other: String = (0..20_000).map(|n| format!("x{n}\n")).collect();
        assert_eq!(diff(&long, &other).len(), 40_000);
    }
}
