//! Payload and Content-Format against the code (RFC 7252 section 5.5).

use super::Check;
use crate::coap::finding::LATER_BLOCK;
use crate::coap::option::mask_of;
use crate::coap::{Block, Code, ContentFormat, Message, OptionNumber, Rule, Span};

/// The options of block-wise transfer.
pub(super) const BLOCKS: u64 =
    mask_of(&[OptionNumber::BLOCK1, OptionNumber::BLOCK2, OptionNumber::Q_BLOCK1, OptionNumber::Q_BLOCK2]);
pub(super) const CONTENT_FORMAT: u64 = mask_of(&[OptionNumber::CONTENT_FORMAT]);
const OSCORE: u64 = mask_of(&[OptionNumber::OSCORE]);

impl Check<'_, '_> {
    pub(super) fn payload(&mut self) {
        let message = self.message;
        // What OSCORE protects has its code, format and payload inside; what ends early does not show all it has.
        if !self.is_complete() || message.layout.seen & OSCORE != 0 {
            return;
        }
        // One of a length that is not allowed names no format.
        let has_format = message.layout.seen & CONTENT_FORMAT != 0 && message.content_format().is_some();
        if self.header.code == Code::FETCH && !has_format && !self.continues_response() {
            self.raise_code(Rule::CfFetchMissing);
        }
        match message.payload_offset() {
            Some(offset) => self.present(Span::of_bytes(offset, message.payload().len()), has_format),
            None if has_format && message.layout.seen & BLOCKS == 0 => {
                let format = message.content_format().unwrap_or(ContentFormat::TEXT);
                self.raise(Rule::CfWithoutPayload, self.option_span(OptionNumber::CONTENT_FORMAT), format.0, 0);
            }
            None => {}
        }
    }

    /// A message with a payload.
    fn present(&mut self, span: Span, has_format: bool) {
        let (message, code) = (self.message, self.header.code);
        // A FETCH asks with its payload, and may ask so for each block of the response (RFC 8132 section 2).
        let goes_on = self.kind.is_request() && code != Code::FETCH && self.continues_response();
        if goes_on || matches!(code, Code::VALID | Code::CONTINUE | Code::GET | Code::DELETE) {
            let asks = if goes_on { LATER_BLOCK } else { 0 };
            self.raise(Rule::PayloadNotAllowed, span, asks | i64::from(code.0), message.payload().len() as i64);
            return;
        }
        if has_format {
            return;
        }
        if code.is_error() {
            self.raise(Rule::PayloadDiagnostic, span, 0, 0);
            if std::str::from_utf8(message.payload()).is_err() && !is_part(message) {
                self.raise(Rule::PayloadDiagnosticNotUtf8, span, 0, 0);
            }
        } else if (self.kind.is_request() && code != Code::FETCH || code.is_success())
            && !is_later_block(message, self.kind.is_request())
        {
            self.raise(Rule::CfMissing, span, message.payload().len() as i64, 0);
        }
    }

    /// Whether this is a request for a later block of a response (RFC 7959 section 2.7).
    fn continues_response(&self) -> bool {
        self.kind.is_request() && self.message.block2().is_some_and(|block| block.number > 0)
    }
}

/// Whether the payload is a later block of a body whose format the first block tells.
fn is_later_block(message: &Message<'_>, is_request: bool) -> bool {
    described(message, is_request).is_some_and(|block| block.number > 0)
}

/// Whether the payload is not the whole body.
fn is_part(message: &Message<'_>) -> bool {
    described(message, false).is_some_and(|block| block.number > 0 || block.more)
}

/// The block options one of which describes a payload: Block1 in a request and Block2 in a response, and their Q-Block kin.
pub(super) const fn describing(is_request: bool) -> [OptionNumber; 2] {
    if is_request {
        [OptionNumber::BLOCK1, OptionNumber::Q_BLOCK1]
    } else {
        [OptionNumber::BLOCK2, OptionNumber::Q_BLOCK2]
    }
}

/// What [describes](describing) the payload.
pub(super) fn described(message: &Message<'_>, is_request: bool) -> Option<Block> {
    if message.layout.seen & BLOCKS == 0 {
        return None;
    }
    let [plain, quick] = describing(is_request);
    message.block(plain).or_else(|| message.block(quick))
}
