//! Numbers written behind a text, by the million: the machinery of `format!` costs more than the digits.

/// Appends a number in decimal.
pub(super) fn push(into: &mut String, number: impl itoa::Integer) {
    into.push_str(itoa::Buffer::new().format(number));
}

/// Appends a number in so many decimal digits at least, at most nine.
#[inline]
pub(super) fn push_padded(into: &mut String, number: u64, digits: u32) {
    let one = 10_u64.pow(digits.min(9));
    if number >= one {
        return push(into, number);
    }
    let mut buffer = itoa::Buffer::new();
    into.push_str(buffer.format(one + number).get(1..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_format() {
        for number in [0, 1, 9, 10, 99, 100, 999_999, 1_000_000, 123_456_789, u64::MAX] {
            for digits in [1, 2, 6, 9] {
                let mut text = String::from("x");
                push_padded(&mut text, number, digits);
                assert_eq!(text, format!("x{number:0width$}", width = digits as usize));
            }
        }
    }
}
