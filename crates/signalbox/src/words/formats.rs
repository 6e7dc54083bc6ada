//! What is wrong with a technical value or with answers that do not fit together, as a sentence that says what to type.

use signalbox_core::form::format::Format;
use signalbox_core::refusal::Violation;

use super::{listed, read_param, sentence_case};

/// The sentence for a fault of this code; `None` where it is not one of these.
pub(super) fn fault(code: &str, violation: &Violation) -> Option<String> {
    let plain = |n: usize| violation.params.get(n).cloned().unwrap_or_default();
    let param = |n: usize| read_param(&plain(n));
    let such_as = |format: Format| format!("such as {}", format.example());
    Some(match code {
        "ae-title-empty" => format!("Type the AE title, {}. Spaces alone are none.", such_as(Format::AeTitle)),
        "ae-title-too-long" => format!("Shorten the AE title to 16 characters; it has {}.", param(0)),
        "ae-title-signs" => "Type the AE title with plain letters, digits and signs; a backslash, an accent or a tab cannot be in it.".into(),
        "not-a-uid" => format!("Type a UID: digits and dots, at most 64, no part with a nought before it, {}.", such_as(Format::Uid)),
        "not-an-ip" => format!("Type one IP address, {} or 2001:db8::10. Leave out a prefix and noughts in front.", such_as(Format::Ip)),
        "ip-of-no-device" => "Type the address of a device; this one stands for none, for all, or for the machine itself.".into(),
        "not-a-network" => format!("Type a network with its prefix, {}.", such_as(Format::Network)),
        "network-host-bits" => format!("Type {} for the network, or /32 after the address for one machine.", plain(0)),
        "not-a-host-or-network" => "Type an address such as 10.20.30.40, a network such as 10.20.30.0/24, or a host name.".into(),
        "any-needs-prefix" => "Type 0.0.0.0/0 if every address is meant, or the one address that is.".into(),
        "not-a-port" => "Type one port from 1 to 65535, such as 11112.".into(),
        "not-ports" => "Type ports from 0 to 65535: one, several with commas, or a range such as 8080-8090.".into(),
        "ports-reversed" => format!("Type the lower port first: {}-{}.", plain(0), plain(1)),
        "not-a-host-name" => "Type a host name such as pacs.example.org: letters, digits, hyphens and dots.".into(),
        "not-a-mac" => format!("Type the MAC address as six pairs, {}.", such_as(Format::Mac)),
        "not-an-ods-code" => "Type an ODS code: 3 to 12 letters and digits, such as RXA or RXA01.".into(),
        "not-an-asid" => format!("Type the ASID with its twelve digits; this has {}.", param(0)),
        "not-a-party-key" => format!("Type the party key: ODS code, hyphen, six or seven digits, {}.", such_as(Format::PartyKey)),
        "not-a-phone" => format!("Enter a telephone number that is answered during the work, {}.", such_as(Format::Phone)),
        "not-done-yet" => "Answer yes once it is done; until then leave this open.".into(),
        "no-rows" => "Fill in at least one row.".into(),
        "not-rows" => "Send each row by its columns.".into(),
        "ports-missing" => "Type the ports: this protocol has them. If every port is meant, type any.".into(),
        "expiry-before-start" => format!("Choose a day after {}, when the work begins.", param(0)),
        "same-ends" => "Type another end: this rule leads from a place to itself.".into(),
        "same-asid" => "Type the new ASID: this is the one it has now.".into(),
        "way-back-too-long" => {
            format!(
                "Going back takes {} minutes, and there are {} between the end of the window and the latest end. Move the latest end, or shorten the way back.",
                param(0),
                param(1)
            )
        }
        "tests-open" => {
            let open: Vec<String> = plain(0).split(", ").map(|code| code.replace('_', " ")).collect();
            format!("Say what came of the tests that did not pass: {}.", listed(&open))
        }
        "accepted-alone" => "Name a second person: a modality is accepted by a radiographer and a PACS manager.".into(),
        "modality-both-live" => format!("Switch the old {} off before the new one is on: two machines of one title mix up images.", plain(0)),
        "ae-title-taken" => taken(&plain(0), &plain(1)),
        "bulk-in-working-hours" | "rule-wide-open" => warning(violation),
        "ip-taken" => address_taken(&plain(0), &plain(1), &plain(2)),
        _ => return None,
    })
}

/// What somebody should know, though nothing stands in the way.
pub fn warning(found: &Violation) -> String {
    let param = |n: usize| found.params.get(n).cloned().unwrap_or_default();
    match found.code {
        "bulk-in-working-hours" => format!(
            "This window lies on a weekday between {:0>2}:00 and {:0>2}:00, and what practices book into changes at once. An evening or a weekend is safer.",
            param(0),
            param(1)
        ),
        "rule-wide-open" => "A rule is open to every address or to every port: security is assessed, and the change advisory board decides.".into(),
        other => sentence_case(&format!("{}.", other.replace('-', " "))),
    }
}

/// Scenario 46, with the owner's site where the reader may know it.
pub(super) fn taken(ae_title: &str, site: &str) -> String {
    format!("Choose another AE title: {} has {ae_title} at that time. Capitals and outer spaces make no difference.", owner(site))
}

/// The same of an address.
pub(super) fn address_taken(ip: &str, ae_title: &str, site: &str) -> String {
    let named = if site.is_empty() { String::new() } else { format!(" {ae_title}") };
    format!("Choose another address: the modality{named} at {} has {ip} at that time.", if site.is_empty() { "another site" } else { site })
}

fn owner(site: &str) -> String {
    if site.is_empty() { "a machine at another site".into() } else { format!("a machine at {site}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_that_is_taken_names_the_site_only_where_it_is_known() {
        let told = |site: &str| fault("ae-title-taken", &Violation::of("ae_title", "ae-title-taken").with("CT_MAIN_1").with(site)).unwrap();
        assert_eq!(
            told("Northbrook General"),
            "Choose another AE title: a machine at Northbrook General has CT_MAIN_1 at that time. Capitals and outer spaces make no difference."
        );
        assert!(told("").contains("a machine at another site has"));
    }

    #[test]
    fn a_network_is_told_as_it_should_be_typed() {
        let told = fault("network-host-bits", &Violation::whole("network-host-bits").with("10.1.2.0/24")).unwrap();
        assert_eq!(told, "Type 10.1.2.0/24 for the network, or /32 after the address for one machine.");
    }
}
