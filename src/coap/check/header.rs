//! Header, code, and what may go together in them (RFC 7252 sections 3 and 4).

use super::{Check, Kind};
use crate::coap::draft::OPEN;
use crate::coap::parameters::{MESSAGE_SIZE_BOUND, PAYLOAD_SIZE_BOUND, TOKEN_BOUND};
use crate::coap::{CodeKind, DecodeMode, MessageType, Rule, Span};

impl Check<'_, '_> {
    pub(super) fn header(&mut self) {
        let (message, code) = (self.message, self.header.code);
        match code.kind() {
            CodeKind::Empty => self.empty(),
            CodeKind::Request => {
                if self.kind == Kind::UnknownMethod {
                    self.raise_code(Rule::CodeUnknownMethod);
                }
                if self.header.message_type == MessageType::Acknowledgement {
                    self.raise_code(Rule::AckRequest);
                }
                let may_be_open =
                    matches!(self.header.message_type, MessageType::Confirmable | MessageType::NonConfirmable);
                if may_be_open && message.token().is_some_and(<[u8]>::is_empty) {
                    self.raise(Rule::ReqEmptyToken, Span::of_bits(4, 4), 0, 0);
                }
            }
            CodeKind::Response => {
                if code.row().is_none() && !message.is_ok_of_03() {
                    self.raise_code(Rule::CodeUnknownResponse);
                }
            }
            CodeKind::Signaling => self.raise_code(Rule::CodeSignalingOnUdp),
            CodeKind::Reserved => self.raise_code(Rule::CodeReservedClass),
        }
        let length = message.bytes().len();
        if self.header.message_type == MessageType::Reset && (!code.is_empty() || message.least_length() > 4) {
            let told = if message.is_cut() { -1 } else { length as i64 };
            self.raise(Rule::RstNotEmpty, Span::of_bytes(0, length), code.0, told);
        }
        if self.header.token_length > TOKEN_BOUND && message.token().is_some() && !message.mode().is_draft() {
            let length = message.token().map_or(0, <[u8]>::len);
            self.raise(Rule::HdrTklExtended, Span::of_bits(4, 4), length as i64, 0);
        }
        if length > MESSAGE_SIZE_BOUND || message.payload().len() > PAYLOAD_SIZE_BOUND {
            let payload = message.payload().len();
            self.raise(Rule::SizeLarge, Span::of_bytes(0, length), length as i64, payload as i64);
        }
    }

    /// Code 0.00.
    fn empty(&mut self) {
        let (behind, token_length) = (self.message.bytes().len() - 4, self.header.token_length);
        let has_more = self.message.least_length() > 4 || token_length > 0;
        if has_more {
            let span = match (behind, token_length) {
                (0, 0) => Span::of_bytes(0, 4),
                (0, _) => Span::of_bits(4, 4),
                _ => Span::of_bytes(4, behind),
            };
            let told = if self.message.is_cut() { 0 } else { behind as i64 };
            self.raise(Rule::EmptyNotEmpty, span, told, token_length);
        }
        match self.header.message_type {
            MessageType::NonConfirmable => self.raise(Rule::EmptyNon, Span::of_bytes(0, 2), 0, 0),
            MessageType::Confirmable if !has_more => self.raise(Rule::EmptyPing, Span::of_bytes(0, 4), 0, 0),
            _ => {}
        }
    }

    /// A message read as an old draft. An Empty one looks the same in all of them and today.
    pub(super) fn draft(&mut self) {
        let open = self.message.mode() != DecodeMode::Draft03 && self.header.token_length == OPEN;
        if !self.header.code.is_empty() {
            let count = if open { self.message.options().count() as i64 } else { i64::from(self.header.token_length) };
            self.raise(Rule::DraftHeader, Span::of_bits(4, 4), count, 0);
        }
    }
}
