//! What people read about the process is kept as files, so that a change to it is seen in review. With
//! `UPDATE_EXPECTED=1` the files are written anew.

use signalbox_core::process::{Processes, render};
use signalbox_core::rule::CATALOGUE;

#[expect(clippy::disallowed_methods, reason = "a test is told by its caller to write its files anew")]
pub fn compare(name: &str, found: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expected").join(name);
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(&path, found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == found, "{name} is not as expected; UPDATE_EXPECTED=1 writes it anew.\n--- expected\n{expected}\n--- found\n{found}");
}

#[test]
fn the_rule_catalogue() {
    let row = |(_, words, gate, sentence): &(_, &str, bool, &str)| format!("| {words} | {} | {sentence} |\n", if *gate { "gate" } else { "typed" });
    compare("rules.md", &format!("| Rule | Kind | In words |\n|---|---|---|\n{}", CATALOGUE.iter().map(row).collect::<String>()));
}

#[test]
fn the_state_diagrams() {
    for process in Processes::shipped().unwrap().iter() {
        compare(&format!("{}.mmd", process.id), &render::mermaid(process));
    }
}

/// A part of the reference for authors that is made from the program: between its two marks it is as found, and with
/// `UPDATE_EXPECTED=1` it is written anew.
#[expect(clippy::disallowed_methods, reason = "a test is told by its caller to write its files anew")]
fn compare_part(name: &str, found: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/processes.md");
    let whole = std::fs::read_to_string(&path).unwrap();
    let (begin, end) = (format!("<!-- made from the program: {name} -->\n"), format!("\n<!-- end of {name} -->"));
    let from = whole.find(&begin).unwrap_or_else(|| panic!("docs/processes.md has no part {name}")) + begin.len();
    let until = from + whole[from..].find(&end).unwrap_or_else(|| panic!("docs/processes.md does not end its part {name}"));
    let expected = whole[from..until].trim().to_owned();
    if std::env::var_os("UPDATE_EXPECTED").is_some() && expected != found.trim() {
        std::fs::write(&path, format!("{}\n{}\n{}", &whole[..from], found.trim(), &whole[until..])).unwrap();
        return;
    }
    assert!(expected == found.trim(), "docs/processes.md, {name}, is not as the program is; UPDATE_EXPECTED=1 writes it anew.\n--- found\n{found}");
}

/// The reference for authors lists the rules, acts, facts and decisions that there are, and no others. One test, for
/// all are parts of one file.
#[test]
fn the_reference_for_authors_is_made_from_the_program() {
    use signalbox_core::act::Act;
    use signalbox_core::process::decisions::DECISIONS;
    use signalbox_core::process::facts::FACTS;
    use signalbox_core::process::table::domain_words;
    let rule = |(_, words, gate, sentence): &(_, &str, bool, &str)| format!("| {words} | {} | {sentence} |\n", if *gate { "gate" } else { "" });
    compare_part("rules", &format!("| Rule | | In words |\n|---|---|---|\n{}", CATALOGUE.iter().map(rule).collect::<String>()));
    let act = |act: &Act| format!("| {} | {} |\n", act.words(), if act.is_fact() { "fact" } else { "" });
    compare_part("acts", &format!("| Act | |\n|---|---|\n{}", Act::ALL.iter().map(act).collect::<String>()));
    let fact = |fact: &signalbox_core::process::facts::Fact| format!("| {} | {} | {} |\n", fact.words, domain_words(fact.kind), fact.meaning);
    compare_part("facts", &format!("| Fact | Values | Meaning |\n|---|---|---|\n{}", FACTS.iter().map(fact).collect::<String>()));
    let decision = |decision: &signalbox_core::process::decisions::Decision| {
        let column = |column: &signalbox_core::process::decisions::OutputColumn| {
            format!("{}: {}{}", column.name, column.kind.domain(), if column.optional { " (may be left out)" } else { "" })
        };
        format!("| {} | {} | {} |\n", decision.name, decision.asked, decision.outputs.iter().map(column).collect::<Vec<_>>().join("; "))
    };
    compare_part("decisions", &format!("| Name | When it is asked | Answers |\n|---|---|---|\n{}", DECISIONS.iter().map(decision).collect::<String>()));
}
