//! The ward notice: what stands on the side, and that its code says the address that is printed under it.

use axum::http::StatusCode;
use signalbox_core::act::Act;

use crate::planned::{Estate, at};
use crate::world::{BASE, on_each_engine};

/// The dark modules of the code on a page, as rows without the quiet zone.
fn modules(body: &str) -> Vec<Vec<bool>> {
    let page = scraper::Html::parse_document(body);
    let path = page.select(&scraper::Selector::parse("svg.qr path").unwrap()).next().expect("a code").value().attr("d").unwrap().to_owned();
    let svg = page.select(&scraper::Selector::parse("svg.qr").unwrap()).next().unwrap();
    let size: usize = svg.value().attr("viewbox").or(svg.value().attr("viewBox")).unwrap().split(' ').nth(2).unwrap().parse().unwrap();
    let mut rows = vec![vec![false; size - 8]; size - 8];
    for one in path.split('M').skip(1) {
        let (x, rest) = one.split_once(' ').unwrap();
        let y = rest.split('h').next().unwrap();
        rows[y.parse::<usize>().unwrap() - 4][x.parse::<usize>().unwrap() - 4] = true;
    }
    rows
}

#[test]
fn a_ward_notice_says_what_staff_notice_and_its_code_says_its_address() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let own = [
            ("people_notice", "Pictures cannot be opened."),
            ("departments.1.area", "emergency_department"),
            ("departments.1.cover", "Read at the scanner."),
            ("departments.1.told", "Dr Okoro"),
            ("contact_on_site.name", "Sam Okoro"),
            ("contact_on_site.phone", "020 7946 0158"),
        ];
        let outage = estate.outage(&world, "Switchgear", "2026-12-01T20:00:00Z", "2026-12-01T22:00:00Z", &own);
        let path = format!("/changes/{}/poster/nb", outage.reference);
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        assert!(ruth.get(&path).await.text().contains("Planned outage, not agreed yet"));
        estate.assess(&world, outage.id);
        estate.schedule(&world, outage.id);
        assert!(ruth.get(&format!("/changes/{}", outage.reference)).await.body.contains(&format!("href=\"{path}\"")));
        let page = ruth.get(&path).await;
        let words = page.text();
        for there in [
            "PACS imaging: Northbrook General",
            "Tuesday 1 December",
            "20:00",
            "22:00",
            "by Tuesday 1 December",
            "Pictures cannot be opened.",
            "Emergency department: Read at the scanner.",
            "Ring Change team on 020 7946 0100",
            &format!("{BASE}/tonight/nb"),
        ] {
            assert!(words.contains(there), "{there}: {words}");
        }
        for secret in ["NB-PACS-N2", "Archive node", "Okoro", "0158"] {
            assert!(!words.contains(secret), "{secret}: {words}");
        }
        assert!(page.body.contains(&format!("aria-label=\"Code for telephones: opens the page of tonight at Northbrook General, {BASE}/tonight/nb\"")));
        // The drawing is the code of that address, module by module, and stands upright: three corners have the finder.
        let rows = modules(&page.body);
        let wanted = qrcode::QrCode::with_error_correction_level(format!("{BASE}/tonight/nb"), qrcode::EcLevel::Q).unwrap();
        let drawn: Vec<bool> = rows.iter().flatten().copied().collect();
        assert_eq!(drawn, wanted.to_colors().into_iter().map(|color| color == qrcode::Color::Dark).collect::<Vec<_>>());
        let last = rows.len() - 1;
        let is_finder = |x: usize, y: usize| (0..7).all(|n| rows[y][x + n] && rows[y + 6][x + n] && rows[y + n][x] && rows[y + n][x + 6]) && rows[y + 3][x + 3];
        assert!(is_finder(0, 0) && is_finder(last - 6, 0) && is_finder(0, last - 6) && !rows[last][last - 6..].iter().all(|dark| *dark));
        // From tonight's page, for who may read the change; a stranger to it finds nothing.
        world.clock.set(at("2026-12-01T17:00:00Z"));
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        assert!(ruth.get("/tonight/nb").await.body.contains(&format!("href=\"{path}\"")));
        let mut una = world.sign_in("una@riverside.example").await;
        assert_eq!(una.get(&path).await.status, StatusCode::NOT_FOUND);
        assert_eq!(ruth.get(&format!("/changes/{}/poster/elsewhere", outage.reference)).await.status, StatusCode::NOT_FOUND);
        estate.ruth(&world, outage.id, Act::Cancel, &[("reason", "The part is not there.")]);
        assert!(ruth.get(&path).await.text().contains("CANCELLED: Planned outage"));
    });
}
