//! Pages that are one form.

use crate::web::layout::{Place, Shell};
use crate::web::parts::{Cell, Fact, Form, FormPage, Row, Section, Table};
use crate::web::ui::{Choice, Field};

fn visitor(title: &str) -> Shell {
    let mut shell = Shell::sample(title, Place::Elsewhere);
    shell.user = None;
    shell.nav = crate::web::layout::menu(Place::Elsewhere, false, false);
    shell
}

fn record_crumbs(mut shell: Shell) -> Shell {
    shell.crumbs = vec![("Changes".into(), "/changes".into()), ("RFC-2026-001836".into(), "/changes/RFC-2026-001836".into())];
    shell
}

pub fn approve() -> FormPage {
    let form = Form::new(
        "/changes/RFC-2026-001836/acts/approve",
        "Approve RFC-2026-001836",
        vec![
            Field::textarea("words", "Your words", "").optional(),
            Field::text("condition", "A condition", "Downtime forms on wards").optional(),
            Field::select("condition_owner", "Who keeps it", vec![Choice::new("", "Choose"), Choice::new("2", "Tom Achebe, Halden")])
                .error(Some("Choose who keeps the condition".into())),
            Field::input("date", "condition_due", "By when", "2026-11-16")
                .width("w10")
                .error(Some("The date is in the past: choose one up to Thursday 19 November".into())),
        ],
    )
    .key("k-approve")
    .hide("version", "9");
    FormPage {
        shell: record_crumbs(Shell::sample("Approve RFC-2026-001836", Place::Changes)),
        lede: "Interface engine 4.2, for Thursday 19 November 21:00 to Friday 01:00. Your approval holds for this content and this window.".into(),
        faults: form.faults(),
        facts: vec![
            Fact::new("Risk of change", "").tag("Medium, 6 of 18", "yellow"),
            Fact::new("Clinical risk", "").tag("Accepted", "green"),
            Fact::new("Clashes", "None, looked at today 17:20"),
        ],
        form,
        ..FormPage::default()
    }
}

pub fn screen() -> FormPage {
    let question = |at: u8, words: &str| Field::radios(&format!("q{at}"), words, vec![Choice::new("yes", "Yes"), Choice::new("no", "No")]);
    FormPage {
        shell: record_crumbs(Shell::sample("Screen RFC-2026-001836 for clinical risk", Place::Changes)),
        lede: "8 questions. Any yes asks a safety officer; 8 times no means no clinical review is needed, signed by you.".into(),
        form: Form::new(
            "/changes/RFC-2026-001836/acts/screen",
            "Sign the screening",
            vec![
                question(1, "Does it touch a system used in direct care?"),
                question(2, "Does it change what data is shown, merged or coded, or when?"),
                question(3, "Does it change patient matching or worklists?"),
                question(4, "Does it take such a system away longer than its continuity plan allows?"),
                question(5, "Does it change alerts, dose, result or order flows?"),
                question(6, "Does it affect both halves of a redundant pair?"),
                question(7, "Does it change an interface or firewall between clinical systems?"),
                question(8, "Are you unsure?"),
                Field::textarea("words", "Your reasons", ""),
            ],
        )
        .key("k-screen"),
        side: vec![Section::new("who", "Who answers").words("This change touches direct care, so a safety officer screens it.")],
        ..FormPage::default()
    }
}

pub fn request() -> FormPage {
    FormPage {
        shell: Shell::sample("New user of PACS imaging", Place::Changes),
        lede: "Agreed beforehand: done within 1 working day of an answer that fits.".into(),
        form: Form::new(
            "/requests/new/imaging-user",
            "Send this request",
            vec![
                Field::radios("eligible-1", "Is the person employed by your trust?", vec![Choice::new("yes", "Yes"), Choice::new("no", "No")]),
                Field::radios("eligible-2", "Do they need to report as well as view?", vec![Choice::new("yes", "Yes"), Choice::new("no", "No")]),
                Field::text("person", "Their name and role", ""),
                Field::input("date", "wanted", "Wanted by", "").width("w10"),
            ],
        )
        .key("k-request"),
        side: vec![
            Section::new("steps", "What is done")
                .words("1. The identity is checked.\n2. The account is made with view rights.\n3. The person signs in and opens one test study."),
        ],
        ..FormPage::default()
    }
}

pub fn mismatch() -> FormPage {
    FormPage {
        shell: Shell::sample("This request does not fit", Place::Changes),
        lede: "“New user of PACS imaging” is for people who view. Reporting rights are a normal change.".into(),
        facts: vec![
            Fact::new("Do they need to report as well as view?", "Yes").tag("Does not fit", "red"),
            Fact::new("Their name and role", "Dr Ama Boateng, registrar"),
            Fact::new("Wanted by", "Monday 23 November 2026"),
        ],
        warning: vec!["Nothing is sent yet. Your answers can go with you into a normal change.".into()],
        form: Form::new("/requests/new/imaging-user/carry", "Carry my answers to a normal change", vec![]).key("k-carry"),
        ..FormPage::default()
    }
}

pub fn join() -> FormPage {
    FormPage {
        shell: visitor("Join the service management group"),
        lede: "Members see the forward schedule of change, the success and failure report and the trust-raised change report.".into(),
        form: Form::new(
            "/join",
            "Ask to join",
            vec![
                Field::text("name", "Your name", "").autocomplete("name").width("w20"),
                Field::input("email", "email", "Work email", "")
                    .hint("We check your organisation from this, and send you a link to confirm.")
                    .autocomplete("email"),
                Field::textarea("reason", "Why do you need access?", "").hint("One line."),
            ],
        )
        .key("k-join"),
        side: vec![
            Section::new("next", "What happens next")
                .words("1. You confirm your email: the link lasts 2 hours.\n2. Your organisation’s coordinator agrees.\n3. The authority opens your access."),
            Section::new("open", "No account needed").words("How it works is open to anyone.").link("How it works", "/process"),
        ],
        ..FormPage::default()
    }
}

pub fn join_confirm() -> FormPage {
    FormPage {
        shell: visitor("Confirm your email"),
        lede: "Opening this page confirms nothing yet: the button does.".into(),
        facts: vec![Fact::new("Email", "ama.boateng@riverside.example"), Fact::new("Organisation", "Riverside Infirmary"), Fact::new("Asked", "today 16:40")],
        form: Form::new("/join/confirm/sample", "This is my address", vec![]),
        ..FormPage::default()
    }
}

pub fn member_answer() -> FormPage {
    let mut shell = Shell::sample("Ama Boateng asks to join", Place::Elsewhere);
    shell.crumbs = vec![("Members".into(), "/members".into())];
    FormPage {
        shell,
        lede: "You answer for Riverside Infirmary; the authority then opens the access.".into(),
        facts: vec![
            Fact::new("Email", "ama.boateng@riverside.example").tag("Confirmed", "green"),
            Fact::new("Why", "I plan the imaging lists and need to see outages."),
            Fact::new("Asked", "today 16:40; chased on Thursday 19 November"),
        ],
        form: Form::new(
            "/members/waiting/31",
            "Record this",
            vec![
                Field::radios(
                    "answer",
                    "Your answer",
                    vec![Choice::new("approve", "Works here: agree"), Choice::new("decline", "Decline").hint("They are told, with your reason.")],
                ),
                Field::textarea("reason", "Reason", "").hint("Needed to decline.").optional(),
            ],
        )
        .key("k-answer"),
        ..FormPage::default()
    }
}

pub fn sign_in() -> FormPage {
    let wrong = Some("The email and the password do not belong together".to_owned());
    let form = Form::new(
        "/sign-in",
        "Sign in",
        vec![
            Field::input("email", "email", "Email", "priya.nair@halden.example").autocomplete("username").error(wrong),
            Field::input("password", "password", "Password", "").autocomplete("current-password"),
        ],
    )
    .hide("next", "/changes");
    FormPage {
        shell: visitor("Sign in"),
        lede: "Nothing you typed before is lost: you go back to where you were.".into(),
        faults: form.faults(),
        form,
        side: vec![Section::new("new", "Not a member yet").link("Join the service management group", "/join")],
        ..FormPage::default()
    }
}

pub fn password() -> FormPage {
    FormPage {
        shell: visitor("Set your password"),
        lede: "For priya.nair@halden.example. The link works once.".into(),
        form: Form::new(
            "/password/sample",
            "Set this password",
            vec![
                Field::input("password", "password", "New password", "").hint("12 characters or more. Three words are good.").autocomplete("new-password"),
                Field::input("password", "again", "The same again", "").autocomplete("new-password"),
            ],
        ),
        ..FormPage::default()
    }
}

pub fn site() -> FormPage {
    let mut shell = Shell::sample("Change the site Northbrook General", Place::Elsewhere);
    shell.crumbs = vec![("Set-up".into(), "/setup".into()), ("Sites".into(), "/setup/sites".into())];
    FormPage {
        shell,
        form: Form::new(
            "/setup/sites/NB-GEN",
            "Save this site",
            vec![
                Field::text("code", "Code", "NB-GEN").width("w10").hint("Letters, digits and hyphens; used in imports."),
                Field::text("name", "Name", "Northbrook General"),
                Field::select(
                    "organisation",
                    "Organisation",
                    vec![Choice::new("NB", "Northbrook Hospitals").chosen(true), Choice::new("RV", "Riverside Infirmary")],
                ),
                Field::input("tel", "phone", "Telephone on the night", "020 7946 0130").width("w20"),
            ],
        )
        .key("k-site")
        .hide("version", "2"),
        side: vec![Section::new("used", "Used by").words("41 items and 12 open changes name this site. Its code can change; they follow.")],
        ..FormPage::default()
    }
}

/// A maintenance window that comes again, with what it catches and a word to its author.
pub fn maintenance_window() -> FormPage {
    let mut shell = Shell::sample("Imaging, first Sunday of the month", Place::Elsewhere);
    shell.crumbs = vec![("Set-up".into(), "/setup".into()), ("Maintenance windows".into(), "/setup/maintenance-windows".into())];
    let next = ["Sunday 6 December 2026, 01:00 to 05:00 GMT", "Sunday 3 January 2027, 01:00 to 05:00 GMT", "Sunday 4 April 2027, 01:00 to 05:00 BST"];
    let caught = Row::new(
        Cell::link("RFC-2026-001842 Archive node firmware", "/changes/RFC-2026-001842"),
        vec![Cell::text("Sunday 6 December 2026, 02:00 to 04:00 GMT"), Cell::text("NB-PACS-N1, NB-PACS-N2")],
    );
    FormPage {
        shell,
        facts: vec![
            Fact::new("What it holds for", "PACS imaging (PACS)"),
            Fact::new(
                "When",
                "Every month on the first Sunday, from 01:00 to 05:00, but not on Sunday 7 February 2027, on the clock of Europe/London\nFREQ=MONTHLY;BYDAY=1SU",
            ),
            Fact::new("May take away", "Up to: outage"),
            Fact::new("Agreed by", "Imaging board"),
        ],
        warning: vec!["It matches nothing: no site, service or item belongs to PACS imaging (PACS), and no change touches it.".into()],
        form: Form::new("/setup/maintenance-windows/7/end", "End this maintenance window", vec![]),
        below: vec![
            Section::new("next", "Next dates")
                .table(Table::new("Next dates", &["When"], next.map(|line| Row::new(Cell::text(line), vec![])).to_vec()), "No date is left."),
            Section::new("caught", "What it catches").table(
                Table::new("Changes that it catches", &["Change", "When", "Everything of it that is caught"], vec![caught]),
                "No planned change that you may see lies in it.",
            ),
        ],
        ..FormPage::default()
    }
}
