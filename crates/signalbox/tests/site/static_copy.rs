//! The copy of the schedule for the hour in which the site is down (C228).

use std::fs;
use std::path::Path;

use signalbox::static_copy::{self, Fault};
use signalbox_store::Target;

use crate::browser::keep_page;
use crate::harness::{TempDir, for_each_target};
use crate::planned::{Estate, at};
use crate::world::{World, runtime, settings};

fn open(target: &Target, folder: &Path) -> World {
    World::open_with(target, signalbox::config::Config { static_copy: Some(folder.join("copy")), ..settings() })
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join("copy").join(name)).unwrap()
}

#[test]
fn c228_a_signed_copy_is_read_without_the_site_and_a_changed_byte_is_found() {
    for_each_target(|target| {
        let folder = TempDir::new();
        runtime().block_on(async {
            let world = open(target, folder.path());
            let estate = Estate::furnish(&world);
            estate.outage(&world, "Open <switchgear> canary", "2026-12-08T20:00:00Z", "2026-12-08T22:00:00Z", &[]);
            estate.outage(&world, "Parties generator canary", "2026-12-08T21:00:00Z", "2026-12-08T23:00:00Z", &[("confidentiality", "parties_only")]);
            estate.outage(&world, "Secret firewall canary", "2026-12-08T19:00:00Z", "2026-12-08T21:30:00Z", &[("confidentiality", "security_restricted")]);
            static_copy::refresh(&world.app).unwrap();
        });
        // The site is gone: nothing but the folder is left.
        let page = read(folder.path(), "index.html");
        assert!(page.contains("As it stood on Tuesday 17 November 2026, 12:00") && page.contains("Tuesday 8 December 2026"), "{page}");
        assert!(page.contains("written every 5 minutes") && page.contains("Northbrook General") && page.contains("020 7946 0100"), "{page}");
        assert!(!page.contains("<switchgear>") && !page.contains("<script") && !page.contains("src=") && !page.contains("<link"), "it stands alone: {page}");
        keep_page("static-copy", &page);
        for name in ["index.html", "schedule.ics", "schedule.csv"] {
            let text = read(folder.path(), name);
            assert!(text.contains("switchgear"), "{name}: {text}");
            for word in ["generator", "firewall", "Restricted work\"", "ON-2026-000002", "ON-2026-000003", "020 7946 0158"] {
                assert!(!text.contains(word), "{name} holds {word}");
            }
        }
        assert_eq!(read(folder.path(), "schedule.csv").lines().count(), 2);
        assert!(read(folder.path(), "schedule.ics").contains("STATUS:TENTATIVE\r\n"));
        assert!(
            fs::read_dir(folder.path().join("copy")).unwrap().all(|file| !file.unwrap().file_name().to_string_lossy().starts_with('.')),
            "nothing half-written"
        );

        let copy = folder.path().join("copy");
        let sound = static_copy::verify(&copy, None).unwrap();
        assert_eq!(sound.title, "Forward schedule of https://change.example.org at 2026-11-17T12:00:00Z");
        assert!(static_copy::verify(&copy, Some(&sound.key)).is_ok());
        assert!(matches!(static_copy::verify(&copy, Some("00")), Err(Fault::Signature(_))));
        for name in ["index.html", "schedule.ics", "schedule.csv"] {
            let kept = fs::read(copy.join(name)).unwrap();
            let mut altered = kept.clone();
            altered[kept.len() / 2] ^= 1;
            fs::write(copy.join(name), &altered).unwrap();
            assert_eq!(static_copy::verify(&copy, None), Err(Fault::Altered(name.into())));
            fs::remove_file(copy.join(name)).unwrap();
            assert!(matches!(static_copy::verify(&copy, None), Err(Fault::Unreadable(file, _)) if file == name));
            fs::write(copy.join(name), kept).unwrap();
        }
        let list = read(folder.path(), "signature.txt");
        fs::write(copy.join("signature.txt"), list.replacen("12:00:00Z", "13:00:00Z", 1)).unwrap();
        assert!(matches!(static_copy::verify(&copy, None), Err(Fault::Signature(_))));
    });
}

#[test]
fn c228_the_worker_writes_it_and_the_command_line_checks_it() {
    let folder = TempDir::new();
    let data = folder.path().join("data");
    runtime().block_on(async {
        let world = open(&Target::Sqlite(data.clone()), folder.path());
        Estate::furnish(&world);
        let worker = signalbox::worker::spawn(world.app.clone(), Box::new(signalbox::deliver::Mailbox::default()));
        let list = folder.path().join("copy/signature.txt");
        for _ in 0..300 {
            if list.exists() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        worker.abort();
        assert!(list.exists(), "the worker wrote it");
        assert!(read(folder.path(), "index.html").contains("nothing is planned"));
        // Not anew within five minutes, and on the hour as it stands then.
        world.clock.set(at("2026-11-17T13:00:00Z"));
        static_copy::refresh(&world.app).unwrap();
        assert!(read(folder.path(), "index.html").contains("17 November 2026, 13:00"));
    });
    let check = |folder: &Path| std::process::Command::new(env!("CARGO_BIN_EXE_signalbox")).arg("verify-copy").arg(folder).output().unwrap();
    let copy = folder.path().join("copy");
    let sound = check(&copy);
    assert!(sound.status.success(), "{}", String::from_utf8_lossy(&sound.stderr));
    assert!(String::from_utf8_lossy(&sound.stdout).contains("Every byte is as it was signed."));
    fs::write(copy.join("schedule.csv"), "nothing is planned").unwrap();
    let altered = check(&copy);
    assert_eq!(altered.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&altered.stderr).contains("schedule.csv is not what was signed"));
    assert_eq!(check(folder.path()).status.code(), Some(2), "no copy");
}
