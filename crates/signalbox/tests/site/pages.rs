//! Every page's markup, from its samples: what a screen reader, a strict content security policy and a slow
//! line need of it. With SIGNALBOX_DUMP_PAGES=DIR the samples are written there as well, with their assets, to be
//! looked at and given to axe and the HTML checker.

use std::collections::HashSet;
use std::path::Path;

use scraper::{ElementRef, Html, Selector};
use signalbox::web::{assets, samples};

use crate::browser::keep_page;

pub const WEIGHT_MAX_BYTES: usize = 20 * 1024;
/// A page that is a whole process document.
pub const DOCUMENT_MAX_BYTES: usize = 28 * 1024;

fn all(page: &Html, selector: &str) -> Vec<String> {
    let selector = Selector::parse(selector).unwrap();
    page.select(&selector).map(|element| element.html()).collect()
}

fn elements<'a>(page: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    let selector = Selector::parse(selector).unwrap();
    page.select(&selector).collect()
}

/// What is wrong with a page, one sentence each.
pub fn faults(html: &str) -> Vec<String> {
    let page = Html::parse_document(html);
    let mut faults = Vec::new();
    faults.extend(heading_faults(&page));
    faults.extend(label_faults(&page));
    faults.extend(id_faults(&page));
    faults.extend(table_faults(&page));
    for element in elements(&page, "*") {
        for (name, value) in element.value().attrs() {
            if name == "style" || name.starts_with("on") {
                faults.push(format!("<{}> carries {name}=\"{value}\"", element.value().name()));
            }
            let is_asset = matches!(element.value().name(), "link" | "script" | "img" | "iframe" | "source" | "object");
            if is_asset && matches!(name, "src" | "href" | "data") && (!value.starts_with("/assets/") || value == "/assets/none") {
                faults.push(format!("asset {value} is not one of ours"));
            }
        }
    }
    for script in elements(&page, "script") {
        if !script.text().collect::<String>().trim().is_empty() {
            faults.push("a script stands in the page".into());
        }
    }
    if !all(&page, "style").is_empty() {
        faults.push("a style element stands in the page".into());
    }
    for form in elements(&page, "form[method=post]") {
        if form.select(&Selector::parse("input[type=hidden][name=csrf]").unwrap()).next().is_none() {
            faults.push("a form that posts has no csrf field".into());
        }
    }
    let help = elements(&page, "footer a[href^='tel:'], footer a[href^='mailto:']");
    if help.len() < 2 {
        faults.push("the change team's address and telephone are missing".into());
    }
    faults
}

/// What a page weighs on the line, if that is more than this many bytes.
pub fn weight_fault(html: &str, most: usize) -> Option<String> {
    if html.len() <= most {
        return None;
    }
    let bytes = gzip_bytes(html.as_bytes());
    (bytes > most).then(|| format!("{bytes} bytes compressed, more than {most}"))
}

fn heading_faults(page: &Html) -> Vec<String> {
    let mut faults = Vec::new();
    let h1 = elements(page, "h1").len();
    if h1 != 1 {
        faults.push(format!("{h1} h1 elements"));
    }
    let mut last = 0;
    for heading in elements(page, "h1,h2,h3,h4,h5,h6") {
        // The error summary's h2 stands before the h1, as in the NHS.UK pattern.
        let is_summary = heading.value().id() == Some("faults-heading");
        let level: u32 = heading.value().name()[1..].parse().unwrap();
        if !is_summary {
            if level > last + 1 {
                faults.push(format!("h{level} follows h{last}: {}", heading.text().collect::<String>()));
            }
            last = level;
        }
        if heading.text().collect::<String>().trim().is_empty() {
            faults.push(format!("an empty h{level}"));
        }
    }
    faults
}

fn label_faults(page: &Html) -> Vec<String> {
    let labels: HashSet<String> = elements(page, "label[for]").iter().filter_map(|label| label.value().attr("for")).map(str::to_owned).collect();
    let mut faults = Vec::new();
    for control in elements(page, "input:not([type=hidden]),select,textarea") {
        match control.value().id() {
            Some(id) if labels.contains(id) => {}
            id => faults.push(format!("control {id:?} has no label")),
        }
    }
    for group in elements(page, "fieldset") {
        if group.select(&Selector::parse("legend").unwrap()).next().is_none() {
            faults.push("a fieldset has no legend".into());
        }
    }
    for button in elements(page, "button,a[href],summary") {
        if button.text().collect::<String>().trim().is_empty() && button.value().attr("aria-label").is_none() {
            faults.push(format!("{} says nothing", button.html()));
        }
    }
    faults
}

fn id_faults(page: &Html) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut faults = Vec::new();
    for element in elements(page, "[id]") {
        let id = element.value().id().unwrap_or_default();
        if !seen.insert(id.to_owned()) {
            faults.push(format!("id {id} stands twice"));
        }
        if id.is_empty() || id.contains(char::is_whitespace) {
            faults.push(format!("id {id:?} is no id"));
        }
    }
    for attribute in ["aria-describedby", "aria-labelledby", "for"] {
        for element in elements(page, &format!("[{attribute}]")) {
            for id in element.value().attr(attribute).unwrap_or_default().split_whitespace() {
                if !seen.contains(id) {
                    faults.push(format!("{attribute} names {id}, which is not there"));
                }
            }
        }
    }
    for link in elements(page, "a[href^='#']") {
        let id = &link.value().attr("href").unwrap_or_default()[1..];
        if !seen.contains(id) {
            faults.push(format!("a link leads to #{id}, which is not there"));
        }
    }
    faults
}

fn table_faults(page: &Html) -> Vec<String> {
    let mut faults = Vec::new();
    for table in elements(page, "table") {
        let has = |selector: &str| table.select(&Selector::parse(selector).unwrap()).next().is_some();
        if !has("caption") {
            faults.push("a table has no caption".into());
        }
        if !has("thead th[scope=col]") {
            faults.push("a table has no column headers".into());
        }
        if has("th:not([scope])") {
            faults.push("a table header has no scope".into());
        }
    }
    faults
}

#[test]
fn every_sample_keeps_the_rules_of_markup() {
    let pages = samples::all().unwrap();
    assert!(pages.len() >= 20, "the samples have gone missing");
    let mut wrong = Vec::new();
    for page in &pages {
        keep_page(&format!("sample-{}", page.name), &page.html);
        wrong.extend(faults(&page.html).into_iter().chain(weight_fault(&page.html, WEIGHT_MAX_BYTES)).map(|fault| format!("{}: {fault}", page.name)));
    }
    if let Ok(folder) = std::env::var("SIGNALBOX_DUMP_PAGES") {
        dump(Path::new(&folder), &pages);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_two_samples_share_a_name() {
    let pages = samples::all().unwrap();
    let names: HashSet<&str> = pages.iter().map(|page| page.name).collect();
    assert_eq!(names.len(), pages.len());
}

/// The rules themselves are tried on a page that breaks each.
#[test]
fn a_page_that_breaks_a_rule_is_found() {
    let page = samples::all().unwrap().remove(0).html;
    assert_eq!(faults(&page), Vec::<String>::new());
    for (bad, fault) in [
        ("<h1>Two</h1>", "h1 elements"),
        ("<h5>Deep</h5>", "h5 follows"),
        ("<input id=\"lonely\">", "has no label"),
        ("<p style=\"color:red\">x</p>", "carries style"),
        ("<p onclick=\"x()\">x</p>", "carries onclick"),
        ("<img src=\"https://example.org/x.png\" alt=\"\">", "not one of ours"),
        ("<script>1</script>", "a script stands"),
        ("<p id=\"main\">x</p>", "stands twice"),
        ("<table><tr><td>x</td></tr></table>", "no caption"),
        ("<form method=\"post\"></form>", "no csrf"),
        ("<a href=\"#nowhere\">x</a>", "which is not there"),
    ] {
        let broken = page.replace("</main>", &format!("{bad}</main>"));
        assert!(faults(&broken).iter().any(|found| found.contains(fault)), "{bad} was let through");
    }
}

#[test]
fn stylesheets_and_scripts_keep_their_weight() {
    assert_eq!(assets::missing(), Vec::<&str>::new(), "run tools/assets.sh");
    let gzipped = |names: &[&str]| names.iter().map(|name| gzip_bytes(assets::bytes(name).unwrap())).sum::<usize>();
    let css = gzipped(&["nhsuk.css", "signalbox.css", "grid.css"]);
    let js = gzipped(&["idiomorph.js", "app.js", "speak.js"]);
    assert!(css <= 45 * 1024, "{css} bytes of stylesheets");
    assert!(js <= 12 * 1024, "{js} bytes of scripts");
}

fn gzip_bytes(bytes: &[u8]) -> usize {
    use std::io::Write;
    let mut child = std::process::Command::new("gzip").arg("-c").stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let text = bytes.to_vec();
    let writer = std::thread::spawn(move || input.write_all(&text));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    output.stdout.len()
}

/// Pages and assets as files, so that a plain file server can show them.
fn dump(folder: &Path, pages: &[samples::Sample]) {
    std::fs::create_dir_all(folder).unwrap();
    for page in pages {
        std::fs::write(folder.join(format!("{}.html", page.name)), &page.html).unwrap();
    }
    for name in assets::NEEDED {
        let file = folder.join(assets::asset(name).trim_start_matches('/'));
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, assets::bytes(name).unwrap()).unwrap();
    }
}
