//! Words: those that people read, and the names of things.

use super::{BINARY, TEMPLATES, Text, check, has_word, place, strings};

#[test]
fn templates_hold_no_script_and_no_style() {
    check(
        "No inline style, script or handler in a template: the content security policy forbids them.",
        |all| {
            let templates = all.iter().filter(|t| t.is_under(TEMPLATES));
            templates.flat_map(|t| t.places(is_inline)).collect()
        },
        &[Text::new(&format!("{TEMPLATES}a.html"), r#"<p style="color: red">"#)],
    );
    for bad in ["<style>", "<script>go()</script>", r#"<a onclick="go()">"#, r#"<a href="javascript:go()">"#] {
        assert!(is_inline(bad), "{bad} should be found");
    }
    assert!(!is_inline(r#"<script type="module" src="/assets/live.js"></script>"#));
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
        || line.match_indices("<script").any(|(at, _)| !line[at..].contains("src="))
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
                    broken.extend(place(t, t.lines().filter(|(_, l)| is_banned(&without_markup(l)))));
                } else if t.is_rust() && t.is_under(BINARY) {
                    broken.extend(t.places_in_code(|l| strings(l).any(is_banned)));
                }
            }
            broken
        },
        &[Text::new(&format!("{TEMPLATES}a.html"), "<p>Oops, try again</p>")],
    );
    for bad in ["Please sign in", "All done!", "Welcome! Sign in", "your NHS logo", "Click here"] {
        assert!(is_banned(bad), "{bad} should be found");
    }
    assert!(!is_banned("a != b") && !is_banned("#!/bin/sh") && !is_banned("pleased"));
    assert!(!is_banned(&without_markup("{% if !open %}<!doctype html>")));
}

fn is_banned(text: &str) -> bool {
    const WORDS: [&str; 9] = ["oops", "whoops", "please", "nhs logo", "click here", "invalid input", "simply", "successfully", "uh-oh"];
    let lower = text.to_lowercase();
    let is_cheer =
        text.match_indices('!').any(|(at, _)| text[..at].ends_with(char::is_alphabetic) && matches!(text[at + 1..].chars().next(), None | Some(' ')));
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
fn names_say_something() {
    check(
        "A type is named for what it is: Manager, Helper, Util, Data and Info say nothing.",
        |all| all.iter().filter(|t| t.is_rust()).flat_map(|t| t.places_in_code(is_vague_type)).collect(),
        &[Text::new("a.rs", "pub struct ChangeHelper {")],
    );
}

fn is_vague_type(line: &str) -> bool {
    const VAGUE: [&str; 6] = ["Manager", "Helper", "Util", "Utils", "Data", "Info"];
    let line = line.trim_start().trim_start_matches("pub(crate) ").trim_start_matches("pub ");
    ["struct ", "enum ", "trait ", "type "].iter().filter_map(|kind| line.strip_prefix(kind)).any(|rest| {
        let name = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        VAGUE.iter().any(|vague| name.ends_with(vague))
    })
}
