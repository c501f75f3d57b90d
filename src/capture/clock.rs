//! Time stamps of savefiles as nanoseconds since 1970.

use crate::coap::UNKNOWN_TIME;

/// How an interface counts time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Ticks in a second.
    pub per_second: u128,
    /// Seconds to add.
    pub offset: i64,
}

impl Clock {
    /// Microseconds, the habit of both formats.
    pub const MICROSECONDS: Self = Self { per_second: 1_000_000, offset: 0 };
    /// Nanoseconds.
    pub const NANOSECONDS: Self = Self { per_second: 1_000_000_000, offset: 0 };

    /// The clock of an interface whose option `if_tsresol` has this value: a negative power of 10, or of 2 with the highest bit set.
    pub fn from_resolution(resolution: u8, offset: i64) -> Self {
        let exponent = u32::from(resolution & 0x7f);
        let base: u128 = if resolution & 0x80 == 0 { 10 } else { 2 };
        Self { per_second: base.saturating_pow(exponent), offset }
    }

    /// Nanoseconds since 1970 of the ticks that a block has; not known where it has none, which is so in a simple one.
    #[inline]
    pub(super) fn time(self, ticks: Option<u64>) -> i64 {
        ticks.map_or(UNKNOWN_TIME, |ticks| self.nanoseconds(ticks))
    }

    /// Nanoseconds since 1970 of so many ticks; at the end of the range where it leaves that (years 1677 to 2262).
    #[inline]
    pub fn nanoseconds(self, ticks: u64) -> i64 {
        if self.offset == 0 {
            let quick = match self.per_second {
                1_000_000_000 => Some(ticks),
                1_000_000 => ticks.checked_mul(1000),
                _ => None,
            };
            if let Some(time) = quick.and_then(|time| i64::try_from(time).ok()) {
                return time;
            }
        }
        // 94 bits at most, so neither product nor sum can leave the type.
        let exact =
            (u128::from(ticks) * 1_000_000_000 / self.per_second) as i128 + i128::from(self.offset) * 1_000_000_000;
        exact.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_become_nanoseconds() {
        for (resolution, offset, ticks, expected) in [
            (6, 0, 1_700_000_000_123_456, 1_700_000_000_123_456_000),
            (9, 0, 1_700_000_000_123_456_789, 1_700_000_000_123_456_789),
            (9, 10, 5, 10_000_000_005),
            (9, -10, 5, -9_999_999_995),
            (0, 0, 7, 7_000_000_000),
            (3, 0, 7, 7_000_000),
            (12, 0, 7_999, 7),
            (0x80 | 10, 0, 1536, 1_500_000_000),
            (0x80 | 127, 0, u64::MAX, 0),
            (127, 0, u64::MAX, 0),
            (0, 0, u64::MAX, i64::MAX),
            (6, 0, u64::MAX, i64::MAX),
            (9, i64::MIN, 0, i64::MIN),
        ] {
            let clock = Clock::from_resolution(resolution, offset);
            assert_eq!(clock.nanoseconds(ticks), expected, "{resolution} {offset} {ticks}");
        }
    }
}
