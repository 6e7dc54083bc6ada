//! Technical values as their standards write them. Each reader answers the value in one spelling, so that two people
//! who mean the same thing store the same thing, or the fault with the code for its sentence.

use crate::refusal::Violation;
use crate::words::vocabulary;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

vocabulary! {
    /// A technical value that an answer may be; the words are those of the Answer column.
    Format {
        /// DICOM PS3.5, value representation AE.
        AeTitle = "ae_title", "AE title";
        /// DICOM PS3.5, value representation UI.
        Uid = "uid", "DICOM UID";
        /// An IPv4 or IPv6 address of one device.
        Ip = "ip", "IP address";
        /// RFC 4632 and RFC 4291: a network with its prefix.
        Network = "cidr", "CIDR";
        /// One end of a firewall rule.
        HostOrNetwork = "host_or_cidr", "host or CIDR";
        /// A TCP or UDP port that something listens on.
        Port = "port", "port";
        /// One port, several, ranges, or any.
        Ports = "ports", "port range";
        /// RFC 1123 and RFC 1035.
        HostName = "host_name", "host name";
        /// IEEE 802: 48 bits.
        Mac = "mac", "MAC";
        /// An organisation or site in the NHS directory.
        Ods = "ods_code", "ODS code";
        /// An accredited system in the Spine's directory.
        Asid = "asid", "ASID";
        /// A party in the Spine's directory: an ODS code and a number.
        PartyKey = "party_key", "party key";
        /// A telephone number, with an extension where there is one.
        Phone = "phone", "phone";
    }
}

/// Every network there is, in one word.
const ANYWHERE: &str = "any";
/// Every port.
pub const ALL_PORTS: &str = "0-65535";
/// ITU-T E.164.
const PHONE_DIGITS_MAX: usize = 15;

impl Format {
    /// The value in its one spelling.
    ///
    /// # Errors
    /// What is wrong, without a field: that is the caller's.
    pub fn read(self, typed: &str) -> Result<String, Violation> {
        let typed = typed.trim();
        match self {
            Format::AeTitle => ae_title(typed),
            Format::Uid => uid(typed),
            Format::Ip => device(typed),
            Format::Network => network(typed),
            Format::HostOrNetwork => host_or_network(typed),
            Format::Port => port(typed).map(|n| n.to_string()),
            Format::Ports => ports(typed),
            Format::HostName => host_name(typed).ok_or_else(|| Violation::whole("not-a-host-name")),
            Format::Mac => mac(typed),
            Format::Ods => ods(typed).ok_or_else(|| Violation::whole("not-an-ods-code")),
            Format::Asid => asid(typed),
            Format::PartyKey => party_key(typed),
            Format::Phone => phone(typed),
        }
    }

    /// What a reader may copy: a value that is right.
    pub fn example(self) -> &'static str {
        match self {
            Format::AeTitle => "NBK_CT_1",
            Format::Uid => "1.2.840.10008.1.2.1",
            Format::Ip => "10.20.30.40",
            Format::Network => "10.20.30.0/24",
            Format::HostOrNetwork => "10.20.30.0/24",
            Format::Port => "11112",
            Format::Ports => "443, 8080-8090",
            Format::HostName => "pacs.example.org",
            Format::Mac => "00:1B:44:11:3A:B7",
            Format::Ods => "RXA01",
            Format::Asid => "200000012345",
            Format::PartyKey => "RXA-801234",
            Format::Phone => "020 7946 0117",
        }
    }

    /// The longest value in characters, for the width of its input.
    pub fn most_chars(self) -> usize {
        match self {
            Format::AeTitle => 16,
            Format::Port => 5,
            Format::Ods | Format::Asid => 12,
            Format::Mac => 17,
            Format::PartyKey => 20,
            Format::Phone => 40,
            Format::Uid => 64,
            Format::Ip | Format::Network => 43,
            Format::Ports => 100,
            Format::HostName | Format::HostOrNetwork => 253,
        }
    }
}

/// An AE title as it is compared: DICOM makes outer spaces insignificant, and titles that differ in case alone are
/// mistaken for each other by people and by some devices (scenario 46).
pub fn ae_key(title: &str) -> String {
    title.trim().to_ascii_uppercase()
}

/// PS3.5, 6.2: at most 16 bytes of the default repertoire but for the backslash and control characters; outer spaces
/// mean nothing, and spaces alone are no title.
fn ae_title(typed: &str) -> Result<String, Violation> {
    if !typed.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'\\') {
        return Err(Violation::whole("ae-title-signs"));
    }
    if typed.is_empty() {
        return Err(Violation::whole("ae-title-empty"));
    }
    if typed.len() > 16 {
        return Err(Violation::whole("ae-title-too-long").with(typed.len()));
    }
    Ok(typed.to_owned())
}

/// PS3.5, 9.1: at most 64 characters, numbers parted by dots, none with a leading zero.
fn uid(typed: &str) -> Result<String, Violation> {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()) && (part == "0" || !part.starts_with('0'));
    let is_uid = typed.len() <= 64 && typed.contains('.') && typed.split('.').all(number);
    if is_uid { Ok(typed.to_owned()) } else { Err(Violation::whole("not-a-uid")) }
}

/// An address that one device can have.
fn device(typed: &str) -> Result<String, Violation> {
    let address: IpAddr = typed.parse().map_err(|_| Violation::whole("not-an-ip"))?;
    let is_broadcast = matches!(address, IpAddr::V4(Ipv4Addr::BROADCAST));
    if address.is_unspecified() || address.is_loopback() || address.is_multicast() || is_broadcast {
        return Err(Violation::whole("ip-of-no-device"));
    }
    Ok(address.to_string())
}

/// An address and the length of its prefix.
fn prefixed(typed: &str) -> Option<(IpAddr, u8)> {
    let (address, prefix) = typed.split_once('/')?;
    let address: IpAddr = address.trim().parse().ok()?;
    let prefix = prefix.trim();
    let most = if address.is_ipv4() { 32 } else { 128 };
    let is_plain = !prefix.is_empty() && prefix.len() <= 3 && prefix.bytes().all(|b| b.is_ascii_digit());
    let prefix = is_plain.then(|| prefix.parse::<u8>().ok()).flatten().filter(|n| *n <= most)?;
    Some((address, prefix))
}

/// The address with every bit beyond the prefix at nought.
fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => Ipv4Addr::from(u32::from(v4) & u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0)).into(),
        IpAddr::V6(v6) => Ipv6Addr::from(u128::from(v6) & u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0)).into(),
    }
}

fn network(typed: &str) -> Result<String, Violation> {
    let (address, prefix) = prefixed(typed).ok_or_else(|| Violation::whole("not-a-network"))?;
    let begins = masked(address, prefix);
    if begins != address {
        return Err(Violation::whole("network-host-bits").with(format!("{begins}/{prefix}")));
    }
    Ok(format!("{begins}/{prefix}"))
}

/// A host by its name or address, a network, or `any`, which is every IPv4 network.
fn host_or_network(typed: &str) -> Result<String, Violation> {
    if typed.eq_ignore_ascii_case(ANYWHERE) {
        return Ok("0.0.0.0/0".to_owned());
    }
    if typed.contains('/') {
        return network(typed);
    }
    if let Ok(address) = typed.parse::<IpAddr>() {
        return if address.is_unspecified() { Err(Violation::whole("any-needs-prefix")) } else { Ok(address.to_string()) };
    }
    host_name(typed).ok_or_else(|| Violation::whole("not-a-host-or-network"))
}

/// Whether this end of a rule is everywhere.
pub fn is_anywhere(host_or_network: &str) -> bool {
    matches!(host_or_network, "0.0.0.0/0" | "::/0")
}

fn port(typed: &str) -> Result<u16, Violation> {
    let is_plain = typed.len() <= 5 && !typed.is_empty() && typed.bytes().all(|b| b.is_ascii_digit());
    let found = is_plain.then(|| typed.parse::<u16>().ok()).flatten().filter(|n| *n > 0);
    found.ok_or_else(|| Violation::whole("not-a-port"))
}

/// `443`, `8080-8090`, `80, 443, 1024-2047`, or `any`. A range may begin at 0, as that of every port does.
fn ports(typed: &str) -> Result<String, Violation> {
    if typed.eq_ignore_ascii_case(ANYWHERE) {
        return Ok(ALL_PORTS.to_owned());
    }
    let number = |part: &str| {
        let part = part.trim();
        let is_plain = (1..=5).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        is_plain.then(|| part.parse::<u16>().ok()).flatten()
    };
    let mut spans = vec![];
    for part in typed.split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (Some(from), Some(to)) = (number(from), number(to)) else { return Err(Violation::whole("not-ports")) };
        if from == 0 && to == 0 {
            return Err(Violation::whole("not-ports"));
        }
        if to < from {
            return Err(Violation::whole("ports-reversed").with(to).with(from));
        }
        spans.push((from, to));
    }
    spans.sort_unstable();
    spans.dedup();
    let words = spans.iter().map(|(from, to)| if from == to { from.to_string() } else { format!("{from}-{to}") });
    Ok(words.collect::<Vec<_>>().join(", "))
}

/// Whether these ports are every port. Port 0 is reserved, so a range from 1 leaves nothing out.
pub fn is_every_port(ports: &str) -> bool {
    let mut next = 1_u32;
    for part in ports.split(',').map(str::trim) {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (Ok(from), Ok(to)) = (from.parse::<u32>(), to.parse::<u32>()) else { return false };
        if from <= next {
            next = next.max(to + 1);
        }
    }
    next > u32::from(u16::MAX)
}

/// Labels of 1 to 63 letters, digits and hyphens, a hyphen at neither end, 253 characters in all; the last label is
/// not a number, or the name would read as an address.
fn host_name(typed: &str) -> Option<String> {
    let name = typed.strip_suffix('.').unwrap_or(typed);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') && !label.starts_with('-') && !label.ends_with('-')
    };
    let ends_in_number = name.rsplit('.').next().is_none_or(|last| last.bytes().all(|b| b.is_ascii_digit()));
    (name.len() <= 253 && name.split('.').all(is_label) && !ends_in_number).then(|| name.to_ascii_lowercase())
}

/// Six pairs, or three groups of four as some switches print them.
fn mac(typed: &str) -> Result<String, Violation> {
    let wrong = || Violation::whole("not-a-mac");
    let separator = typed.chars().find(|c| matches!(c, ':' | '-' | '.'));
    let groups: Vec<&str> = separator.map_or_else(|| vec![typed], |c| typed.split(c).collect());
    let width = match (separator, groups.len()) {
        (Some(':' | '-'), 6) => 2,
        (Some('.'), 3) => 4,
        (None, 1) => 12,
        _ => return Err(wrong()),
    };
    if !groups.iter().all(|g| g.len() == width && g.bytes().all(|b| b.is_ascii_hexdigit())) {
        return Err(wrong());
    }
    let digits = groups.concat().to_ascii_uppercase();
    if matches!(digits.as_str(), "000000000000" | "FFFFFFFFFFFF") {
        return Err(wrong());
    }
    let pairs: Vec<&str> = (0..6).filter_map(|n| digits.get(n * 2..n * 2 + 2)).collect();
    Ok(pairs.join(":"))
}

/// Three letters or digits for a trust, five for a site, six for a practice; newer codes are longer.
fn ods(typed: &str) -> Option<String> {
    let fits = (3..=12).contains(&typed.len()) && typed.bytes().all(|b| b.is_ascii_alphanumeric());
    fits.then(|| typed.to_ascii_uppercase())
}

fn asid(typed: &str) -> Result<String, Violation> {
    let digits: String = typed.chars().filter(|c| *c != ' ').collect();
    let fits = digits.len() == 12 && digits.bytes().all(|b| b.is_ascii_digit());
    if fits { Ok(digits) } else { Err(Violation::whole("not-an-asid").with(digits.chars().count())) }
}

/// An ODS code, a hyphen, and six or seven digits.
fn party_key(typed: &str) -> Result<String, Violation> {
    let wrong = || Violation::whole("not-a-party-key");
    let (code, number) = typed.split_once('-').ok_or_else(wrong)?;
    let code = ods(code).ok_or_else(wrong)?;
    let fits = (6..=7).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    if fits { Ok(format!("{code}-{number}")) } else { Err(wrong()) }
}

/// Five to fifteen digits, with spaces, brackets, dots and dashes between, a plus before, and an extension after.
fn phone(typed: &str) -> Result<String, Violation> {
    let wrong = || Violation::whole("not-a-phone");
    let lower = typed.to_ascii_lowercase();
    let cut = ["ext.", "ext", "x"].iter().find_map(|word| lower.find(word).map(|at| (at, word.len())));
    let (number, extension) = match cut {
        Some((at, len)) => (typed.get(..at).unwrap_or(""), typed.get(at + len..)),
        None => (typed, None),
    };
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    let signs = number.trim_start();
    let signs = signs.strip_prefix('+').unwrap_or(signs);
    let is_number = (5..=PHONE_DIGITS_MAX).contains(&digits) && signs.chars().all(|c| c.is_ascii_digit() || " ()-.".contains(c));
    let is_extension = |e: &str| (1..=6).contains(&e.trim().len()) && e.trim().bytes().all(|b| b.is_ascii_digit());
    if is_number && extension.is_none_or(is_extension) { Ok(typed.to_owned()) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn right(format: Format, cases: &[(&str, &str)]) {
        for (typed, value) in cases {
            assert_eq!(format.read(typed).as_deref(), Ok(*value), "{} {typed:?}", format.words());
        }
    }

    fn wrong(format: Format, cases: &[(&str, &str)]) {
        for (typed, code) in cases {
            assert_eq!(format.read(typed).map_err(|v| v.code), Err(*code), "{} {typed:?}", format.words());
        }
    }

    #[test]
    fn an_example_is_right_and_in_its_one_spelling() {
        for format in Format::ALL {
            assert_eq!(format.read(format.example()).as_deref(), Ok(format.example()), "{}", format.words());
            assert!(format.example().len() <= format.most_chars());
        }
    }

    #[test]
    fn ae_titles_by_the_dicom_standard() {
        let sixteen = "A234567890123456";
        right(Format::AeTitle, &[("  CT_MAIN_1 ", "CT_MAIN_1"), ("a", "a"), (sixteen, sixteen), ("CT 1", "CT 1"), ("~!@#$%^&*()", "~!@#$%^&*()")]);
        wrong(
            Format::AeTitle,
            &[
                ("A2345678901234567", "ae-title-too-long"),
                ("CT\\1", "ae-title-signs"),
                ("CT\t1", "ae-title-signs"),
                ("CT\u{1b}1", "ae-title-signs"),
                ("CTé", "ae-title-signs"),
                ("   ", "ae-title-empty"),
            ],
        );
        assert_eq!(ae_key("ct_main_1 "), ae_key("CT_MAIN_1"));
    }

    #[test]
    fn uids_have_no_leading_zeros_and_64_characters() {
        let long = format!("1.{}", "2".repeat(62));
        right(Format::Uid, &[("1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2"), ("1.0", "1.0"), (&long, &long)]);
        let longer = format!("{long}3");
        wrong(Format::Uid, &[("1.02", "not-a-uid"), ("1..2", "not-a-uid"), ("12", "not-a-uid"), ("1.2.a", "not-a-uid"), (&longer, "not-a-uid")]);
    }

    #[test]
    fn addresses_are_those_of_a_device() {
        right(Format::Ip, &[(" 10.0.0.1", "10.0.0.1"), ("2001:0db8:0:0::1", "2001:db8::1"), ("255.255.255.254", "255.255.255.254")]);
        wrong(
            Format::Ip,
            &[
                ("10.0.0.256", "not-an-ip"),
                ("10.0.0", "not-an-ip"),
                ("010.0.0.1", "not-an-ip"),
                ("10.0.0.1/24", "not-an-ip"),
                ("pacs", "not-an-ip"),
                ("0.0.0.0", "ip-of-no-device"),
                ("127.0.0.1", "ip-of-no-device"),
                ("224.0.0.1", "ip-of-no-device"),
                ("255.255.255.255", "ip-of-no-device"),
                ("::1", "ip-of-no-device"),
            ],
        );
    }

    #[test]
    fn networks_have_a_prefix_and_no_bits_beyond_it() {
        right(
            Format::Network,
            &[("10.1.2.0/24", "10.1.2.0/24"), ("10.1.2.3/32", "10.1.2.3/32"), ("0.0.0.0/0", "0.0.0.0/0"), ("::/0", "::/0"), ("2001:DB8::/32", "2001:db8::/32")],
        );
        wrong(
            Format::Network,
            &[
                ("10.1.2.3/24", "network-host-bits"),
                ("2001:db8::1/64", "network-host-bits"),
                ("10.1.2.0/33", "not-a-network"),
                ("::/129", "not-a-network"),
                ("10.1.2.0", "not-a-network"),
                ("10.1.2.0/", "not-a-network"),
                ("10.1.2.0/+4", "not-a-network"),
                ("10.1.2.0/255.255.255.0", "not-a-network"),
            ],
        );
        assert_eq!(Format::Network.read("10.1.2.3/24").unwrap_err().params, ["10.1.2.0/24"]);
    }

    #[test]
    fn an_end_of_a_rule_is_a_host_a_network_or_anywhere() {
        right(
            Format::HostOrNetwork,
            &[("10.1.2.3", "10.1.2.3"), ("10.1.2.0/24", "10.1.2.0/24"), ("PACS.example.org.", "pacs.example.org"), ("Any", "0.0.0.0/0"), ("::/0", "::/0")],
        );
        wrong(
            Format::HostOrNetwork,
            &[("10.1.2.3/24", "network-host-bits"), ("0.0.0.0", "any-needs-prefix"), ("10.1.2.300", "not-a-host-or-network"), ("a b", "not-a-host-or-network")],
        );
        assert!(is_anywhere("0.0.0.0/0") && is_anywhere("::/0") && !is_anywhere("0.0.0.0/1"));
    }

    #[test]
    fn ports_from_1_to_65535_and_their_ranges() {
        right(Format::Port, &[("1", "1"), ("104", "104"), ("65535", "65535")]);
        wrong(Format::Port, &[("0", "not-a-port"), ("65536", "not-a-port"), ("-1", "not-a-port"), ("+80", "not-a-port"), ("http", "not-a-port")]);
        right(Format::Ports, &[("443", "443"), ("443, 80,80", "80, 443"), ("8080 - 8090", "8080-8090"), ("any", ALL_PORTS), ("0-65535", ALL_PORTS)]);
        wrong(Format::Ports, &[("0", "not-ports"), ("90-80", "ports-reversed"), ("80;443", "not-ports"), ("80,", "not-ports"), ("1-65536", "not-ports")]);
        assert!(is_every_port(ALL_PORTS) && is_every_port("1-65535") && is_every_port("1-1024, 1025-65535"));
        assert!(!is_every_port("2-65535") && !is_every_port("1-65534") && !is_every_port("1-1023, 1025-65535"));
    }

    #[test]
    fn host_names_by_rfc_1123() {
        let label = "a".repeat(63);
        right(Format::HostName, &[("PACS-1", "pacs-1"), ("a.b.example.org.", "a.b.example.org"), ("3com.example", "3com.example"), (&label, &label)]);
        let longer = "a".repeat(64);
        let whole = format!("{}.example", "a.".repeat(124));
        for bad in ["-a", "a-", "a..b", "a_b", "a b", "10.0.0.1", "123", "", &longer, &whole] {
            wrong(Format::HostName, &[(bad, "not-a-host-name")]);
        }
    }

    #[test]
    fn mac_addresses_in_three_spellings() {
        for typed in ["00:1b:44:11:3a:b7", "00-1B-44-11-3A-B7", "001b.4411.3ab7", "001B44113AB7"] {
            right(Format::Mac, &[(typed, "00:1B:44:11:3A:B7")]);
        }
        for bad in ["00:1b:44:11:3a", "00:1b:44:11:3a:b7:00", "00:1b:44:11:3a:bg", "00:1b-44:11:3a:b7", "000000000000", "ff:ff:ff:ff:ff:ff"] {
            wrong(Format::Mac, &[(bad, "not-a-mac")]);
        }
    }

    #[test]
    fn codes_of_the_national_directories() {
        right(Format::Ods, &[("rxa", "RXA"), ("RXA01", "RXA01"), ("A83002", "A83002"), ("ABCDEFGH1234", "ABCDEFGH1234")]);
        wrong(Format::Ods, &[("RX", "not-an-ods-code"), ("RXA-1", "not-an-ods-code"), ("ABCDEFGH12345", "not-an-ods-code")]);
        right(Format::Asid, &[("200000012345", "200000012345"), ("2000 0001 2345", "200000012345")]);
        wrong(Format::Asid, &[("20000001234", "not-an-asid"), ("2000000123456", "not-an-asid"), ("20000001234A", "not-an-asid")]);
        right(Format::PartyKey, &[("rxa-801234", "RXA-801234"), ("YES-0000806", "YES-0000806")]);
        wrong(
            Format::PartyKey,
            &[("RXA801234", "not-a-party-key"), ("RXA-80123", "not-a-party-key"), ("RXA-80123456", "not-a-party-key"), ("-801234", "not-a-party-key")],
        );
    }

    #[test]
    fn telephone_numbers_and_extensions() {
        for typed in ["020 7946 0117", "+44 (0)20 7946 0117", "01632 960001 ext 4412", "01632 960001 x12", "54321", "1234567890 12345"] {
            right(Format::Phone, &[(typed, typed)]);
        }
        for bad in ["1234", "1234567890 123456", "ring the desk", "020 7946 0117 ext", "020 7946 0117 ext 1234567", "++44 20", "020/7946"] {
            wrong(Format::Phone, &[(bad, "not-a-phone")]);
        }
    }
}
