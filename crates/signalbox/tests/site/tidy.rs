//! The rules of the house that no compiler keeps. Each reads the sources and
//! fails with its own sentence and the places that break it; each is first
//! tried on a bad example, so that a rule that sees nothing cannot pass.
//!
//! The rules are explained in ARCHITECTURE.md.

mod code;
mod words;

use std::path::{Path, PathBuf};

/// One committed text: its path from the root of the repository, and its content.
struct Text {
    path: String,
    body: String,
}

impl Text {
    fn new(path: &str, body: &str) -> Self {
        Text { path: path.into(), body: body.into() }
    }

    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    fn is_under(&self, folder: &str) -> bool {
        self.path.starts_with(folder)
    }

    /// Every line with its number, for naming a place.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.body.lines().enumerate().map(|(i, line)| (i + 1, line))
    }

    /// As `lines`, but without comments and without the unit tests at the end.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines().take_while(|(_, line)| !line.starts_with("#[cfg(test)]")).map(|(n, line)| (n, line.split("//").next().unwrap_or_default()))
    }

    fn places(&self, is_wrong: impl Fn(&str) -> bool) -> Vec<String> {
        place(self, self.lines().filter(|(_, line)| is_wrong(line)))
    }

    fn places_in_code(&self, is_wrong: impl Fn(&str) -> bool) -> Vec<String> {
        place(self, self.code().filter(|(_, line)| is_wrong(line)))
    }
}

fn place<'a>(text: &Text, hits: impl Iterator<Item = (usize, &'a str)>) -> Vec<String> {
    hits.map(|(n, line)| format!("{}:{n}: {}", text.path, line.trim())).collect()
}

/// A rule gives the places that break it.
type Rule = fn(&[Text]) -> Vec<String>;

/// Tries the rule on an example that breaks it, then on the repository.
fn check(sentence: &str, rule: Rule, bad: &[Text]) {
    assert!(!rule(bad).is_empty(), "this rule sees nothing, not even its bad example: {sentence}");
    let broken = rule(&repository());
    assert!(broken.is_empty(), "\n{sentence}\n  {}\n", broken.join("\n  "));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Every text of the repository that a person wrote; what a tool fetched or made
/// (packages, builds, prepared assets) is not read.
fn repository() -> Vec<Text> {
    const MADE: [&str; 6] = ["target", "node_modules", ".git", "data", "assets", "expected"];
    const READ: [&str; 13] = ["rs", "toml", "md", "html", "txt", "sql", "sh", "py", "css", "js", "json", "svg", "run"];
    let root = root();
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if !MADE.contains(&name.as_str()) {
                    folders.push(path);
                }
            } else if READ.contains(&name.rsplit('.').next().unwrap()) || name == "Makefile" {
                let body = std::fs::read_to_string(&path).unwrap();
                let path = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
                found.push(Text { path, body });
            }
        }
    }
    assert!(found.iter().any(|t| t.path == "crates/signalbox/tests/site/tidy.rs"));
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// What stands between double quotes on a line. Rough, and enough: a line that
/// is cut wrongly gives at worst the other half.
fn strings(line: &str) -> impl Iterator<Item = &str> {
    line.split('"').skip(1).step_by(2)
}

fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(word).any(|(at, _)| !is_part(text[..at].chars().next_back()) && !is_part(text[at + word.len()..].chars().next()))
}

const CORE: &str = "crates/signalbox-core/src/";
const STORE: &str = "crates/signalbox-store/";
const BINARY: &str = "crates/signalbox/src/";
const TEMPLATES: &str = "crates/signalbox/templates/";

#[test]
fn migrations_are_paired() {
    check(
        "A migration exists for both engines, under one number, and no number is left out.",
        |all| {
            let names = |engine: &str| {
                let folder = format!("{STORE}migrations/{engine}/");
                all.iter().filter_map(|t| t.path.strip_prefix(&folder)).collect::<Vec<_>>()
            };
            // Common migrations may stand in the folder itself.
            let common = format!("{STORE}migrations/");
            let mut numbers: Vec<_> = all
                .iter()
                .filter_map(|t| t.path.strip_prefix(&common))
                .filter(|p| p.ends_with(".sql"))
                .filter_map(|p| p.rsplit('/').next()?.split('_').next()?.parse::<usize>().ok())
                .collect();
            numbers.sort_unstable();
            numbers.dedup();
            let (sqlite, postgres) = (names("sqlite"), names("postgres"));
            let alone = |a: &[&str], b: &[&str]| -> Vec<String> { a.iter().filter(|n| !b.contains(n)).map(|n| format!("{n} has no pair")).collect() };
            let gaps = numbers.iter().enumerate().filter(|(i, n)| i + 1 != **n);
            let gaps = gaps.map(|(i, n)| format!("{n:04} where {:04} was due", i + 1)).collect();
            [alone(&sqlite, &postgres), alone(&postgres, &sqlite), gaps].concat()
        },
        &[Text::new(&format!("{STORE}migrations/sqlite/0001_begin.sql"), "")],
    );
}

#[test]
fn no_path_of_a_machine_is_committed() {
    // Put together here, so that this file does not break its own rule.
    fn machine_paths(line: &str) -> bool {
        ["work", "root", "farm", "tmp"].iter().any(|folder| {
            let path = format!("/{folder}/");
            line.match_indices(&path).any(|(at, _)| {
                let before = line[..at].chars().next_back();
                !before.is_some_and(|c| c.is_alphanumeric() || "_-.}*)".contains(c))
            })
        })
    }
    check(
        "No path of somebody's machine is committed: take it as an argument.",
        |all| all.iter().flat_map(|t| t.places(machine_paths)).collect(),
        &[Text::new("tools/a.sh", &format!("ls /{}/main", "work"))],
    );
}

#[test]
fn every_process_document_is_embedded() {
    check(
        "Every document in processes/ is embedded in the binary: one that is not loaded is not a process.",
        |all| {
            let rust = || all.iter().filter(|t| t.is_rust() && t.path.contains("/src/"));
            let takes_folder = rust().any(|t| t.body.contains("RustEmbed") && t.lines().any(|(_, l)| l.contains("folder") && l.contains("processes")));
            let documents = all.iter().filter_map(|t| t.path.strip_prefix("processes/"));
            documents
                .filter(|name| name.ends_with(".md") && !takes_folder)
                .filter(|name| !rust().any(|t| t.body.contains(&format!("processes/{name}"))))
                .map(|name| format!("processes/{name}"))
                .collect()
        },
        &[Text::new("processes/forgotten.md", "")],
    );
}

#[test]
fn anybody_may_use_it_without_a_fee() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |name: &str| std::fs::read_to_string(root.join(name)).expect(name);
    assert!(read("Cargo.toml").contains("license = \"MIT OR Apache-2.0\""));
    assert!(read("LICENSE-MIT").contains("free of charge") && read("LICENSE-APACHE").contains("no-charge, royalty-free"));
    for krate in ["signalbox-core", "signalbox-store", "signalbox"] {
        assert!(read(&format!("crates/{krate}/Cargo.toml")).contains("license.workspace = true"), "{krate}");
    }
}

#[test]
fn no_test_is_put_aside() {
    check(
        "No test is ignored: one that can't run here says SKIPPED, one that is broken is mended. \
         Only the child process of another test may wait to be called.",
        |all| {
            let is_put_aside = |l: &str| l.trim_start().starts_with("#[ignore") && !l.contains("child process");
            all.iter().filter(|t| t.is_rust()).flat_map(|t| t.places(is_put_aside)).collect()
        },
        &[Text::new("a.rs", "    #[ignore = \"fails now and then\"]")],
    );
}
