//! Messages of the drafts before RFC 7252: their codes, and how to tell them from today's.

use super::Code;

/// The code of drafts up to -03 in today's numbering: there a response code is class * 40 + detail, as in HTTP's numbers.
/// 304 (124) is today's 2.03; what today's code cannot express becomes the generic code of its class.
pub fn code_03(code: u8) -> Code {
    match code {
        0..=39 => Code(code),
        124 => Code::VALID,
        _ => Code::new(code / 40, if code % 40 > 31 { 0 } else { code % 40 }),
    }
}
