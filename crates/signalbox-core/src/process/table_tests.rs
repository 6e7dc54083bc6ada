use super::*;
use crate::process::facts::find;
use proptest::prelude::*;

fn fact(name: &str) -> &'static Fact {
    find(name).unwrap()
}

/// A table of literal cells; the last column is the output `answer`.
fn table(policy: Policy, inputs: &[&str], rows: &[&[&str]]) -> Table {
    let inputs: Vec<_> = inputs.iter().map(|name| fact(name)).collect();
    let row = |cells: &&[&str]| Row {
        tests: inputs.iter().zip(*cells).map(|(input, cell)| UnaryTest::parse(input.kind, cell).unwrap()).collect(),
        outputs: cells[inputs.len()..].iter().map(|cell| (*cell).to_owned()).collect(),
        rank: cells[inputs.len()].parse().unwrap_or(0),
    };
    Table { name: "t".into(), policy, rows: rows.iter().map(row).collect(), inputs, outputs: vec!["answer".into()] }
}

fn passes(name: &str, cell: &str, value: impl Into<Value>) -> bool {
    UnaryTest::parse(fact(name).kind, cell).unwrap().holds(fact(name).kind, &value.into())
}

#[test]
fn every_form_of_test() {
    assert!(passes("category", "minor, major", "major") && !passes("category", "minor, major", "significant"));
    assert!(passes("category", "not(minor)", "major") && !passes("category", "not(minor)", "minor"));
    assert!(passes("share of notice", ">= 100", 100) && !passes("share of notice", "> 100", 100));
    assert!(passes("share of notice", "[50..100)", 50) && !passes("share of notice", "[50..100)", 100));
    assert!(!passes("share of notice", "(50..100]", 50) && passes("share of notice", "(50..100]", 100));
    assert!(passes("share of notice", "< 10, 50, > 90", 50) && !passes("share of notice", "< 10, 50, > 90", 51));
    assert!(passes("share of notice", "not(< 10, [50..60])", 10) && !passes("share of notice", "not(< 10, [50..60])", 60));
    let day: Date = "2026-12-24".parse().unwrap();
    assert!(passes("start date", "[2026-12-18..2027-01-02]", Value::Date(day)) && !passes("start date", "< 2026-12-24", Value::Date(day)));
    assert!(passes("direct care", "yes", true) && passes("direct care", "-", false));
}

#[test]
fn the_worst_row_counts_and_the_topmost_of_equals() {
    let rows: &[&[&str]] = &[&["<= 3", "1"], &[">= 2", "2"], &["2", "2"], &["4", "0"], &["1", "2"]];
    let t = table(Policy::Worst, &["impact"], rows);
    let row = |level: i64| t.decide(|_| Some(Value::Number(level))).unwrap().row;
    assert_eq!((row(1), row(2), row(3), row(4)), (4, 1, 1, 1));
    // What is always outdone never decides.
    assert_eq!(t.flaws(), [Flaw::Unreached { row: 0 }, Flaw::Unreached { row: 2 }, Flaw::Unreached { row: 3 }]);
    assert_eq!(table(Policy::Worst, &["impact"], &[&["<= 3", "1"]]).flaws(), [Flaw::Gap { case: "impact 4".into() }]);
}

#[test]
fn a_wrong_cell_is_a_sentence() {
    let wrong = |name: &str, cell: &str| UnaryTest::parse(fact(name).kind, cell).unwrap_err();
    assert!(wrong("category", "huge").contains("minor, significant, major"));
    assert!(wrong("category", "> minor").contains("compares"));
    assert!(wrong("category", "[minor..major]").contains("interval"));
    assert!(wrong("impact", "5").contains("outside 1 to 4"));
    assert!(wrong("impact", "often").contains("not a whole number"));
    assert!(wrong("impact", "[3..3)").contains("holds nothing"));
    assert!(wrong("impact", "not(-").contains("closing bracket"));
    assert!(wrong("impact", "< 1").contains("never hold"));
    assert!(wrong("impact", "[1..4").contains("not an interval"));
    assert!(wrong("start date", "Christmas").contains("not a date"));
    assert!(wrong("impact", "").contains("empty"));
}

#[test]
fn a_gap_is_said_in_words() {
    let t = table(Policy::First, &["category", "impact"], &[&["significant, major", "-", "a"], &["minor", "<= 2, 4", "b"]]);
    assert_eq!(t.flaws(), [Flaw::Gap { case: "category minor and impact 3".into() }]);
}

#[test]
fn overlap_matters_for_unique_only() {
    let rows: &[&[&str]] = &[&["< 50", "a"], &[">= 40", "b"]];
    let overlap = Flaw::Overlap { rows: (0, 1), case: "share of notice from 40 to 49".into() };
    assert_eq!(table(Policy::Unique, &["share of notice"], rows).flaws(), [overlap]);
    assert_eq!(table(Policy::First, &["share of notice"], rows).flaws(), []);
    assert_eq!(table(Policy::Collect, &["share of notice"], &[&["1", "a"]]).flaws(), []);
}

#[test]
fn a_row_that_never_answers_is_found_unless_it_is_the_default() {
    let t = table(Policy::First, &["impact"], &[&["-", "a"], &["2", "b"]]);
    assert_eq!(t.flaws(), [Flaw::Unreached { row: 1 }]);
    let t = table(Policy::First, &["category"], &[&["minor", "a"], &["not(minor)", "b"], &["-", "unknown yet"]]);
    assert_eq!(t.flaws(), []);
    assert_eq!(t.decide(|_| None).unwrap().get("answer"), Some("unknown yet"));
    assert_eq!(t.decide(|_| Some(Value::from("major"))).unwrap().get("answer"), Some("b"));
}

#[test]
fn collect_gives_every_row_and_first_the_topmost() {
    let rows: &[&[&str]] = &[&["<= 3", "a"], &[">= 2", "b"], &["4", "c"]];
    let all = |policy| table(policy, &["impact"], rows).evaluate(|_| Some(Value::Number(2))).iter().map(|h| h.row).collect::<Vec<_>>();
    assert_eq!((all(Policy::Collect), all(Policy::First)), (vec![0, 1], vec![0]));
}

/// A cell as an author could write it, with what it means, told without ranges.
#[derive(Clone, Debug)]
enum Written {
    Any,
    Is(Vec<i64>),
    Not(Vec<i64>),
    Compare(&'static str, i64),
    Within(bool, i64, i64, bool),
}

impl Written {
    fn text(&self) -> String {
        let list = |l: &[i64]| l.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
        match self {
            Written::Any => "-".into(),
            Written::Is(l) => list(l),
            Written::Not(l) => format!("not({})", list(l)),
            Written::Compare(sign, n) => format!("{sign} {n}"),
            Written::Within(a, low, high, b) => format!("{}{low}..{high}{}", if *a { '[' } else { '(' }, if *b { ']' } else { ')' }),
        }
    }

    fn means(&self, n: i64) -> bool {
        match self {
            Written::Any => true,
            Written::Is(l) => l.contains(&n),
            Written::Not(l) => !l.contains(&n),
            Written::Compare("<", m) => n < *m,
            Written::Compare("<=", m) => n <= *m,
            Written::Compare(">", m) => n > *m,
            Written::Compare(_, m) => n >= *m,
            Written::Within(a, low, high, b) => (n > *low || *a && n == *low) && (n < *high || *b && n == *high),
        }
    }
}

fn written() -> impl Strategy<Value = Written> {
    prop_oneof![
        Just(Written::Any),
        prop::collection::vec(0i64..=18, 1..3).prop_map(Written::Is),
        prop::collection::vec(0i64..=18, 1..3).prop_map(Written::Not),
        (prop::sample::select(vec!["<", "<=", ">", ">="]), 1i64..=17).prop_map(|(s, n)| Written::Compare(s, n)),
        (any::<bool>(), 0i64..9, 10i64..=18, any::<bool>()).prop_map(|(a, l, h, b)| Written::Within(a, l, h, b)),
    ]
}

proptest! {
    /// Against every case of two facts (19 x 4), tried one by one: evaluation, gaps, overlaps and dead rows agree.
    #[test]
    fn agrees_with_trying_every_case(rows in prop::collection::vec((written(), prop::sample::select(vec!["-", "1", "not(1)", "2, 3", ">= 3"])), 1..6)) {
        let texts: Vec<[String; 3]> = rows.iter().enumerate().map(|(n, (w, i))| [w.text(), (*i).to_owned(), n.to_string()]).collect();
        let cells: Vec<Vec<&str>> = texts.iter().map(|r| r.iter().map(String::as_str).collect()).collect();
        let cells: Vec<&[&str]> = cells.iter().map(Vec::as_slice).collect();
        let impact = |cell: &str, i: i64| match cell { "-" => true, "1" => i == 1, "not(1)" => i != 1, "2, 3" => i == 2 || i == 3, _ => i >= 3 };
        let unique = table(Policy::Unique, &["risk score", "impact"], &cells);
        let (mut gap, mut overlaps, mut reached) = (false, std::collections::BTreeSet::new(), vec![false; rows.len()]);
        for score in 0..=18 {
            for level in 1..=4 {
                let naive: Vec<usize> = rows.iter().enumerate().filter(|(_, (w, c))| w.means(score) && impact(c, level)).map(|(n, _)| n).collect();
                let collect = Table { policy: Policy::Collect, ..unique.clone() };
                let found = collect.evaluate(|name| Some(Value::Number(if name == "impact" { level } else { score })));
                prop_assert_eq!(found.iter().map(|h| h.row).collect::<Vec<_>>(), naive.clone());
                gap |= naive.is_empty();
                if let Some((first, rest)) = naive.split_first() {
                    reached[*first] = true;
                    for second in rest { overlaps.insert((*first, *second)); reached[*second] = true; }
                }
            }
        }
        let flaws = unique.flaws();
        prop_assert_eq!(flaws.iter().any(|f| matches!(f, Flaw::Gap { .. })), gap);
        let found: std::collections::BTreeSet<_> = flaws.iter().filter_map(|f| match f { Flaw::Overlap { rows, .. } => Some(*rows), _ => None }).collect();
        prop_assert_eq!(found, overlaps);
        let dead: Vec<usize> = flaws.iter().filter_map(|f| match f { Flaw::Unreached { row } => Some(*row), _ => None }).collect();
        prop_assert_eq!(dead, reached.iter().enumerate().filter(|(_, r)| !**r).map(|(n, _)| n).collect::<Vec<_>>());
    }
}
