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

/// The reference for authors lists the rules and facts that there are, and no others.
#[test]
fn the_reference_for_authors_is_whole() {
    use signalbox_core::process::facts::FACTS;
    use signalbox_core::process::table::domain_words;
    let rule = |(_, words, gate, sentence): &(_, &str, bool, &str)| format!("| {words} | {} | {sentence} |\n", if *gate { "gate" } else { "" });
    let rules = format!("| Rule | | In words |\n|---|---|---|\n{}", CATALOGUE.iter().map(rule).collect::<String>());
    let fact = |fact: &signalbox_core::process::facts::Fact| format!("| {} | {} | {} |\n", fact.words, domain_words(fact.kind), fact.meaning);
    let facts = format!("| Fact | Values | Meaning |\n|---|---|---|\n{}", FACTS.iter().map(fact).collect::<String>());
    let reference = include_str!("../../../../docs/processes.md");
    assert!(reference.contains(&rules), "docs/processes.md needs this table:\n{rules}");
    assert!(reference.contains(&facts), "docs/processes.md needs this table:\n{facts}");
}
