//! Pounds as whole pence. Nothing here is a fraction: a rate is in hundredths of a per cent, a quantity in hundredths.

/// The most that one amount may be: a thousand million pounds.
pub const MOST_PENCE: i64 = 100_000_000_000;
/// The most of a quantity, in hundredths: a million.
pub const MOST_QUANTITY: i64 = 100_000_000;
/// Rates of value added tax, in hundredths of a per cent.
pub const VAT_RATES: &[i64] = &[2_000, 500, 0];

/// What was typed for an amount: `1250`, `1,250.00`, `£1250.5`. `None` where it is none, or below nothing.
pub fn parse(typed: &str) -> Option<i64> {
    let typed = typed.trim().trim_start_matches('£').trim_start();
    hundredths(typed).filter(|pence| *pence <= MOST_PENCE)
}

/// What was typed for a quantity, in hundredths: `2`, `2.5`, `0.25`.
pub fn parse_quantity(typed: &str) -> Option<i64> {
    hundredths(typed.trim()).filter(|quantity| *quantity <= MOST_QUANTITY)
}

fn hundredths(typed: &str) -> Option<i64> {
    let (whole, part) = typed.split_once('.').map_or((typed, ""), |(whole, part)| (whole, part));
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let grouped = whole.split(',').enumerate().all(|(n, group)| !group.is_empty() && digits(group) && (n == 0 || group.len() == 3));
    if !grouped || !digits(part) || part.len() > 2 || typed.ends_with('.') {
        return None;
    }
    let whole: i64 = whole.replace(',', "").parse().ok()?;
    let part: i64 = format!("{part:0<2}").parse().ok()?;
    whole.checked_mul(100)?.checked_add(part)
}

/// `£1,250.00`; with a minus before the sign of the pound where it is below nothing.
pub fn pounds(pence: i64) -> String {
    let (whole, part) = (pence.unsigned_abs() / 100, pence.unsigned_abs() % 100);
    let digits = whole.to_string();
    let mut words = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            words.push(',');
        }
        words.push(digit);
    }
    format!("{}£{words}.{part:02}", if pence < 0 { "-" } else { "" })
}

/// `1250.00`, as files and fields hold it.
pub fn plain(pence: i64) -> String {
    format!("{}{}.{:02}", if pence < 0 { "-" } else { "" }, pence.unsigned_abs() / 100, pence.unsigned_abs() % 100)
}

/// A quantity in hundredths as people write it: `2`, `2.5`, `0.25`.
pub fn quantity(hundredths: i64) -> String {
    let words = plain(hundredths);
    words.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `20 %`, `17.5 %`.
pub fn per_cent(hundredths: i64) -> String {
    format!("{} %", quantity(hundredths))
}

/// A part of an amount that is not negative, rounded half up (spec 9): `amount * times / of`.
pub fn part(amount: i64, times: i64, of: i64) -> i64 {
    let (amount, times, of) = (i128::from(amount), i128::from(times), i128::from(of));
    i64::try_from((amount * times * 2 + of) / (of * 2)).unwrap_or(i64::MAX)
}

/// What a quantity at a price comes to.
pub fn line_net(quantity_hundredths: i64, unit_pence: i64) -> i64 {
    part(unit_pence, quantity_hundredths, 100)
}

/// Value added tax on one line, rounded half up.
pub fn vat(net_pence: i64, rate: i64) -> i64 {
    part(net_pence, rate, 10_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_and_written() {
        for (typed, pence) in [("1250", 125_000), ("1,250.00", 125_000), (" £8,450.5 ", 845_050), ("0.01", 1), ("1,000,000", 100_000_000)] {
            assert_eq!(parse(typed), Some(pence), "{typed}");
        }
        for typed in ["", "-1", "1.234", "1.", ".5", "1,25", "12,50.00", "1e3", "ten", "£", "1 250", "99999999999999999999", "1000000001"] {
            assert_eq!(parse(typed), None, "{typed}");
        }
        assert_eq!((pounds(125_000).as_str(), pounds(-5).as_str(), pounds(100_000_001).as_str()), ("£1,250.00", "-£0.05", "£1,000,000.01"));
        assert_eq!((plain(125_050).as_str(), quantity(250).as_str(), quantity(300).as_str(), per_cent(1_750).as_str()), ("1250.50", "2.5", "3", "17.5 %"));
    }

    #[test]
    fn halves_go_up() {
        // 0.025 of a pound, 0.015, and just below.
        assert_eq!((vat(250, 2_000), vat(3, 2_000), vat(2, 2_000), vat(10, 500), vat(9, 500)), (50, 1, 0, 1, 0));
        assert_eq!((line_net(250, 333), line_net(50, 1), line_net(49, 1)), (833, 1, 0));
    }
}
