//! Technical values by chance, each right by its format.

use super::chance::Chance;
use crate::form::format::Format;

/// A value of this format, new nearly every time.
pub fn of(format: Format, chance: &mut Chance) -> String {
    let mut number = |most: i64| chance.between(1, most);
    match format {
        Format::AeTitle => format!("AE_{:X}", chance.next() & 0xFFF_FFFF),
        Format::Uid => format!("1.2.826.{}", number(1_000_000)),
        Format::Ip => format!("10.{}.{}.{}", number(254), number(254), number(254)),
        Format::Network => format!("10.{}.{}.0/24", number(254), number(254)),
        Format::HostOrNetwork => match number(3) {
            1 => format!("10.{}.{}.0/24", number(254), number(254)),
            2 => format!("host-{}.example.org", number(100_000)),
            _ => format!("2001:db8::{:x}", number(0xFFFF)),
        },
        Format::Port => number(65_535).to_string(),
        Format::Ports => format!("{}, {}-{}", number(1_000), 2_000 + number(100), 3_000 + number(100)),
        Format::HostName => format!("mod-{}.example.org", number(100_000)),
        Format::Mac => format!("00:1B:44:{:02X}:{:02X}:{:02X}", number(255), number(255), number(255)),
        Format::Ods => format!("RX{:03}", number(999)),
        Format::Asid => format!("2{:011}", number(99_999_999)),
        Format::PartyKey => format!("RXA-{:06}", number(999_999)),
        Format::Phone => format!("020 7946 {:04}", number(9_999)),
    }
}
