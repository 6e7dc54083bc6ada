//! The rules of the house that no compiler keeps. Each reads the sources and
//! fails with its own sentence and the places that break it; each is first
//! tried on a bad example, so that a rule that sees nothing cannot pass.
//!
//! The rules are explained in ARCHITECTURE.md.

use std::path::{Path, PathBuf};

/// One committed text: its path from the root of the repository, and its content.
struct Text {
    path: String,
    body: String,
}

impl Text {
    fn new(path: &str, body: &str) -> Self {
        Text {
            path: path.into(),
            body: body.into(),
        }
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
        self.lines()
            .take_while(|(_, line)| !line.starts_with("#[cfg(test)]"))
            .map(|(n, line)| (n, line.split("//").next().unwrap_or_default()))
    }

    fn places(&self, is_wrong: impl Fn(&str) -> bool) -> Vec<String> {
        place(self, self.lines().filter(|(_, line)| is_wrong(line)))
    }

    fn places_in_code(&self, is_wrong: impl Fn(&str) -> bool) -> Vec<String> {
        place(self, self.code().filter(|(_, line)| is_wrong(line)))
    }
}

fn place<'a>(text: &Text, hits: impl Iterator<Item = (usize, &'a str)>) -> Vec<String> {
    hits.map(|(n, line)| format!("{}:{n}: {}", text.path, line.trim()))
        .collect()
}

/// A rule gives the places that break it.
type Rule = fn(&[Text]) -> Vec<String>;

/// Tries the rule on an example that breaks it, then on the repository.
fn check(sentence: &str, rule: Rule, bad: &[Text]) {
    assert!(
        !rule(bad).is_empty(),
        "this rule sees nothing, not even its bad example: {sentence}"
    );
    let broken = rule(&repository());
    assert!(
        broken.is_empty(),
        "\n{sentence}\n  {}\n",
        broken.join("\n  ")
    );
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// Every text of the repository that a person wrote; what a tool fetched or made
/// (packages, builds, prepared assets) is not read.
fn repository() -> Vec<Text> {
    const MADE: [&str; 6] = [
        "target",
        "node_modules",
        ".git",
        "data",
        "assets",
        "expected",
    ];
    const READ: [&str; 13] = [
        "rs", "toml", "md", "html", "txt", "sql", "sh", "py", "css", "js", "json", "svg", "run",
    ];
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
                let path = path
                    .strip_prefix(&root)
                    .unwrap()
                    .to_string_lossy()
                    .into_owned();
                found.push(Text { path, body });
            }
        }
    }
    assert!(
        found
            .iter()
            .any(|t| t.path == "crates/signalbox/tests/site/tidy.rs")
    );
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
    text.match_indices(word).any(|(at, _)| {
        !is_part(text[..at].chars().next_back()) && !is_part(text[at + word.len()..].chars().next())
    })
}

const CORE: &str = "crates/signalbox-core/src/";
const STORE: &str = "crates/signalbox-store/";
const BINARY: &str = "crates/signalbox/src/";
const TEMPLATES: &str = "crates/signalbox/templates/";

#[test]
fn files_are_short() {
    check(
        "A Rust file has 600 lines at most: split it by what changes together.",
        |all| {
            let long = all
                .iter()
                .filter(|t| t.is_rust() && t.lines().count() > 600);
            long.map(|t| format!("{}: {} lines", t.path, t.lines().count()))
                .collect()
        },
        &[Text::new("a.rs", &"\n".repeat(601))],
    );
}

#[test]
fn core_functions_are_short() {
    check(
        "A function of the core has 70 lines at most: a rule must fit on a screen.",
        |all| {
            all.iter()
                .filter(|t| t.is_rust() && t.is_under(CORE))
                .flat_map(long_functions)
                .collect()
        },
        &[Text::new(
            &format!("{CORE}a.rs"),
            &format!("fn f() {{\n{}}}\n", "  g();\n".repeat(80)),
        )],
    );
}

/// Functions of more than 70 lines, found by their indentation: rustfmt puts the
/// closing brace under the `fn`.
fn long_functions(text: &Text) -> Vec<String> {
    let lines: Vec<_> = text.code().collect();
    let mut long = Vec::new();
    for (at, (number, line)) in lines.iter().enumerate() {
        let head = line.trim_start();
        let is_function = [
            "fn ",
            "pub fn ",
            "pub(crate) fn ",
            "pub(super) fn ",
            "const fn ",
            "pub const fn ",
        ]
        .iter()
        .any(|start| head.starts_with(start));
        if !is_function || line.trim_end().ends_with([';', '}']) {
            continue;
        }
        let end = format!("{}}}", &line[..line.len() - head.len()]);
        let length = lines[at..]
            .iter()
            .position(|(_, l)| l.trim_end() == end)
            .unwrap_or(0)
            + 1;
        if length > 70 {
            long.push(format!("{}:{number}: {length} lines: {head}", text.path));
        }
    }
    long
}

#[test]
fn only_the_engine_names_a_driver() {
    check(
        "Only crates/signalbox-store/src/engine* names a database driver: everything else speaks to Tx.",
        |all| {
            let sources = all.iter().filter(|t| {
                t.is_rust()
                    && t.path.contains("/src/")
                    && !t.is_under(&format!("{STORE}src/engine"))
            });
            sources
                .flat_map(|t| {
                    t.places_in_code(|l| {
                        has_word(l, "rusqlite")
                            || l.contains("postgres::")
                            || l.contains("use postgres")
                    })
                })
                .collect()
        },
        &[Text::new(
            "crates/signalbox/src/run.rs",
            "use rusqlite::Connection;",
        )],
    );
}

#[test]
fn only_run_appends() {
    check(
        "Only crates/signalbox/src/run.rs appends to the log: there is one write path.",
        |all| {
            let sources = all.iter().filter(|t| {
                t.is_rust() && t.is_under(BINARY) && !t.is_under(&format!("{BINARY}run"))
            });
            sources
                .flat_map(|t| {
                    t.places_in_code(|l| {
                        l.contains("append::")
                            || l.contains("store::append")
                            || has_word(l, "append_events")
                    })
                })
                .collect()
        },
        &[Text::new(
            "crates/signalbox/src/web/pages/today.rs",
            "signalbox_store::append::append(tx, e)?;",
        )],
    );
}

#[test]
fn sql_stands_in_the_store() {
    check(
        "No SQL outside the store: ask for a query there, with a scope.",
        |all| {
            let sources = all
                .iter()
                .filter(|t| t.is_rust() && t.path.contains("/src/") && !t.is_under(STORE));
            sources
                .flat_map(|t| t.places_in_code(|l| strings(l).any(is_sql)))
                .collect()
        },
        &[Text::new(
            "crates/signalbox/src/web.rs",
            r#"let sql = "select ref from change where id = ?1";"#,
        )],
    );
}

fn is_sql(text: &str) -> bool {
    let starts = |word: &str| {
        let head = text.trim_start();
        head.starts_with(word) || head.starts_with(&word.to_uppercase())
    };
    let holds = |word: &str| text.contains(word) || text.contains(&word.to_uppercase());
    (starts("select ") && holds(" from "))
        || (starts("update ") && holds(" set "))
        || starts("insert into ")
        || starts("delete from ")
        || starts("create table ")
}

#[test]
fn the_core_is_pure() {
    check(
        "The core does no I/O and reads no clock: time, ids and chance are arguments.",
        |all| {
            const OUTSIDE: [&str; 13] = [
                "std::fs",
                "std::net",
                "std::env",
                "std::process",
                "std::io",
                "std::thread",
                "SystemTime",
                "Instant::now",
                "Timestamp::now",
                "Zoned::now",
                "rand::",
                "println!",
                "async fn",
            ];
            let core = all.iter().filter(|t| t.is_rust() && t.is_under(CORE));
            core.flat_map(|t| t.places_in_code(|l| OUTSIDE.iter().any(|o| l.contains(o))))
                .collect()
        },
        &[Text::new(
            &format!("{CORE}decide.rs"),
            "    let now = jiff::Timestamp::now();",
        )],
    );
}

#[test]
fn pages_and_api_are_strangers() {
    check(
        "Pages and API never import each other: what both need stands in run.rs or beside them.",
        |all| {
            let between = |from: &str, to: &str| {
                let folder = format!("{BINARY}web/{from}");
                let named = [
                    format!("web::{to}"),
                    format!("super::{to}::"),
                    format!("super::{to};"),
                ];
                all.iter()
                    .filter(|t| t.is_rust() && t.is_under(&folder))
                    .flat_map(|t| t.places_in_code(|l| named.iter().any(|n| l.contains(n))))
                    .collect::<Vec<_>>()
            };
            [between("pages", "api"), between("api", "pages")].concat()
        },
        &[Text::new(
            "crates/signalbox/src/web/api/changes.rs",
            "use crate::web::pages::changes::row;",
        )],
    );
}

#[test]
fn templates_hold_no_script_and_no_style() {
    check(
        "No inline style, script or handler in a template: the content security policy forbids them.",
        |all| {
            let templates = all.iter().filter(|t| t.is_under(TEMPLATES));
            templates.flat_map(|t| t.places(is_inline)).collect()
        },
        &[Text::new(
            &format!("{TEMPLATES}a.html"),
            r#"<p style="color: red">"#,
        )],
    );
    for bad in [
        "<style>",
        "<script>go()</script>",
        r#"<a onclick="go()">"#,
        r#"<a href="javascript:go()">"#,
    ] {
        assert!(is_inline(bad), "{bad} should be found");
    }
    assert!(!is_inline(
        r#"<script type="module" src="/assets/live.js"></script>"#
    ));
    assert!(!is_inline(r#"<tr data-only="one">"#));
}

fn is_inline(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    let is_handler = line.match_indices(" on").any(|(at, _)| {
        let rest = line[at + 3..].trim_start_matches(|c: char| c.is_ascii_lowercase());
        rest.len() < line.len() - at - 3 && rest.starts_with("=\"")
    });
    line.contains(" style=")
        || line.contains("<style")
        || line.contains("javascript:")
        || line
            .match_indices("<script")
            .any(|(at, _)| !line[at..].contains("src="))
        || is_handler
}

#[test]
fn words_are_plain() {
    check(
        "Say it plainly: no apology, no cheer, no name of a body that is not ours.",
        |all| {
            let mut broken = Vec::new();
            for t in all {
                if t.is_under(TEMPLATES) || t.is_under("processes/") {
                    broken.extend(place(
                        t,
                        t.lines().filter(|(_, l)| is_banned(&without_markup(l))),
                    ));
                } else if t.is_rust() && t.is_under(BINARY) {
                    broken.extend(t.places_in_code(|l| strings(l).any(is_banned)));
                }
            }
            broken
        },
        &[Text::new(
            &format!("{TEMPLATES}a.html"),
            "<p>Oops, try again</p>",
        )],
    );
    for bad in [
        "Please sign in",
        "All done!",
        "Welcome! Sign in",
        "your NHS logo",
        "Click here",
    ] {
        assert!(is_banned(bad), "{bad} should be found");
    }
    assert!(!is_banned("a != b") && !is_banned("#!/bin/sh") && !is_banned("pleased"));
    assert!(!is_banned(&without_markup("{% if !open %}<!doctype html>")));
}

fn is_banned(text: &str) -> bool {
    const WORDS: [&str; 9] = [
        "oops",
        "whoops",
        "please",
        "nhs logo",
        "click here",
        "invalid input",
        "simply",
        "successfully",
        "uh-oh",
    ];
    let lower = text.to_lowercase();
    let is_cheer = text.match_indices('!').any(|(at, _)| {
        text[..at].ends_with(char::is_alphabetic)
            && matches!(text[at + 1..].chars().next(), None | Some(' '))
    });
    is_cheer || WORDS.iter().any(|word| has_word(&lower, word))
}

/// A line of a template without its tags and its expressions.
fn without_markup(line: &str) -> String {
    let mut depth = 0_usize;
    let mut text = String::new();
    for c in line.chars() {
        match c {
            '<' | '{' => depth += 1,
            '>' | '}' => depth = depth.saturating_sub(1),
            _ if depth == 0 => text.push(c),
            _ => {}
        }
    }
    text
}

#[test]
fn migrations_are_paired() {
    check(
        "A migration exists for both engines, under one number, and no number is left out.",
        |all| {
            let names = |engine: &str| {
                let folder = format!("{STORE}migrations/{engine}/");
                all.iter()
                    .filter_map(|t| t.path.strip_prefix(&folder))
                    .collect::<Vec<_>>()
            };
            // Common migrations may stand in the folder itself.
            let common = format!("{STORE}migrations/");
            let mut numbers: Vec<_> = all
                .iter()
                .filter_map(|t| t.path.strip_prefix(&common))
                .filter(|p| p.ends_with(".sql"))
                .filter_map(|p| {
                    p.rsplit('/')
                        .next()?
                        .split('_')
                        .next()?
                        .parse::<usize>()
                        .ok()
                })
                .collect();
            numbers.sort_unstable();
            numbers.dedup();
            let (sqlite, postgres) = (names("sqlite"), names("postgres"));
            let alone = |a: &[&str], b: &[&str]| -> Vec<String> {
                a.iter()
                    .filter(|n| !b.contains(n))
                    .map(|n| format!("{n} has no pair"))
                    .collect()
            };
            let gaps = numbers.iter().enumerate().filter(|(i, n)| i + 1 != **n);
            let gaps = gaps
                .map(|(i, n)| format!("{n:04} where {:04} was due", i + 1))
                .collect();
            [alone(&sqlite, &postgres), alone(&postgres, &sqlite), gaps].concat()
        },
        &[Text::new(
            &format!("{STORE}migrations/sqlite/0001_begin.sql"),
            "",
        )],
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
            let rust = || {
                all.iter()
                    .filter(|t| t.is_rust() && t.path.contains("/src/"))
            };
            let takes_folder = rust().any(|t| {
                t.body.contains("RustEmbed")
                    && t.lines()
                        .any(|(_, l)| l.contains("folder") && l.contains("processes"))
            });
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
fn names_say_something() {
    check(
        "A type is named for what it is: Manager, Helper, Util, Data and Info say nothing.",
        |all| {
            all.iter()
                .filter(|t| t.is_rust())
                .flat_map(|t| t.places_in_code(is_vague_type))
                .collect()
        },
        &[Text::new("a.rs", "pub struct ChangeHelper {")],
    );
}

fn is_vague_type(line: &str) -> bool {
    const VAGUE: [&str; 6] = ["Manager", "Helper", "Util", "Utils", "Data", "Info"];
    let line = line
        .trim_start()
        .trim_start_matches("pub(crate) ")
        .trim_start_matches("pub ");
    ["struct ", "enum ", "trait ", "type "]
        .iter()
        .filter_map(|kind| line.strip_prefix(kind))
        .any(|rest| {
            let name = rest
                .split(|c: char| !c.is_alphanumeric())
                .next()
                .unwrap_or_default();
            VAGUE.iter().any(|vague| name.ends_with(vague))
        })
}
