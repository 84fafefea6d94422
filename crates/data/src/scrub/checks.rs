//! Check digits and ranges.

/// The digits of a text, separators left out.
pub(super) fn digits(text: &str) -> Vec<u32> {
    text.chars().filter_map(|c| c.to_digit(10)).collect()
}

/// Whether the digits of a card belong to a network and pass Luhn's check (ISO/IEC 7812-1, annex B).
pub(super) fn is_card(text: &str) -> bool {
    let digits = digits(text);
    let start = |n: usize| digits.iter().take(n).fold(0, |number, digit| number * 10 + digit);
    let network = match digits.len() {
        14 => matches!(start(2), 36 | 38 | 39) || matches!(start(3), 300..=305), // Diners Club
        15 => matches!(start(2), 34 | 37),                                       // American Express
        16 => {
            matches!(start(1), 4)                                   // Visa
                || matches!(start(2), 51..=55) || matches!(start(4), 2221..=2720) // Mastercard
                || matches!(start(4), 6011) || matches!(start(2), 65) // Discover
                || matches!(start(4), 3528..=3589)                  // JCB
                || matches!(start(2), 62) // UnionPay
        }
        17..=19 => matches!(start(2), 62) || digits.len() == 19 && matches!(start(1), 4),
        _ => false,
    };
    network && luhn(&digits)
}

fn luhn(digits: &[u32]) -> bool {
    let weighed = digits.iter().rev().enumerate().map(|(place, &digit)| match place % 2 {
        0 => digit,
        _ => digit * 2 / 10 + digit * 2 % 10,
    });
    weighed.sum::<u32>() % 10 == 0
}

/// First two digits of the provinces and other regions (GB/T 2260).
const PROVINCES: [u32; 34] = [
    11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52,
    53, 54, 61, 62, 63, 64, 65, 71, 81, 82,
];

/// Whether 18 characters are a resident number: province, date of birth, check character by ISO 7064
/// MOD 11-2 (GB 11643).
pub(super) fn is_chinese_id(text: &str) -> bool {
    let value = |c: char| if matches!(c, 'X' | 'x') { Some(10) } else { c.to_digit(10) };
    let values: Vec<u32> = text.chars().filter_map(value).collect();
    let part = |from: usize, to: usize| {
        values.get(from..to).unwrap_or_default().iter().fold(0, |number, digit| number * 10 + digit)
    };
    let sum = values.iter().fold(0, |sum, value| (sum * 2 + value) % 11);
    values.len() == 18
        && PROVINCES.contains(&part(0, 2))
        && is_date(part(6, 10), part(10, 12), part(12, 14))
        && sum == 1
}

fn is_date(year: u32, month: u32, day: u32) -> bool {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(leap),
        1..=12 => 31,
        _ => 0,
    };
    (1900..2100).contains(&year) && (1..=days).contains(&day)
}

/// Whether nine digits may be a social security number: ranges that are never given out are not.
pub(super) fn is_us_ssn(text: &str) -> bool {
    let number = digits(text).iter().fold(0, |number, digit| number * 10 + digit);
    let (area, group, serial) = (number / 1_000_000, number / 10_000 % 100, number % 10_000);
    !matches!(area, 0 | 666 | 900..) && group != 0 && serial != 0
}

/// Whether the prefix of a national insurance number is given out.
pub(super) fn is_uk_nino(text: &str) -> bool {
    let prefix: String = text.chars().take(2).collect();
    !["BG", "GB", "KN", "NK", "NT", "TN", "ZZ"].contains(&prefix.as_str())
}

/// Whether a text with colons is an IPv6 address, and no times, scopes or names such as `a::b`.
pub(super) fn is_ipv6(text: &str) -> bool {
    let plain = text.contains(|c: char| c.is_ascii_digit()) || text.matches(':').count() >= 4;
    plain && text.parse::<std::net::Ipv6Addr>().is_ok()
}

/// Whether a number with a country code has as many digits as numbers have (ITU-T E.164).
pub(super) fn is_international(text: &str) -> bool {
    (8..=15).contains(&digits(text).len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_numbers_pass_and_their_neighbours_do_not() {
        // Test numbers of the networks; the example of GB 11643; a number shown in advertisements.
        for card in ["4111 1111 1111 1111", "5555555555554444", "378282246310005", "30569309025904"]
        {
            assert!(is_card(card), "{card}");
            let last = card.chars().last().and_then(|c| c.to_digit(10)).unwrap();
            let other = format!("{}{}", &card[..card.len() - 1], (last + 1) % 10);
            assert!(!is_card(&other), "{other}");
        }
        assert!(!is_card("490154203237518"), "an IMEI passes Luhn's check but is no card");
        assert!(is_chinese_id("11010519491231002X") && is_chinese_id("510107200002290010"));
        assert!(!is_chinese_id("110105194912310021") && !is_chinese_id("510107200102290018"));
        assert!(is_us_ssn("078-05-1120"));
        assert!(
            !is_us_ssn("666-05-1120") && !is_us_ssn("900-05-1120") && !is_us_ssn("078-00-1120")
        );
        assert!(is_ipv6("2001:db8::1") && is_ipv6("::1") && is_ipv6("fe80::a:b:c"));
        assert!(!is_ipv6("a::b") && !is_ipv6("12:30:45") && !is_ipv6("::"));
    }
}
