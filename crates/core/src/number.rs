//! Numbers in JSON's spelling, compared by value: exactly, however many digits they have.

/// Whether two numbers are the same: `1.0` and `1`, `100` and `1e2`, `0` and `-0`.
pub(crate) fn is_equal(one: &str, other: &str) -> bool {
    one == other
        || matches!((Decimal::read(one), Decimal::read(other)), (Some(a), Some(b)) if a == b)
}

/// `digits` × 10^`exponent`; the digits neither begin nor end with `0`. Zero has none.
#[derive(PartialEq)]
struct Decimal {
    is_negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    /// `None` for an exponent beyond all measure.
    fn read(text: &str) -> Option<Self> {
        let (is_negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let digits = all.trim_start_matches('0').trim_end_matches('0');
        if digits.is_empty() {
            return Some(Self { is_negative: false, digits: String::new(), exponent: 0 });
        }
        let ends_in = all.len() - all.trim_end_matches('0').len();
        let shift = i64::try_from(ends_in).ok()? - i64::try_from(fraction.len()).ok()?;
        let exponent = exponent.parse::<i64>().ok()?.checked_add(shift)?;
        Some(Self { is_negative, digits: digits.to_owned(), exponent })
    }
}

#[cfg(test)]
mod tests {
    use super::is_equal;

    #[test]
    fn numbers_are_equal_by_value() {
        for same in [
            ["1", "1.0"],
            ["100", "1e2"],
            ["100", "1E+2"],
            ["0.001", "1e-3"],
            ["-0.0", "0"],
            ["0e7", "0"],
            ["12345678901234567890", "1234567890123456789e1"],
            ["120.50", "1.205e2"],
        ] {
            assert!(is_equal(same[0], same[1]), "{same:?}");
        }
        for other in [
            ["1", "-1"],
            ["1", "10"],
            ["9007199254740993", "9007199254740992"],
            ["0.1", "0.10000000000000000001"],
            ["1e400", "1e401"],
            ["1e99999999999999999999", "2"],
            ["1e-400", "0"],
        ] {
            assert!(!is_equal(other[0], other[1]), "{other:?}");
        }
    }
}
