//! Every code that the core or the write path can refuse with has a sentence of its own: the codes are read from the
//! sources, so that a new one cannot be forgotten.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use signalbox::words::{bar, fault, sentence_case};
use signalbox_core::refusal::{Bar, Violation};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The codes in the calls that start so: the last text before the call's end.
fn codes(call: &str) -> BTreeSet<String> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![home.join("src/run.rs")];
    sources(&home.join("../signalbox-core/src"), &mut files);
    let mut found = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(file).unwrap();
        for (at, _) in text.match_indices(call) {
            let rest = &text[at + call.len()..];
            let is_code = |word: &&str| !word.is_empty() && word.contains('-') && word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
            let one_word = |word: &str| matches!(word, "role" | "freeze" | "approver");
            let code = rest.lines().next().unwrap_or_default().split('"').skip(1).step_by(2).find(|word| is_code(word) || one_word(word));
            found.extend(code.map(str::to_owned));
        }
    }
    found
}

/// What a code without a sentence is told as.
fn fallback(code: &str) -> String {
    sentence_case(&format!("{}.", code.replace('-', " ")))
}

// Codes are `'static`; a test may leak the few that it reads.
fn kept(code: &str) -> &'static str {
    Box::leak(code.to_owned().into_boxed_str())
}

#[test]
fn every_fault_has_a_sentence() {
    let mut found = codes("Violation::of(");
    found.extend(codes("Violation::whole("));
    assert!(found.len() > 35 && found.contains("time-skipped") && found.contains("nothing-to-do"), "{found:?}");
    let without: Vec<&String> = found.iter().filter(|code| fault(&Violation::of("x", kept(code)).with(1).with(2)) == fallback(code)).collect();
    assert!(without.is_empty(), "no sentence in words/faults.rs for {without:?}");
}

#[test]
fn every_bar_has_a_sentence() {
    let found = codes("Bar::new(");
    assert!(found.len() > 30 && found.contains("four-eyes") && found.contains("role"), "{found:?}");
    let without: Vec<&String> = found.iter().filter(|code| bar(&Bar::new(kept(code)).with("a").with(1)).sentence == fallback(code)).collect();
    assert!(without.is_empty(), "no sentence in words/bars.rs for {without:?}");
}
