//! What people read about the process is kept as files, so that a change to it is seen in review. With
//! `UPDATE_EXPECTED=1` the files are written anew.

use signalbox_core::process::{Processes, render};
use signalbox_core::rule::CATALOGUE;

#[expect(clippy::disallowed_methods, reason = "a test is told by its caller to write its files anew")]
fn compare(name: &str, found: &str) {
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
