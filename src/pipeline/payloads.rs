//! Payloads that are not what their Content-Format says, where somebody asks: every command does.

use crate::coap::{Finding, Message, OptionNumber, Severity};
use crate::payload::{self, Part};
use crate::tracking::Seed;

/// Sound payloads that are remembered: devices say the same things again and again.
const REMEMBERED: usize = 4096;

/// Spreads code and Content-Format over the bits of a hash: the fraction of the golden ratio.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// Which payloads have been judged.
pub struct Payloads {
    /// Hashes of sound ones, each in the place that its low bits say. Empty where nobody asks.
    sound: Vec<u64>,
    /// Nobody outside knows with what it begins, so that no two payloads can be made to have the same hash.
    seed: Seed,
}

impl Payloads {
    /// `wanted`: somebody asks.
    pub fn new(wanted: bool) -> Self {
        Self { sound: if wanted { vec![0; REMEMBERED] } else { Vec::new() }, seed: Seed::default() }
    }

    /// Whether there is something to be said of the payload of a well-formed message.
    #[inline]
    pub fn are_odd(&mut self, message: &Message<'_>) -> bool {
        !self.sound.is_empty() && !message.payload().is_empty() && !self.judge(message).is_empty()
    }

    /// What is to be said of it.
    pub fn findings(&mut self, message: &Message<'_>) -> Vec<Finding> {
        if self.sound.is_empty() || message.payload().is_empty() { Vec::new() } else { self.judge(message) }
    }

    /// The severity of the worst of it.
    pub fn worst(&mut self, message: &Message<'_>) -> Option<Severity> {
        self.findings(message).iter().map(|finding| finding.severity).max()
    }

    fn judge(&mut self, message: &Message<'_>) -> Vec<Finding> {
        if !message.has(OptionNumber::CONTENT_FORMAT) || payload::part(message) != Part::Whole {
            return Vec::new();
        }
        let code = message.header().map_or(0, |header| header.code.0);
        let format = message.content_format().map_or(1 << 16, |format| u64::from(format.0));
        let kind = (format << 8 | u64::from(code)).wrapping_mul(SPREAD);
        let hash = self.seed.hash(message.payload()) ^ kind | 1;
        let Some(place) = self.sound.get_mut(hash as usize / 2 % REMEMBERED).filter(|place| **place != hash) else {
            return Vec::new();
        };
        let judged = payload::judged(message);
        if judged.as_ref().is_some_and(Vec::is_empty) {
            *place = hash;
        }
        judged.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coap::{DecodeMode, Rule};

    #[test]
    fn what_was_not_judged_says_nothing_of_others_with_its_payload() {
        // 2.05, Content-Format 60, and behind it an array that is not whole.
        let plain = b"\x50\x45\0\x02\xc1\x3c\xff\xa1";
        let oscore = b"\x50\x45\0\x01\x91\x08\x31\x3c\xff\xa1";
        let later = b"\x50\x45\0\x01\xc1\x3c\xb1\x10\xff\xa1";
        let others = [
            ("OSCORE", Message::decode(oscore)),
            ("a later block", Message::decode(later)),
            ("a draft", Message::decode_as(plain, DecodeMode::Draft12)),
            ("cut", Message::decode(plain).cut_if(true)),
        ];
        for (what, other) in others {
            let mut payloads = Payloads::new(true);
            assert!(!payloads.are_odd(&other), "{what}");
            let rules: Vec<_> = payloads.findings(&Message::decode(plain)).iter().map(|found| found.rule).collect();
            assert_eq!(rules, [Rule::CfParseFailed], "{what}");
        }
    }
}
