//! Samples of the record, of raising, decisions, people, set-up and How it works.

mod changes;
mod forms;
mod lists;
mod money;
mod people;
mod proposals;
mod raising;

use super::{DynPage, Sample};

/// Every sample of these pages, rendered.
pub fn all() -> Result<Vec<Sample>, askama::Error> {
    let pages: Vec<(&'static str, Box<dyn DynPage>)> = vec![
        ("change-scheduled", Box::new(changes::scheduled())),
        ("change-short-notice", Box::new(changes::short_notice())),
        ("change-versions", Box::new(changes::versions())),
        ("change-act-approve", Box::new(forms::approve())),
        ("change-act-screen", Box::new(forms::screen())),
        ("change-act-quote", Box::new(money::quote())),
        ("change-quotes", Box::new(money::quotes())),
        ("decide", Box::new(changes::decide())),
        ("decide-done", Box::new(changes::decided())),
        ("raise-kind", Box::new(raising::kind())),
        ("raise-what", Box::new(raising::what())),
        ("raise-when", Box::new(raising::when())),
        ("raise-when-outage", Box::new(raising::when_outage())),
        ("raise-check", Box::new(raising::check())),
        ("changes", Box::new(lists::changes())),
        ("changes-none", Box::new(lists::changes_none())),
        ("outages", Box::new(lists::outages())),
        ("promises", Box::new(lists::promises())),
        ("network", Box::new(lists::network())),
        ("requests", Box::new(lists::requests())),
        ("request-entry", Box::new(forms::request())),
        ("request-mismatch", Box::new(forms::mismatch())),
        ("join", Box::new(forms::join())),
        ("join-sent", Box::new(people::join_sent())),
        ("join-confirm", Box::new(forms::join_confirm())),
        ("members", Box::new(lists::members())),
        ("member-answer", Box::new(forms::member_answer())),
        ("sign-in", Box::new(forms::sign_in())),
        ("password", Box::new(forms::password())),
        ("me", Box::new(people::me())),
        ("feeds", Box::new(people::feeds())),
        ("demo", Box::new(people::demo())),
        ("mail-list", Box::new(lists::mails())),
        ("mail", Box::new(people::mail())),
        ("setup", Box::new(lists::setup())),
        ("setup-sites", Box::new(lists::sites())),
        ("setup-form", Box::new(forms::site())),
        ("setup-recurring", Box::new(forms::maintenance_window())),
        ("process-list", Box::new(lists::processes())),
        ("process-document", Box::new(people::process())),
        ("proposal", Box::new(proposals::overview())),
        ("proposal-text", Box::new(proposals::text())),
        ("proposal-table", Box::new(proposals::table())),
        ("paper", Box::new(people::paper())),
        ("run-sheet", Box::new(people::run_sheet())),
        ("api", Box::new(people::api())),
    ];
    pages.into_iter().map(|(name, page)| Ok(Sample { name, html: page.html()? })).collect()
}
