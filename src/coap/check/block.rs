//! Block-wise transfer, plain and with Q-Block (RFC 7959, RFC 9177).

use super::payload::{described, describing};
use super::{Check, Kind};
use crate::coap::option::mask_of;
use crate::coap::{Block, Code, ContentFormat, OptionNumber, Rule, Span};

const PLAIN: [OptionNumber; 2] = [OptionNumber::BLOCK1, OptionNumber::BLOCK2];
const QUICK: [OptionNumber; 2] = [OptionNumber::Q_BLOCK1, OptionNumber::Q_BLOCK2];
const PLAIN_MASK: u64 = mask_of(&PLAIN);
const QUICK_MASK: u64 = mask_of(&QUICK);

impl Check<'_, '_> {
    pub(super) fn block(&mut self) {
        let seen = self.message.layout.seen & (PLAIN_MASK | QUICK_MASK);
        if seen != 0 {
            self.block_options(seen);
        }
        if self.header.code == Code::REQUEST_ENTITY_INCOMPLETE {
            self.missing_blocks();
        }
    }

    /// The list of blocks that have not arrived.
    fn missing_blocks(&mut self) {
        let Some(offset) = self.message.payload_offset().filter(|_| !self.message.is_cut()) else { return };
        let payload = self.message.payload();
        let count = count_numbers(payload);
        if self.message.content_format() == Some(ContentFormat::MISSING_BLOCKS) && count > 0 {
            self.raise(Rule::QblockLost, Span::of_bytes(offset, payload.len()), count, 0);
        }
    }

    fn block_options(&mut self, seen: u64) {
        for number in PLAIN.into_iter().chain(QUICK) {
            for option in self.message.first_options().filter(|option| option.number == number) {
                if Block::read(option.value).is_some_and(|block| block.szx == 7) {
                    self.raise(Rule::BlockSzx7, option.span(), number.0, 0);
                }
            }
        }
        let is_request = self.kind.is_request();
        if is_request && self.message.block2().is_some_and(|block| block.more) {
            self.raise(Rule::BlockControlMSet, self.option_span(OptionNumber::BLOCK2), OptionNumber::BLOCK2.0, 0);
        }
        if seen & PLAIN_MASK != 0 && seen & QUICK_MASK != 0 {
            let first = |numbers: [OptionNumber; 2]| {
                numbers.into_iter().find(|number| self.has(*number)).map_or(0, |number| number.0)
            };
            let (quick, plain) = (first(QUICK), first(PLAIN));
            self.raise(Rule::QblockMixed, self.option_span(OptionNumber(quick)), quick, plain);
        }
        if self.is_complete() {
            self.block_size();
            self.block_companions();
        }
        if let Some(block) = self.message.block1().filter(|block| block.number != 0)
            && is_request
            && self.has(OptionNumber::IF_NONE_MATCH)
        {
            self.raise(Rule::BlockIfNoneMatch, self.option_span(OptionNumber::IF_NONE_MATCH), block.number, 0);
        }
        let wanted = self.message.options_of(OptionNumber::Q_BLOCK2).count();
        if is_request && wanted > 1 {
            self.raise(Rule::QblockLost, self.option_span(OptionNumber::Q_BLOCK2), wanted as i64, 0);
        }
    }

    /// A block with more behind it is as long as its option says.
    fn block_size(&mut self) {
        if self.kind == Kind::Neither {
            return;
        }
        let payload = self.message.payload();
        let Some(block) = described(self.message, self.kind.is_request()) else {
            return;
        };
        if block.more && block.szx != 7 && payload.len() as u32 != block.size() {
            let [plain, quick] = describing(self.kind.is_request());
            let option = if self.has(plain) { plain } else { quick };
            let span = self
                .message
                .payload_offset()
                .map_or(self.option_span(option), |offset| Span::of_bytes(offset, payload.len()));
            self.raise(Rule::BlockSizeMismatch, span, block.size(), payload.len() as i64);
        }
    }

    /// The options that belong beside a block option; with OSCORE some of them are inside.
    fn block_companions(&mut self) {
        if self.has(OptionNumber::OSCORE) {
            return;
        }
        if self.header.code == Code::CONTENT
            && !self.has(OptionNumber::ETAG)
            && self.message.block2().is_some_and(|block| block.more || block.number > 0)
        {
            self.raise(Rule::BlockNoEtag, self.option_span(OptionNumber::BLOCK2), 0, 0);
        }
        let (quick, companions) = match self.kind {
            Kind::Response => (OptionNumber::Q_BLOCK2, [OptionNumber::ETAG, OptionNumber::SIZE2]),
            Kind::Neither => return,
            _ => (OptionNumber::Q_BLOCK1, [OptionNumber::REQUEST_TAG, OptionNumber::SIZE1]),
        };
        if self.has(quick) {
            for companion in companions {
                if !self.has(companion) {
                    self.raise(Rule::QblockMissingCompanion, self.option_span(quick), quick.0, companion.0);
                }
            }
        }
    }
}

/// How many blocks a CBOR sequence of rising unsigned integers names (RFC 9177 section 5); counting ends at anything else.
fn count_numbers(mut sequence: &[u8]) -> i64 {
    let (mut count, mut last) = (0, None);
    while let Some((&head, rest)) = sequence.split_first() {
        let following = match head {
            ..=23 => 0,
            24..=27 => 1 << (head - 24),
            _ => break,
        };
        let Some((bytes, rest)) = rest.split_at_checked(following) else { break };
        let number = bytes
            .iter()
            .fold(if following == 0 { u64::from(head) } else { 0 }, |sum, byte| sum << 8 | u64::from(*byte));
        count += i64::from(last < Some(number));
        (last, sequence) = (last.max(Some(number)), rest);
    }
    count
}
