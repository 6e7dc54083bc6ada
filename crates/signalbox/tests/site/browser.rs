//! A real browser: Debian's Chromium, driven through WebDriver.
//!
//! ```ignore
//! let Some(browser) = Browser::start(Scripts::Off).await else { return };
//! browser.open(&site.url("/changes/new"), 320).await;
//! browser.fill("Title", "Replace the archive node").await;
//! browser.press("Save and continue").await;
//! ```
//!
//! Controls are found by what a person reads: a label, a button's name, the words
//! of a link. What cannot be found so cannot be used with a screen reader either.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use axum::http::Method;
use fantoccini::elements::Element;
use fantoccini::wd::{TimeoutConfiguration, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

/// Whether pages may run scripts. Off is the browser's own setting, so that
/// `<noscript>` shows and no script of any page runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scripts {
    On,
    Off,
}

/// What axe found wrong on a page.
#[derive(Debug, PartialEq, Eq)]
pub struct Violation {
    pub rule: String,
    pub help: String,
    /// A selector for each element.
    pub elements: Vec<String>,
}

/// One browser with a profile of its own; it ends when dropped.
pub struct Browser {
    client: Client,
    session: String,
    driver: Child,
    port: u16,
    profile: PathBuf,
}

/// Says loudly that a check could not be made, so that tools/test.sh counts it.
/// Where the surroundings promise everything (CI), that is a failure.
pub fn skip(reason: &str) {
    assert!(!std::env::var("CI").is_ok_and(|v| v == "true"), "must not be skipped here: {reason}");
    // Not eprintln, which the test harness would keep to itself.
    let _ = writeln!(std::io::stderr(), "\nSKIPPED: {reason}");
}

/// The build folder: pictures and pages are put there to be looked at.
pub fn target_dir() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().to_owned()
}

/// Keeps a page for tools/vnu.sh, which checks all of them at once.
pub fn keep_page(name: &str, html: &str) {
    let folder = target_dir().join("pages");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{}.html", file_name(name))), html).unwrap();
}

fn file_name(name: &str) -> String {
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "root".into() } else { name.into() }
}

impl Browser {
    /// Starts a browser. `None` where there is none, after saying so.
    pub async fn start(scripts: Scripts) -> Option<Browser> {
        let Ok(mut driver) = Command::new("chromedriver").arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn() else {
            skip("chromedriver is not installed (tools/install.sh does it)");
            return None;
        };
        let port = port_of(&mut driver);
        // The port is free for any process on the machine, so it tells profiles apart.
        let profile = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("chromium-{port}"));
        let _ = std::fs::remove_dir_all(&profile);

        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities(scripts, &profile))
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("chromedriver is here, so Chromium should start");
        let limit = Some(Duration::from_secs(30));
        client.update_timeouts(TimeoutConfiguration::new(limit, limit, Some(Duration::ZERO))).await.unwrap();
        let session = client.session_id().await.unwrap().unwrap();
        Some(Browser { client, session, driver, port, profile })
    }

    /// Opens an address in a window of that width, in CSS pixels.
    pub async fn open(&self, url: &str, width: u32) {
        self.resize(width, 900).await;
        self.client.goto(url).await.unwrap_or_else(|e| panic!("{url}: {e}"));
    }

    /// A window cannot be narrower than about 500 pixels, a viewport can.
    pub async fn resize(&self, width: u32, height: u32) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// Where the browser is: path and query.
    pub async fn path(&self) -> String {
        let url = self.client.current_url().await.unwrap();
        match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().into(),
        }
    }

    /// The words that a person sees.
    pub async fn text(&self) -> String {
        self.find("//body").await.text().await.unwrap()
    }

    /// Types into the control of that label, in place of what it holds.
    pub async fn fill(&self, label: &str, text: &str) {
        let control = self.labelled(label).await;
        control.clear().await.unwrap();
        control.send_keys(text).await.unwrap();
    }

    /// Ticks the box, or chooses the radio button, of that label.
    pub async fn choose(&self, label: &str) {
        let words = quoted(label);
        self.find(&format!("//label[normalize-space(.)={words}]")).await.click().await.unwrap();
    }

    /// Picks an option by its words from the list of that label.
    pub async fn select(&self, label: &str, option: &str) {
        let list = self.labelled(label).await;
        list.select_by_label(option).await.unwrap_or_else(|e| panic!("{label}, {option}: {e}"));
    }

    /// Presses the button of that name.
    pub async fn press(&self, name: &str) {
        let words = quoted(name);
        let button = self.find(&format!("//button[normalize-space(.)={words}] | //input[@type='submit' and @value={words}]")).await;
        self.go_by(button).await;
    }

    /// Follows the link of those words.
    pub async fn follow(&self, words: &str) {
        let link = self.find(&format!("//a[normalize-space(.)={}]", quoted(words))).await;
        self.go_by(link).await;
    }

    /// Clicks, and waits until the page that held the control has gone. The driver may answer before the browser has
    /// left, and what is asked then is asked of the old page. A machine with much to do may need seconds to answer, so
    /// what stays on its page is clicked with `click`: here it costs the whole wait.
    pub async fn go_by(&self, control: Element) {
        let page = self.find("/html").await;
        control.click().await.unwrap();
        for _ in 0..800 {
            if page.tag_name().await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    async fn labelled(&self, label: &str) -> Element {
        self.find(&format!("//*[@id=//label[normalize-space(.)={}]/@for]", quoted(label))).await
    }

    /// What stands at that place of the page, if anything does.
    pub async fn maybe(&self, xpath: &str) -> Option<Element> {
        self.client.find(Locator::XPath(xpath)).await.ok()
    }

    pub async fn find(&self, xpath: &str) -> Element {
        match self.client.find(Locator::XPath(xpath)).await {
            Ok(element) => element,
            Err(error) => panic!("{xpath} on {}: {error}", self.path().await),
        }
    }

    /// The rules of axe-core that the open page breaks. Needs scripts on.
    pub async fn axe(&self) -> Vec<Violation> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/npm/node_modules/axe-core/axe.min.js");
        let axe = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e} (run `npm ci --prefix tools/npm`)", file.display()));
        self.client.execute(&axe, vec![]).await.unwrap();
        let run = "const done = arguments[arguments.length - 1];
            axe.run(document, { resultTypes: ['violations'] }).then(
                r => done(r.violations), e => done(String(e)));";
        let found = self.client.execute_async(run, vec![]).await.unwrap();
        let found = found.as_array().unwrap_or_else(|| panic!("axe did not run: {found}"));
        found.iter().map(violation).collect()
    }

    /// Leaves a mark on the page's window, which is gone with the page.
    pub async fn mark(&self, name: &str) {
        self.client.execute("window[arguments[0]] = 1", vec![json!(name)]).await.unwrap();
    }

    /// Clicks, and waits for nothing: for what stays on its page.
    pub async fn click(&self, xpath: &str) {
        self.find(xpath).await.click().await.unwrap();
    }

    /// Whether a script has left that mark on the page's window.
    pub async fn has_mark(&self, name: &str) -> bool {
        let mark = self.client.execute("return window[arguments[0]] !== undefined", vec![json!(name)]).await;
        mark.unwrap_or_else(|e| panic!("a dialog is open? {e}")) == Value::Bool(true)
    }

    /// What the browser's console has said since it was asked last: errors, and what a policy stopped.
    pub async fn log(&self) -> Vec<String> {
        let lines = self.client.issue_cmd(Log).await.unwrap();
        let message = |line: &Value| line["message"].as_str().unwrap_or_default().to_owned();
        lines.as_array().map(|lines| lines.iter().map(message).collect()).unwrap_or_default()
    }

    /// How far the page reaches beyond its window to the right, in pixels (WCAG 1.4.10 wants 0).
    pub async fn overflow(&self) -> i64 {
        let metrics = self.devtools("Page.getLayoutMetrics", json!({})).await;
        let width = |of: &str, what: &str| metrics[of][what].as_f64().unwrap().ceil() as i64;
        width("cssContentSize", "width") - width("cssLayoutViewport", "clientWidth")
    }

    /// Takes a picture of the whole page, as target/pictures/NAME.png.
    pub async fn picture(&self, name: &str) -> PathBuf {
        let metrics = self.devtools("Page.getLayoutMetrics", json!({})).await;
        let pixels = |what: &str| metrics["cssContentSize"][what].as_f64().unwrap().ceil() as u32;
        let (width, height) = (pixels("width"), pixels("height"));
        self.resize(width, height).await;
        let png = self.client.screenshot().await.unwrap();

        let folder = target_dir().join("pictures");
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join(format!("{}.png", file_name(name)));
        std::fs::write(&file, png).unwrap();
        file
    }

    /// A command of Chromium's own protocol, for what WebDriver lacks.
    async fn devtools(&self, command: &'static str, parameters: Value) -> Value {
        self.client.issue_cmd(Devtools { command, parameters }).await.unwrap()
    }
}

impl Drop for Browser {
    /// Ends the session by a plain request: a test that panics has no runtime left to
    /// await one, and a driver that is merely killed leaves its Chromium behind.
    fn drop(&mut self) {
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) {
            let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
            let _ = write!(stream, "DELETE /session/{} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", self.session);
            let _ = stream.read(&mut [0; 512]);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}

/// chromedriver chooses a free port and says which on its standard output.
fn port_of(driver: &mut Child) -> u16 {
    let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    let port = lines
        .by_ref()
        .map_while(Result::ok)
        .find_map(|line| line.split_once("successfully on port ")?.1.trim_end_matches('.').parse().ok())
        .expect("chromedriver says its port");
    // Its later words are read and dropped, else it would stop at a full pipe.
    std::thread::spawn(move || lines.count());
    port
}

fn capabilities(scripts: Scripts, profile: &Path) -> serde_json::Map<String, Value> {
    let mut options = json!({
        "args": [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-dev-shm-usage", "--hide-scrollbars", "--force-prefers-reduced-motion",
            "--lang=en-GB",
            format!("--user-data-dir={}", profile.display()),
        ],
    });
    if scripts == Scripts::Off {
        let args = options["args"].as_array_mut().unwrap();
        args.push("--blink-settings=scriptEnabled=false".into());
    }
    let all = json!({ "browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL" } });
    all.as_object().unwrap().clone()
}

fn violation(found: &Value) -> Violation {
    let word = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
    let nodes = found["nodes"].as_array().cloned().unwrap_or_default();
    let elements = nodes.iter().map(|n| n["target"].to_string()).collect();
    Violation { rule: word("id"), help: word("help"), elements }
}

/// XPath 1.0 has no escape inside a string, so it is put together around its quotes.
pub fn quoted(text: &str) -> String {
    if text.contains('\'') { format!("concat('{}')", text.replace('\'', r#"', "'", '"#)) } else { format!("'{text}'") }
}

#[derive(Debug)]
struct Devtools {
    command: &'static str,
    parameters: Value,
}

impl WebDriverCompatibleCommand for Devtools {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (Method, Option<String>) {
        let body = json!({ "cmd": self.command, "params": self.parameters });
        (Method::POST, Some(body.to_string()))
    }
}

#[derive(Debug)]
struct Log;

impl WebDriverCompatibleCommand for Log {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "type": "browser" }).to_string()))
    }
}

#[cfg(test)]
mod tests {
    use axum::{Router, response::Html, routing::get};

    use super::*;

    const FAULTY: &str = "<!doctype html><html lang=en><title>Faulty</title><main><h1>A form</h1>
        <p id=said>not run</p><form action=/sent><input name=title><button>Send it</button></form></main>
        <script>document.getElementById('said').textContent = 'run'</script>
        <noscript><p id=unscripted>no scripts here</p></noscript></html>";
    const SOUND: &str = "<!doctype html><html lang=en><title>Sound</title><main><h1>A form</h1>
        <form action=/sent><label for=t>What's its title</label><input id=t name=title>
        <fieldset><legend>Where</legend><input type=radio id=a name=site value=a><label for=a>Alder</label>
        <input type=radio id=b name=site value=b><label for=b>Birch</label></fieldset>
        <label for=k>Kind</label><select id=k name=kind><option value=n>Normal<option value=o>Outage</select>
        <button>Send it</button></form><p><a href=/wide>Somewhere wide</a></p></main></html>";
    const WIDE: &str = "<!doctype html><html lang=en><title>Wide</title><main><h1>Wide</h1>
        <style>p { width: 900px }</style><p>far</p></main></html>";

    /// Serves the pages above on a free port, with the policy that the real pages have.
    async fn serve() -> String {
        let page = |html: &'static str| get(move || async move { Html(html) });
        let strict = |html: &'static str| get(move || async move { ([("content-security-policy", "script-src 'self'")], Html(html)) });
        let router = Router::new()
            .route("/faulty", page(FAULTY))
            .route("/sound", strict(SOUND))
            .route("/wide", page(WIDE))
            .route("/sent", page("<!doctype html><html lang=en><title>Sent</title><h1>Sent</h1></html>"));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        format!("http://{address}")
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn axe_finds_a_known_fault_and_no_other() {
        let Some(browser) = Browser::start(Scripts::On).await else {
            return;
        };
        let site = serve().await;
        browser.open(&format!("{site}/faulty"), 1280).await;
        assert!(browser.text().await.contains("\nrun\n"), "scripts should run: {}", browser.text().await);
        let rules: Vec<_> = browser.axe().await.into_iter().map(|v| v.rule).collect();
        assert_eq!(rules, ["label"], "an input without a label");

        // Also where the page's own policy forbids inline scripts.
        browser.open(&format!("{site}/sound"), 1280).await;
        assert_eq!(browser.axe().await, []);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn with_scripts_off_no_script_runs_and_forms_work() {
        let Some(browser) = Browser::start(Scripts::Off).await else {
            return;
        };
        let site = serve().await;
        browser.open(&format!("{site}/faulty"), 1280).await;
        let text = browser.text().await;
        assert!(text.contains("not run"), "{text}");
        // WebDriver takes no <noscript> for visible, but only now has it elements.
        browser.find("//*[@id='unscripted']").await;

        browser.open(&format!("{site}/sound"), 320).await;
        browser.fill("What's its title", "Archive node").await;
        browser.choose("Birch").await;
        browser.select("Kind", "Outage").await;
        browser.press("Send it").await;
        assert_eq!(browser.path().await, "/sent?title=Archive+node&site=b&kind=o");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_narrow_page_is_narrow_and_a_picture_shows_all_of_it() {
        let Some(browser) = Browser::start(Scripts::On).await else {
            return;
        };
        let site = serve().await;
        browser.open(&format!("{site}/sound"), 320).await;
        assert_eq!(browser.overflow().await, 0);
        let png = std::fs::read(browser.picture("harness narrow").await).unwrap();
        assert_eq!(&png[..4], b"\x89PNG");
        // Width and height stand at a fixed place in a PNG (its IHDR).
        assert_eq!(u32::from_be_bytes(png[16..20].try_into().unwrap()), 320);

        browser.follow("Somewhere wide").await;
        assert!(browser.overflow().await > 500, "{}", browser.overflow().await);
    }
}
