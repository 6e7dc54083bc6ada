//! Reports and their files (S23, scenario 49).

use signalbox_core::change::Outcome;

use crate::planned::{Estate, at};
use crate::world::{Client, on_each_engine};

#[test]
fn scenario_49_small_numbers_have_no_percentage() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let worked = ("Worked", "2026-11-02T09:00:00Z", Outcome::Successful);
        estate.history(
            &world,
            &[
                worked,
                ("Too", "2026-11-03T09:00:00Z", Outcome::Successful),
                ("Three", "2026-11-04T09:00:00Z", Outcome::Successful),
                ("Broke", "2026-11-05T09:00:00Z", Outcome::Failed),
            ],
        );
        let mut una = world.sign_in("una@riverside.example").await;
        let page = una.get("/reports/success").await;
        assert!(page.text().contains("Worked first time: 3 of 4, n too small for a percentage."), "{}", page.text());
        assert!(page.body.contains("fill=\"#fff\" stroke"), "a hollow marker");
        assert!(!page.text().contains("75.0%"));
        assert!(una.get("/reports").await.text().contains("3 of 4, n too small for a percentage"));
        assert!(una.get("/").await.text().contains("3 of 4"));
        // A month of ten has a percentage and a filled marker.
        let ten: Vec<(&str, &str, Outcome)> = (0..10).map(|_| ("More", "2026-10-02T09:00:00Z", Outcome::Successful)).collect();
        estate.history(&world, &ten);
        let page = una.get("/reports/success").await;
        assert!(page.text().contains("Worked first time: 92.9%.") && page.text().contains("November 2026: 3 of 4"), "{}", page.text());
    });
}

#[test]
fn a_file_holds_the_rows_of_its_page_and_no_formula() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        estate.history(
            &world,
            &[
                ("=HYPERLINK(\"http://evil.example\")", "2026-11-02T09:00:00Z", Outcome::Successful),
                ("Plain, with a comma", "2026-11-03T09:00:00Z", Outcome::BackedOut),
            ],
        );
        let mut una = world.sign_in("una@riverside.example").await;
        let file = una.get("/reports/success.csv?period=12m").await;
        assert!(file.header("content-disposition").contains("success-and-failure.csv"));
        let lines: Vec<&str> = file.body.lines().collect();
        assert_eq!(lines.len(), 3, "{}", file.body);
        assert!(lines[0].starts_with("rfc_ref,title,kind"));
        assert!(lines[0].contains("outage_planned_min,outage_actual_min,incidents_caused,pir_ref,root_cause_code,action_owner,action_due"));
        assert!(lines[2].contains("backed_out,no,120,"), "{}", lines[2]);
        assert!(lines[1].contains("\"'=HYPERLINK(\"\"http://evil.example\"\")\""), "{}", lines[1]);
        assert!(lines[2].contains("\"Plain, with a comma\"") && lines[2].contains("backed_out"), "{}", lines[2]);
        assert_eq!(una.get("/reports/success.csv?organisation=riverside").await.body.lines().count(), 1, "the filter counts for the file too");
        assert_eq!(una.get("/reports/trust-raised.csv").await.body.lines().count(), 3);
    });
}

#[test]
fn the_forward_schedule_as_a_file_has_every_column_of_r_1() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let early = estate.outage(&world, "Early", "2026-12-08T20:00:00Z", "2026-12-08T22:00:00Z", &[]);
        estate.assess(&world, early.id);
        world.clock.set(at("2026-11-18T09:00:00Z"));
        estate.outage(&world, "Late", "2026-12-08T21:00:00Z", "2026-12-08T23:30:00Z", &[]);
        let cell = |body: &str, row: usize, head: &str| {
            let mut file = csv::Reader::from_reader(body.as_bytes());
            let at = file.headers().unwrap().iter().position(|name| name == head).unwrap_or_else(|| panic!("no column {head}"));
            file.records().nth(row).unwrap().unwrap()[at].to_owned()
        };
        let mut priya = world.sign_in("priya@halden.example").await;
        let file = priya.get("/reports/schedule.csv").await.body;
        let heads = "fsc_version,rfc_ref,status,kind,category,title,raised_by_org,services,sites,trusts_affected,window_start_local,window_end_local,\
                     contingency_end_local,utc_start,utc_end,zone_label,outage_minutes,degraded_minutes,impact_level,risk,network_notice,conflict_flag,\
                     supplier_contact,last_changed_at,change_since_last_version";
        assert_eq!(file.lines().next(), Some(heads));
        assert_eq!(cell(&file, 0, "fsc_version"), "2026-11-18 09:00");
        assert_eq!((cell(&file, 0, "outage_minutes"), cell(&file, 0, "conflict_flag")), ("120".into(), "yes".into()));
        assert_eq!([0, 1].map(|row| cell(&file, row, "change_since_last_version")), ["same", "new"]);
        assert!(file.lines().nth(1).unwrap().contains("\"Tom Achebe, 020 7946 0117\""), "{file}");
        let mut una = world.sign_in("una@riverside.example").await;
        let hers = una.get("/reports/schedule.csv").await.body;
        assert!(!hers.contains("Tom Achebe") && cell(&hers, 0, "conflict_flag") == "yes", "a number of a person is for parties: {hers}");
    });
}

#[test]
fn what_trusts_raised_says_how_long_a_decision_took_and_what_is_next() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let outage = estate.outage(&world, "Switchgear", "2026-12-08T20:00:00Z", "2026-12-08T22:00:00Z", &[]);
        let mut priya = world.sign_in("priya@halden.example").await;
        let page = priya.get("/reports/trust-raised").await.text();
        assert!(page.contains("none yet"), "nothing is decided: {page}");
        world.clock.set(at("2026-11-20T12:00:00Z"));
        estate.assess(&world, outage.id);
        estate.schedule(&world, outage.id);
        let mut priya = world.sign_in("priya@halden.example").await;
        let page = priya.get("/reports/trust-raised").await;
        assert!(page.text().contains("northbrook trust 1 1 1 0 0 3 "), "three days from receipt to approval: {}", page.text());
        assert!(page.text().contains("Its start, 8 Dec"), "{}", page.text());
    });
}

#[test]
fn s23_no_report_holds_what_its_reader_may_not_see() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        estate.outage(&world, "Open switchgear canary", "2026-12-08T20:00:00Z", "2026-12-08T22:00:00Z", &[]);
        estate.outage(&world, "Parties generator canary", "2026-12-08T21:00:00Z", "2026-12-08T23:00:00Z", &[("confidentiality", "parties_only")]);
        estate.outage(&world, "Secret firewall canary", "2026-12-08T19:00:00Z", "2026-12-08T21:30:00Z", &[("confidentiality", "security_restricted")]);
        let mut una = world.sign_in("una@riverside.example").await;
        for path in [
            "/reports/schedule",
            "/reports/schedule.csv",
            "/reports/trust-raised",
            "/reports/trust-raised.csv",
            "/reports/trust-raised.csv?open=yes&organisation=northbrook",
        ] {
            let seen = una.get(path).await;
            assert!(seen.body.contains("Open switchgear canary"), "{path}: {}", seen.body);
            assert!(!seen.body.contains("generator canary") && !seen.body.contains("firewall canary"), "{path}: {}", seen.body);
            assert!(!seen.body.contains("/changes/ON-"), "{path}");
        }
        let page = una.get("/reports/trust-raised").await;
        assert!(page.text().contains("1 raised, 1 still open"), "{}", page.text());
        let schedule = una.get("/reports/schedule").await;
        assert!(schedule.text().contains("2 pieces of work.") && schedule.text().contains("Week of 7 December: 2 entries"), "{}", schedule.text());
        let mut priya = world.sign_in("priya@halden.example").await;
        assert!(priya.get("/reports/schedule.csv").await.body.contains("Secret firewall canary"), "a change manager's");
    });
}

/// S77, in every file and every column: also in names of the register that an organisation chose itself.
#[test]
fn s77_no_cell_of_any_file_begins_a_formula() {
    let evil = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1+1", "＝1+1", "＋1", "－1", "＠SUM(A1)"];
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let rows: Vec<_> = evil.iter().map(|title| (*title, "2026-11-02T09:00:00Z", Outcome::Successful)).collect();
        estate.history(&world, &rows);
        let ahead: Vec<i64> = evil.iter().map(|_| estate.outage(&world, "Planned", "2026-12-08T20:00:00Z", "2026-12-08T22:00:00Z", &[]).id).collect();
        // Forms and imports take no title that begins with a tab or a line's end; what stands in the store may be older.
        let planned: Vec<String> = evil.iter().zip(ahead).map(|(title, id)| format!("update changes set title = '{title}' where id = {id}")).collect();
        let names = ["organisations", "services", "sites", "items"].map(|table| format!("update {table} set name = '＝' || name, code = '@' || code"));
        world
            .app
            .db
            .write(move |tx| {
                for sql in planned.iter().chain(&names) {
                    tx.exec(sql, &[])?;
                }
                Ok(())
            })
            .unwrap();
        let mut priya = world.sign_in("priya@halden.example").await;
        for path in [
            "/changes.csv",
            "/schedule.csv?view=table&from=2026-12-08&days=1",
            "/reports/schedule.csv",
            "/reports/success.csv?period=12m",
            "/reports/trust-raised.csv",
        ] {
            let file = priya.get(path).await;
            let mut reader = csv::Reader::from_reader(file.body.as_bytes());
            let title = reader.headers().unwrap().iter().position(|head| head == "title").unwrap_or_else(|| panic!("{path}: {}", file.body));
            let found: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
            for cell in found.iter().flatten() {
                assert!(!cell.trim_start_matches(' ').starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']), "{path}: {cell:?}");
            }
            for wanted in evil {
                assert!(found.iter().any(|row| row[title] == format!("'{wanted}")), "{path} lost {wanted:?}: {}", file.body);
            }
            assert!(found.iter().flatten().any(|cell| cell.starts_with("'@N") || cell.starts_with("'＝n")), "{path}: the names of organisations too");
        }
    });
}

/// C129: what was announced in time takes nothing from the figures; what was late counts until somebody decides otherwise.
#[test]
fn c129_planned_minutes_stay_out_of_the_figures_only_when_notice_was_in_time() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let in_time = estate.outage(&world, "Switchgear", "2026-12-08T20:00:00Z", "2026-12-08T22:00:00Z", &[]);
        let late = estate.outage(&world, "Generator", "2026-11-24T20:00:00Z", "2026-11-24T21:30:00Z", &[]);
        let mut una = world.sign_in("una@riverside.example").await;
        let minutes = async |una: &mut Client<'_>, reference: &str| {
            let file = una.get("/reports/notice.csv?until=2026-12-31").await;
            let row = file.body.lines().find(|line| line.starts_with(reference)).unwrap_or_else(|| panic!("{}", file.body)).to_owned();
            let cells: Vec<&str> = row.split(',').collect();
            (cells[9].to_owned(), cells[cells.len() - 2].to_owned(), cells[cells.len() - 1].to_owned())
        };
        let of = |verdict: &str, out: &str, counts: &str| (verdict.to_owned(), out.to_owned(), counts.to_owned());
        assert_eq!(minutes(&mut una, &in_time.reference).await, of("on_time", "120", "0"));
        assert_eq!(minutes(&mut una, &late.reference).await, of("late", "0", "90"));
        let page = una.get("/reports/notice?until=2026-12-31").await.text();
        for words in ["2 notices", "90 minutes of planned work count against availability", "120 minutes left out", "90 minutes count"] {
            assert!(page.contains(words), "{words}: {page}");
        }
        // It ran longer than was stated: what went on is what counts, once it is known.
        estate.assess(&world, late.id);
        estate.schedule(&world, late.id);
        estate.carry_out(&world, late.id, "2026-11-24T20:00:00Z", "2026-11-24T22:00:00Z", "successful");
        let mut una = world.sign_in("una@riverside.example").await;
        assert_eq!(minutes(&mut una, &late.reference).await.2, "120");
    });
}
