//! Reports and their files (S23, scenario 49).

use std::collections::BTreeMap;

use axum::http::StatusCode;
use signalbox_core::act::Act;
use signalbox_core::change::Outcome;

use crate::changes::taken;
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
            (cells[10].to_owned(), cells[cells.len() - 2].to_owned(), cells[cells.len() - 1].to_owned())
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

/// by which calendar notice was judged, who settled what follows from it, who disputed that and what the authority decided.
/// People are named to parties, their organisations to everybody who reads the report.
#[test]
fn r_5_tells_the_calendar_who_settled_it_and_how_a_dispute_ended() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let late = estate.outage(&world, "Generator", "2026-11-24T20:00:00Z", "2026-11-24T21:30:00Z", &[]);
        estate.priya(&world, late.id, Act::SettleNotice, &[("consequence", "at_risk"), ("reason", "Nobody rang")]);
        let told = async |email: &str| {
            let mut client = world.sign_in(email).await;
            let file = client.get("/reports/notice.csv?until=2026-12-31").await.body;
            let mut reader = csv::Reader::from_reader(file.as_bytes());
            let heads = reader.headers().unwrap().clone();
            let row = reader.records().map(Result::unwrap).find(|row| row[0] == *late.reference).unwrap_or_else(|| panic!("{file}"));
            let cells: BTreeMap<String, String> = heads.iter().map(str::to_owned).zip(row.iter().map(str::to_owned)).collect();
            (cells, client.get("/reports/notice?until=2026-12-31").await)
        };
        let of = |cells: &BTreeMap<String, String>, names: [&str; 4]| names.map(|name| cells[name].clone());
        let (cells, page) = told("ruth@northbrook.example").await;
        assert_eq!(cells["calendar_version"], signalbox_core::calendar::CALENDAR_VERSION);
        assert_eq!(of(&cells, ["proposed", "consequence", "decided_by_org", "decided_by"]), ["at_risk", "at_risk", "HALDEN", "Priya Nair"]);
        assert_eq!(of(&cells, ["dispute", "disputed_by", "dispute_decided_by", "dispute_decided_at"]), [""; 4]);
        assert!(page.text().contains("Proposed: at risk. Settled: at risk, by Priya Nair, halden supplier,"), "{}", page.text());
        assert!(page.body.contains(&format!("href=\"/changes/{}\"", late.reference)), "a party may open it");
        estate.ruth(&world, late.id, Act::DisputeNotice, &[("reason", "The distributor told us on Monday")]);
        assert_eq!(told("ruth@northbrook.example").await.0["dispute"], "open");
        // It is owed by the authority, which is told and decides.
        let mails = world.step_worker();
        assert!(mails.iter().any(|mail| mail.to.starts_with("ann@") && mail.subject.contains("Late notice disputed")), "{mails:#?}");
        let mut ann = world.sign_in("ann@authority.example").await;
        assert!(ann.get("/promises").await.text().contains("Decide the dispute of late notice"));
        taken(&mut ann, &late.reference, "settle_notice", &[("consequence", "waived"), ("reason", "The letter is in the record")]).await;
        let (cells, page) = told("ruth@northbrook.example").await;
        assert_eq!(of(&cells, ["consequence", "decided_by", "dispute", "disputed_by_org"]), ["waived", "Priya Nair", "overturned", "NORTHBROOK"]);
        assert_eq!(
            of(&cells, ["disputed_by", "dispute_decided_by_org", "dispute_decided_by", "minutes_excluded"]),
            ["Ruth Ellery", "AUTHORITY", "Ann Okafor", "90"]
        );
        let text = page.text();
        for words in [
            "Overturned",
            "Disputed by Ruth Ellery, northbrook trust,",
            "Decided by Ann Okafor, authority authority,",
            "by calendar gb-2026.1",
            "90 minutes left out",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
        // Who is no party reads of the organisations and of nobody in them, and is led nowhere.
        let (cells, page) = told("una@riverside.example").await;
        assert_eq!(of(&cells, ["decided_by_org", "disputed_by_org", "dispute_decided_by_org", "dispute"]), ["HALDEN", "NORTHBROOK", "AUTHORITY", "overturned"]);
        assert_eq!(of(&cells, ["decided_by", "disputed_by", "dispute_decided_by", "late_reason"]), ["", "", "", "other"]);
        for hidden in ["Priya Nair", "Ruth Ellery", "Ann Okafor", "The distributor", "/changes/ON-"] {
            assert!(!page.body.contains(hidden), "{hidden}");
        }
        // The record and the API say the same.
        let record = world.sign_in("ruth@northbrook.example").await.get(&format!("/changes/{}", late.reference)).await.text();
        for words in ["Counted by calendar gb-2026.1", "The distributor told us on Monday", "The dispute Overturned"] {
            assert!(record.contains(words), "{words}: {record}");
        }
        let notice =
            crate::alarms::program(&world, "ruth@northbrook.example").get(&format!("/api/v1/changes/{}", late.reference)).await.json()["notice"].clone();
        assert_eq!((notice["calendar_version"].as_str(), notice["settled"]["by"]["name"].as_str()), (Some("gb-2026.1"), Some("Priya Nair")));
        let dispute = &notice["dispute"];
        assert_eq!((dispute["state"].as_str(), dispute["decided"]["consequence"].as_str()), (Some("overturned"), Some("waived")));
        let differ = world.app.db.read(|tx| signalbox_store::project::differences(tx, |_| {}));
        assert_eq!(differ, Ok(vec![]), "the rows are those of the log");
    });
}

#[test]
fn r_5_shows_fifty_notices_on_a_page_and_counts_all_of_them() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let starts: Vec<String> = (0..60).map(|n| format!("2026-{:02}-{:02}T20:00:00Z", n / 20 + 3, n % 20 + 1)).collect();
        let rows: Vec<(&str, &str, Outcome)> = starts.iter().map(|start| ("Generator test", start.as_str(), Outcome::Successful)).collect();
        estate.history(&world, &rows);
        // Forty hours, announced in time.
        estate.outage(&world, "Switchgear", "2026-12-08T20:00:00Z", "2026-12-10T12:00:00Z", &[]);
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        let report = "/reports/notice?until=2026-12-31";
        let first = ruth.get(report).await;
        let counted = |body: &str| body.matches("Generator test").count();
        assert_eq!((first.status, counted(&first.body)), (StatusCode::OK, 50));
        let text = first.text();
        for words in ["Showing 1 to 50 of 61 notices. The CSV holds all.", "61 notices, in time", "2,400 minutes"] {
            assert!(text.contains(words), "{words}: {text}");
        }
        let next = format!("{report}&page=2");
        assert!(["&amp;", "&#38;"].iter().any(|mark| first.body.contains(&format!("href=\"{}\"", next.replace('&', mark)))), "{}", first.body);
        let second = ruth.get(&next).await;
        let text = second.text();
        assert_eq!(counted(&second.body), 10);
        assert!(text.contains("Showing 51 to 61 of 61 notices.") && text.contains("2,400 minutes left out") && !text.contains("has no filter"), "{text}");
        assert_eq!(counted(&ruth.get(&format!("{report}&page=99")).await.body), 10, "past the last is the last");
        assert_eq!(ruth.get("/reports/notice.csv?until=2026-12-31").await.body.lines().count(), 62, "the file holds all");
        assert!(ruth.get("/reports/success?page=2").await.text().contains("This report has no filter “page”"));
    });
}
