//! The few things that have to be known of single carriers: how they are recognised, in which order they write day and
//! month, and what their numbers look like in a subject. Facts of published notices; everything else is read alike.

use super::labels::Line;
use super::times::Order;
use super::{Doubt, Found, cut};

/// One carrier.
#[derive(Debug)]
pub(super) struct Carrier {
    pub(super) name: &'static str,
    domains: &'static [&'static str],
    /// How it calls itself where no address is given.
    names: &'static [&'static str],
    pub(super) order: Option<Order>,
    /// What its numbers begin with, in a subject.
    prefixes: &'static [&'static str],
    /// Words that it uses in more than one sense, so that they settle no status.
    pub(super) vague: &'static [&'static str],
}

const PLAIN: Carrier = Carrier { name: "", domains: &[], names: &[], order: None, prefixes: &[], vague: &[] };

static CARRIERS: [Carrier; 18] = [
    Carrier { name: "apple", domains: &["apple.com"], names: &["apple peering"], ..PLAIN },
    Carrier { name: "aquacomms", domains: &["aquacomms.com"], names: &["aqua comms"], order: Some(Order::DayFirst), prefixes: &["issue="], ..PLAIN },
    Carrier { name: "att", domains: &["att.com"], names: &["at&t"], ..PLAIN },
    Carrier { name: "aws", domains: &["amazon.com", "amazonaws.com"], names: &["amazon web services"], ..PLAIN },
    Carrier { name: "bt", domains: &["bt.com", "openreach.co.uk"], names: &[], order: Some(Order::DayFirst), ..PLAIN },
    Carrier { name: "cogent", domains: &["cogentco.com"], names: &["cogent communications"], ..PLAIN },
    Carrier { name: "colt", domains: &["colt.net"], names: &["colt technology"], order: Some(Order::DayFirst), prefixes: &["crq"], ..PLAIN },
    Carrier { name: "crowncastle", domains: &["crowncastle.com"], names: &["crown castle fiber"], order: Some(Order::MonthFirst), ..PLAIN },
    Carrier { name: "eunetworks", domains: &["eunetworks.com"], names: &["eunetworks"], ..PLAIN },
    Carrier { name: "gcx", domains: &["globalcloudxchange.com", "gcxworld.com"], names: &["global cloud xchange"], prefixes: &["pe"], ..PLAIN },
    Carrier { name: "hgc", domains: &["hgc.com.hk"], names: &["hgc global communications"], prefixes: &["tic"], ..PLAIN },
    Carrier { name: "lumen", domains: &["lumen.com", "centurylink.com", "level3.com"], names: &["lumen"], vague: &["maintenance is scheduled"], ..PLAIN },
    Carrier { name: "megaport", domains: &["megaport.com"], names: &["megaport"], ..PLAIN },
    Carrier { name: "momentum", domains: &["momentumtelecom.com"], names: &["momentum data"], prefixes: &["|"], ..PLAIN },
    Carrier { name: "pccw", domains: &["pccwglobal.com"], names: &["pccw global"], order: Some(Order::DayFirst), prefixes: &["inc"], ..PLAIN },
    Carrier { name: "sparkle", domains: &["tisparkle.com"], names: &["sparkle"], ..PLAIN },
    Carrier { name: "superonline", domains: &["superonline.net"], names: &["turkcell superonline"], ..PLAIN },
    Carrier { name: "zayo", domains: &["zayo.com"], names: &[], ..PLAIN },
];

fn is_of(domain: &str, known: &str) -> bool {
    domain == known || domain.strip_suffix(known).is_some_and(|rest| rest.ends_with('.'))
}

fn by_domain(domain: &str) -> Option<&'static Carrier> {
    CARRIERS.iter().find(|carrier| carrier.domains.iter().any(|known| is_of(domain, known)))
}

fn only<'c>(found: impl Iterator<Item = &'c Carrier>) -> Option<&'c Carrier> {
    let mut found: Vec<&Carrier> = found.collect();
    found.sort_by_key(|carrier| carrier.name);
    found.dedup_by_key(|carrier| carrier.name);
    if let [one] = found.as_slice() { Some(one) } else { None }
}

/// Whose notice it is: by the sender, else by the one carrier whose address or name stands in it, as in a mail that
/// somebody passed on.
pub(super) fn carrier(sender: &str, lines: &[Line]) -> Option<&'static Carrier> {
    if let Some(found) = sender.rsplit_once('@').and_then(|(_, domain)| by_domain(&domain.to_lowercase())) {
        return Some(found);
    }
    let text = lines.iter().map(Line::text).collect::<Vec<_>>().join("\n").to_lowercase();
    let part = |c: char| !(c.is_ascii_alphanumeric() || ".-".contains(c));
    let addresses = text.match_indices('@').map(|(at, _)| at + 1).chain(text.match_indices("://").map(|(at, _)| at + 3));
    let domains = addresses.filter_map(|at| text[at..].split(part).next()).filter_map(|domain| by_domain(domain.trim_end_matches('.')));
    only(domains).or_else(|| only(CARRIERS.iter().filter(|carrier| carrier.names.iter().any(|name| text.contains(name)))))
}

/// The provider: the carrier, else the domain that the mail says it comes from.
pub(super) fn provider(carrier: Option<&Carrier>, sender: &str) -> Found<String> {
    let domain = sender.rsplit_once('@').map(|(_, domain)| domain.to_lowercase());
    match (carrier, domain) {
        (Some(carrier), domain) => Found::plain(carrier.name.to_owned(), &domain.unwrap_or_else(|| carrier.name.to_owned())),
        (None, Some(domain)) => Found { value: Some(cut(&domain)), words: cut(sender), doubt: Some(Doubt::Unclear) },
        (None, None) => Found::open(Doubt::NotSaid, ""),
    }
}

/// By what notices of one carrier are brought together, whether they give its name, its domain or ours for it.
pub(super) fn key(provider: &str) -> String {
    let plain = provider.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let is_it = |carrier: &&Carrier| {
        let is_domain = carrier.domains.iter().any(|known| is_of(&plain, known));
        carrier.name == plain || carrier.names.contains(&plain.as_str()) || is_domain
    };
    CARRIERS.iter().find(is_it).map_or(plain.clone(), |carrier| carrier.name.to_owned())
}

/// The number of the work, as this carrier writes it in a subject.
pub(super) fn id_in(carrier: Option<&Carrier>, subject: &str) -> Option<Found<String>> {
    let prefixes = carrier?.prefixes;
    if prefixes == ["|"] {
        let number = subject.split('|').map(str::trim).find(|part| part.len() >= 6 && part.bytes().all(|byte| byte.is_ascii_digit()))?;
        return Some(Found::plain(cut(number), subject));
    }
    let part = |c: char| c.is_whitespace() || "|[](),".contains(c);
    let is_number = |text: &str| text.len() >= 4 && text.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
    let mut found = subject.split(part).filter(|word| {
        let lower = word.to_lowercase();
        prefixes.iter().any(|prefix| lower.strip_prefix(prefix).is_some_and(is_number))
    });
    let number = found.next()?.trim_start_matches("ISSUE=").trim_end_matches(['.', ':']);
    if found.next().is_some() { Some(Found::open(Doubt::Several, subject)) } else { Some(Found::plain(cut(number), subject)) }
}
