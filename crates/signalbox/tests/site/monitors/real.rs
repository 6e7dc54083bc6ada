//! The same with the real ones from Debian, on loopback and in real time: Alertmanager and Icinga 2, ended and killed in the
//! middle of a window.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use signalbox::worker::monitors::tend;
use signalbox_core::change::Window;
use signalbox_store::project;

use super::{CANARY, add_item, open, set_up};
use crate::harness::{TempDir, for_each_target};
use crate::planned::Estate;
use crate::world::{World, runtime};

pub(super) const ALERTMANAGER: &str = "/usr/bin/prometheus-alertmanager";
pub(super) const ICINGA: &str = "/usr/sbin/icinga2";

/// Whether a peer is installed. A test that can't run here says so, and counts as failed where that is asked.
pub(super) fn is_here(program: &str) -> bool {
    let is_here = Path::new(program).exists();
    if !is_here {
        // Not through the test's own capture: who counts has to see it.
        let _ = writeln!(std::io::stderr(), "\nSKIPPED: {program} is not installed (tools/install.sh)");
    }
    is_here
}

pub(super) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A program that ends with the test.
pub(super) struct Running(Child);

impl Running {
    fn begin(command: &mut Command) -> Running {
        Running(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    /// Asks it to end, and waits until it has.
    fn end(&mut self) {
        Command::new("kill").arg(self.0.id().to_string()).status().unwrap();
        self.0.wait().unwrap();
    }

    /// Ends it without a word.
    pub(super) fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Running {
    /// Ends it and all that it began, without a word.
    pub(super) fn kill_all(&mut self) {
        let children = |of: u32| -> Vec<u32> {
            let out = Command::new("ps").args(["-o", "pid=", "--ppid", &of.to_string()]).output().unwrap();
            String::from_utf8_lossy(&out.stdout).split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
        };
        let mut all = vec![self.0.id()];
        let mut seen = 0;
        while seen < all.len() {
            all.extend(children(all[seen]));
            seen += 1;
        }
        Command::new("kill").arg("-9").args(all.iter().map(u32::to_string)).status().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Asked, not killed: Icinga is several processes, and ends the others itself.
        if self.0.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.end();
        }
    }
}

pub(super) fn curl(args: &[&str]) -> Option<Value> {
    let out = Command::new("curl").args(["-sS", "--max-time", "10", "-H", "Accept: application/json"]).args(args).output().unwrap();
    out.status.success().then(|| serde_json::from_slice(&out.stdout).unwrap_or(Value::Null))
}

/// Waits for a peer, some seconds at most.
pub(super) fn until<T>(what: &str, mut f: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        match f() {
            Some(found) => return found,
            None if began.elapsed() > Duration::from_secs(40) => panic!("{what} did not come"),
            None => std::thread::sleep(Duration::from_millis(100)),
        }
    }
}

/// The world with two outages that were agreed a while ago: one that runs now, of NB-PACS-N2, and one of tomorrow, of
/// NB-PACS-N3. Their windows, and the real time.
struct Scene {
    world: World,
    now: Window,
    tomorrow: Window,
}

impl Scene {
    fn set(world: World) -> Scene {
        let now = Timestamp::from_second(Timestamp::now().as_second().div_euclid(60) * 60).unwrap();
        world.clock.set(now - SignedDuration::from_hours(24 * 14));
        let estate = Estate::furnish(&world);
        add_item(&world, &estate, "NB-PACS-N3");
        add_item(&world, &estate, "NB-PACS-N9");
        let window = |after: SignedDuration, item: &str| {
            let (start, end) = (now + after, now + after + SignedDuration::from_hours(1));
            let id = estate.outage(&world, "Switchgear", &start.to_string(), &end.to_string(), &[("items", item)]).id;
            estate.assess(&world, id);
            estate.schedule(&world, id);
            world.app.db.read(|tx| Ok(project::load(tx, id)?.expect("a change").change.window().expect("a window"))).unwrap()
        };
        let running = window(SignedDuration::from_mins(10), "NB-PACS-N2");
        let tomorrow = window(SignedDuration::from_hours(20), "NB-PACS-N3");
        world.clock.set(Timestamp::now());
        Scene { world, now: running, tomorrow }
    }

    async fn tend(&self) {
        // Beyond the turn of a monitor that is well.
        self.world.clock.set(self.world.now().max(Timestamp::now()) + SignedDuration::from_secs(31));
        tend(&self.world.app).await.unwrap();
    }
}

fn alertmanager(folder: &Path, port: u16) -> Running {
    alertmanager_with(folder, port, None)
}

/// With somebody who is paged at once, each thing by itself, where there is a port.
pub(super) fn alertmanager_with(folder: &Path, port: u16, pager: Option<u16>) -> Running {
    let config = folder.join("alertmanager.yml");
    let receiver = pager.map(|pager| format!("    webhook_configs:\n      - url: http://127.0.0.1:{pager}/\n")).unwrap_or_default();
    let route = "route:\n  receiver: somebody\n  group_by: ['...']\n  group_wait: 0s\n  group_interval: 1s\n  repeat_interval: 2s\n";
    fs::write(&config, format!("{route}receivers:\n  - name: somebody\n{receiver}")).unwrap();
    let running = Running::begin(
        Command::new(ALERTMANAGER)
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.path={}", folder.join("data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--cluster.listen-address="),
    );
    until("Alertmanager", || curl(&["-f", &format!("http://127.0.0.1:{port}/api/v2/status")]));
    running
}

/// Raises an alarm on each device; the state of each at Alertmanager, once it has looked at them.
fn alarms(port: u16, devices: &[&str]) -> Vec<String> {
    let alarms: Vec<Value> = devices.iter().map(|device| serde_json::json!({"labels": {"alertname": "Down", "instance": device}})).collect();
    let base = format!("http://127.0.0.1:{port}/api/v2/alerts");
    curl(&["-f", "-H", "Content-Type: application/json", "-d", &Value::from(alarms).to_string(), &base]).expect("alarms are taken");
    let state = |device: &str| {
        until("an alarm", || {
            let all = curl(&["-f", &base])?;
            let alarm = all.as_array()?.iter().find(|alarm| alarm["labels"]["instance"] == device)?.clone();
            let state = alarm["status"]["state"].as_str()?.to_owned();
            (state != "unprocessed").then_some(state)
        })
    };
    devices.iter().map(|device| state(device)).collect()
}

#[test]
fn c122_at_a_real_alertmanager_alarms_on_what_is_not_declared_come_through() {
    if !is_here(ALERTMANAGER) {
        return;
    }
    for_each_target(|target| {
        runtime().block_on(async {
            let scene = Scene::set(open(target));
            let (folder, port) = (TempDir::new(), free_port());
            let mut running = alertmanager(folder.path(), port);
            let address = format!("http://127.0.0.1:{port}");
            set_up(&scene.world, "Alerts", "alertmanager", &address, None, &[]).await;
            scene.tend().await;
            let silences = || curl(&["-f", &format!("{address}/api/v2/silences")]).unwrap().as_array().unwrap().clone();
            let live = || silences().into_iter().filter(|one| one["status"]["state"] != "expired").collect::<Vec<_>>();
            let of = |device: &str| live().into_iter().find(|one| one["matchers"][0]["value"] == device).expect("a silence");
            let at = |value: &Value| -> Timestamp { value.as_str().unwrap().parse().unwrap() };
            assert_eq!(live().len(), 2);
            assert_eq!(at(&of("NB-PACS-N2")["endsAt"]), scene.now.contingency_end);
            let later = of("NB-PACS-N3");
            assert_eq!(at(&later["startsAt"]), scene.tomorrow.start - SignedDuration::from_mins(15));
            assert_eq!(at(&later["endsAt"]), scene.tomorrow.contingency_end);
            let all = ["NB-PACS-N2", "NB-PACS-N3", "NB-PACS-N9"];
            assert_eq!(alarms(port, &all), ["suppressed", "active", "active"], "declared and now; declared for tomorrow; not declared");
            // It ends and begins again: the silences are there, and nothing is made twice.
            running.end();
            let mut running = alertmanager(folder.path(), port);
            scene.tend().await;
            assert_eq!(live().len(), 2);
            assert_eq!(alarms(port, &all), ["suppressed", "active", "active"]);
            // It is killed, and has forgotten what it had not written down: that is made again.
            running.kill();
            fs::remove_dir_all(folder.path().join("data")).unwrap();
            let _running = alertmanager(folder.path(), port);
            assert_eq!(live().len(), 0);
            scene.tend().await;
            assert_eq!(live().len(), 2);
            assert_eq!(alarms(port, &all), ["suppressed", "active", "active"]);
            let shown = scene.world.sign_in("priya@halden.example").await.get("/changes/ON-2026-000001").await;
            let reference = scene.world.app.db.read(|tx| tx.one("select reference from changes order by id limit 1", &[], |row| row.text(0))).unwrap();
            let shown = if shown.status == 200 { shown } else { scene.world.sign_in("priya@halden.example").await.get(&format!("/changes/{reference}")).await };
            assert!(shown.text().contains("In force until"), "{}", shown.text());
        });
    });
}

/// Certificates of an authority of the test's own, and what Icinga reads.
pub(super) fn prepare_icinga(folder: &Path, port: u16, hosts: &[&str]) {
    let certs = folder.join("data/certs");
    for part in ["data/certs", "run", "log", "cache"] {
        fs::create_dir_all(folder.join(part)).unwrap();
    }
    let openssl = |args: &str| {
        let done = Command::new("openssl").args(args.split(' ')).current_dir(folder).stdin(Stdio::null()).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    openssl("req -x509 -newkey rsa:2048 -nodes -days 30 -keyout ca.key -out data/certs/ca.crt -subj /CN=authority -addext basicConstraints=critical,CA:TRUE");
    openssl("req -newkey rsa:2048 -nodes -keyout data/certs/localhost.key -out own.csr -subj /CN=localhost");
    fs::write(folder.join("own.ext"), "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n").unwrap();
    openssl("x509 -req -in own.csr -CA data/certs/ca.crt -CAkey ca.key -CAcreateserial -days 30 -out data/certs/localhost.crt -extfile own.ext");
    assert!(certs.join("localhost.crt").exists());
    let (user, password) = CANARY.split_once(':').unwrap();
    let hosts: Vec<String> =
        hosts.iter().map(|host| format!("object Host \"{host}\" {{ check_command = \"dummy\"; enable_active_checks = false }}\n")).collect();
    let config = format!(
        "const NodeName = \"localhost\"\nconst ZoneName = NodeName\ninclude <itl>\nobject Endpoint NodeName {{ host = NodeName }}\n\
         object Zone ZoneName {{ endpoints = [ NodeName ] }}\nobject IcingaApplication \"app\" {{}}\n\
         object ApiListener \"api\" {{ bind_host = \"127.0.0.1\"; bind_port = {port} }}\n\
         object ApiUser \"{user}\" {{ password = \"{password}\"; permissions = [ \"objects/query/Downtime\", \"actions/schedule-downtime\", \
         \"actions/remove-downtime\", \"status/query\" ] }}\nobject ApiUser \"watcher\" {{ password = \"watcher\"; permissions = [ \"*\" ] }}\n{}",
        hosts.concat()
    );
    fs::write(folder.join("icinga2.conf"), config).unwrap();
}

pub(super) fn icinga(folder: &Path, ask: &dyn Fn(&str) -> Option<Value>) -> Running {
    let user = |flag: &str| String::from_utf8(Command::new("id").arg(flag).output().unwrap().stdout).unwrap().trim().to_owned();
    let (user, group) = (user("-un"), user("-gn"));
    let mut command = Command::new(ICINGA);
    command.env("ICINGA2_USER", &user).env("ICINGA2_GROUP", &group).arg("daemon").arg("-c").arg(folder.join("icinga2.conf"));
    for (name, part) in [
        ("ConfigDir", ""),
        ("DataDir", "data"),
        ("SpoolDir", "data"),
        ("LogDir", "log"),
        ("CacheDir", "cache"),
        ("InitRunDir", "run"),
        ("PidPath", "run/pid"),
        ("StatePath", "data/state"),
        ("VarsPath", "cache/vars"),
        ("ObjectsPath", "cache/objects"),
    ] {
        command.arg(format!("-D{name}={}", folder.join(part).display()));
    }
    command.arg(format!("-DRunAsUser={user}")).arg(format!("-DRunAsGroup={group}"));
    let running = Running::begin(&mut command);
    until("Icinga", || ask("/v1/status/IcingaApplication").filter(|answer| answer["results"].is_array()));
    running
}

#[test]
fn c122_at_a_real_icinga_only_what_is_declared_is_in_a_downtime() {
    if !is_here(ICINGA) {
        return;
    }
    for_each_target(|target| {
        runtime().block_on(async {
            let scene = Scene::set(open(target));
            let (folder, port) = (TempDir::new(), free_port());
            prepare_icinga(folder.path(), port, &["NB-PACS-N2", "NB-PACS-N3", "NB-PACS-N9"]);
            let authority = folder.path().join("data/certs/ca.crt");
            let base = format!("https://localhost:{port}");
            let ask = |path: &str| curl(&["-f", "--cacert", authority.to_str().unwrap(), "-u", "watcher:watcher", &format!("{base}{path}")]);
            let mut running = icinga(folder.path(), &ask);
            let pem = fs::read_to_string(&authority).unwrap();
            set_up(&scene.world, "Checks", "icinga", &base, Some(CANARY), &[("authority", &pem)]).await;
            scene.tend().await;
            let downtimes = || ask("/v1/objects/downtimes").unwrap()["results"].as_array().unwrap().clone();
            let of = |device: &str| downtimes().into_iter().find(|one| one["attrs"]["host_name"] == device).expect("a downtime")["attrs"].clone();
            let seconds = |at: Timestamp| at.as_second() as f64;
            let is_exact = || {
                assert_eq!(downtimes().len(), 2);
                for (device, window) in [("NB-PACS-N2", scene.now), ("NB-PACS-N3", scene.tomorrow)] {
                    let there = of(device);
                    assert_eq!(there["start_time"].as_f64(), Some(seconds(window.start - SignedDuration::from_mins(15))), "{device}");
                    assert_eq!(there["end_time"].as_f64(), Some(seconds(window.contingency_end)), "{device}");
                }
            };
            is_exact();
            let depth = |device: &str| ask(&format!("/v1/objects/hosts/{device}")).unwrap()["results"][0]["attrs"]["downtime_depth"].as_f64().unwrap();
            // It looks at downtimes that begin every few seconds.
            until("the downtime", || (depth("NB-PACS-N2") > 0.0).then_some(()));
            assert_eq!((depth("NB-PACS-N3"), depth("NB-PACS-N9")), (0.0, 0.0), "declared for tomorrow; not declared");
            running.end();
            let mut running = icinga(folder.path(), &ask);
            scene.tend().await;
            is_exact();
            until("the downtime", || (depth("NB-PACS-N2") > 0.0).then_some(()));
            assert_eq!((depth("NB-PACS-N3"), depth("NB-PACS-N9")), (0.0, 0.0));
            // It is killed in the middle of the window: what it has is read back, and nothing is made twice.
            running.kill_all();
            scene.tend().await;
            let mut running = icinga(folder.path(), &ask);
            is_exact();
            scene.tend().await;
            is_exact();
            until("the downtime", || (depth("NB-PACS-N2") > 0.0).then_some(()));
            // It is killed, and has forgotten what it was told: that is made again.
            running.kill_all();
            fs::remove_dir_all(folder.path().join("data/api")).unwrap();
            let _ = fs::remove_file(folder.path().join("data/state"));
            let _running = icinga(folder.path(), &ask);
            assert_eq!(downtimes().len(), 0);
            scene.tend().await;
            is_exact();
            until("the downtime", || (depth("NB-PACS-N2") > 0.0).then_some(()));
            assert_eq!((depth("NB-PACS-N3"), depth("NB-PACS-N9")), (0.0, 0.0));
        });
    });
}
