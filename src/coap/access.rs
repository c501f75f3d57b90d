//! Reading a decoded message: header, token, options, payload, and what the common options say.

use super::message::{DecodeMode, Header, Message};
use super::option::{Block, OptionInstance, OptionNumber, Oscore, bit, has_own_bit, high_bit};
use super::walk::{Lean, Place, Step, draft_step, lean};
use super::{Code, ContentFormat, MessageType, Span};

/// Options of one message that are looked at one by one. No program sends a tenth of them; a datagram has room for 65,000.
const MOST_OPTIONS: usize = 512;

impl<'a> Message<'a> {
    /// The bytes of the message.
    #[inline]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// How it was read: as RFC 8974 says only where its token has more than eight bytes, since shorter ones are the same by RFC 7252.
    #[inline]
    pub fn mode(&self) -> DecodeMode {
        self.layout.mode
    }

    /// The header; None below four bytes.
    #[inline]
    pub fn header(&self) -> Option<Header> {
        let header = Header::read(self.bytes)?;
        let is_renumbered = self.layout.mode == DecodeMode::Draft03;
        Some(if is_renumbered { Header { code: super::draft::code_03(header.code.0), ..header } } else { header })
    }

    /// The token, which may be empty; None where it could not be read in full. In old drafts the value of the Token option.
    #[inline]
    pub fn token(&self) -> Option<&'a [u8]> {
        if !self.layout.has_token {
            return None;
        }
        self.bytes
            .get(self.layout.token_offset as usize..(self.layout.token_offset + self.layout.token_length) as usize)
    }

    /// Where the token is, without the extension of its length; empty where it could not be read.
    pub fn token_span(&self) -> Span {
        Span::of_bytes(
            self.layout.token_offset as usize,
            if self.layout.has_token { self.layout.token_length as usize } else { 0 },
        )
    }

    /// Where the extension of the token length is (RFC 8974 section 2.1); empty for plain tokens.
    pub fn token_extension_span(&self) -> Span {
        Span::of_bytes(4, usize::from(self.layout.token_extension))
    }

    /// The options, up to where decoding stopped.
    #[inline]
    pub fn options(&self) -> Options<'a> {
        let (at, end) = (self.layout.options_offset as usize, self.layout.options_end as usize);
        Options {
            bytes: self.bytes.get(..end).unwrap_or_default(),
            at,
            number: 0,
            mode: self.layout.mode,
            code: Code(self.bytes.get(1).copied().unwrap_or(0)),
        }
    }

    /// The options that are looked at and shown one by one: all of them, but for a message that was made to hurt.
    pub fn first_options(&self) -> std::iter::Take<Options<'a>> {
        self.options().take(MOST_OPTIONS)
    }

    /// How many options there are beyond those, and where they lie.
    pub fn further_options(&self) -> Option<(usize, Span)> {
        let mut further = self.options().skip(MOST_OPTIONS);
        let begin = further.next()?.offset;
        let length = (self.layout.options_end as usize).saturating_sub(begin);
        Some((1 + further.count(), Span::of_bytes(begin, length)))
    }

    /// The payload; empty if there is none.
    #[inline]
    pub fn payload(&self) -> &'a [u8] {
        self.payload_offset().and_then(|offset| self.bytes.get(offset..)).unwrap_or_default()
    }

    /// Where the payload begins. The payload marker is the byte before (old drafts have none, or the end of the option list).
    #[inline]
    pub fn payload_offset(&self) -> Option<usize> {
        (self.layout.payload_offset != 0).then_some(self.layout.payload_offset as usize)
    }

    /// Whether the message breaks the format so that its receiver has to reject or ignore it (RFC 7252 sections 3 and 4). Of one that the
    /// capture cut: whether that is sure, whatever is missing.
    #[inline]
    pub fn is_malformed(&self) -> bool {
        let Some(header) = self.header() else {
            return !self.is_cut();
        };
        let (code, length) = (header.code, self.least_length());
        self.layout.stopped && (!self.is_cut() || self.fault().is_some())
            || code.is_reserved()
            || code.is_signaling()
            || match header.message_type {
                MessageType::Confirmable => code.is_empty() && length > 4,
                MessageType::NonConfirmable => code.is_empty(),
                MessageType::Acknowledgement => code.is_request() || code.is_empty() && length > 4,
                MessageType::Reset => !code.is_empty() || length > 4,
            }
    }

    /// Bytes that it has at least: more than are there where the capture cut it.
    #[inline]
    pub(super) fn least_length(&self) -> usize {
        self.bytes.len() + usize::from(self.is_cut())
    }

    /// Whether there is an option with that (today's) number.
    #[inline]
    pub fn has(&self, number: OptionNumber) -> bool {
        self.may_have(number)
            && (number.0 < 64 || has_own_bit(number.0) || self.options().any(|option| option.modern() == Some(number)))
    }

    /// Whether an option with that number can be there, as far as the sets of numbers tell.
    #[inline]
    fn may_have(&self, number: OptionNumber) -> bool {
        self.layout.seen & bit(number.0) != 0 || self.layout.high & high_bit(number.0) != 0
    }

    /// The first option with that (today's) number.
    #[inline]
    pub fn option(&self, number: OptionNumber) -> Option<OptionInstance<'a>> {
        if self.may_have(number) { self.options().first(number) } else { None }
    }

    /// The value of the first option with that (today's) number.
    #[inline]
    pub(super) fn value(&self, number: OptionNumber) -> Option<&'a [u8]> {
        self.option(number).map(|option| option.value)
    }

    /// All options with that (today's) number, in order.
    #[inline]
    pub fn options_of(&self, number: OptionNumber) -> impl Iterator<Item = OptionInstance<'a>> + use<'a> {
        let there = self.may_have(number);
        let options = if there { self.options() } else { Options::none() };
        options.filter(move |option| option.modern() == Some(number))
    }

    /// The number in the first option of that kind, whatever its length.
    pub fn uint(&self, number: OptionNumber) -> Option<u64> {
        self.option(number)?.uint()
    }

    /// The number in the first option of that kind, if the option allows its length: others count as unknown (RFC 7252 section 5.4.3).
    fn valid_uint(&self, number: OptionNumber) -> Option<u32> {
        let option = self.option(number).filter(OptionInstance::has_good_length)?;
        u32::try_from(option.uint()?).ok()
    }

    /// Observe: 0 registers and 1 deregisters in a request; the number of a notification in a response (RFC 7641 section 2).
    pub fn observe(&self) -> Option<u32> {
        self.valid_uint(OptionNumber::OBSERVE)
    }

    /// Content-Format of the payload.
    pub fn content_format(&self) -> Option<ContentFormat> {
        self.valid_uint(OptionNumber::CONTENT_FORMAT).and_then(|number| u16::try_from(number).ok()).map(ContentFormat)
    }

    /// The one Content-Format that the client accepts.
    pub fn accept(&self) -> Option<ContentFormat> {
        self.valid_uint(OptionNumber::ACCEPT).and_then(|number| u16::try_from(number).ok()).map(ContentFormat)
    }

    /// Max-Age in seconds, where it is said; see [`super::parameters::DEFAULT_MAX_AGE`].
    pub fn max_age(&self) -> Option<u32> {
        self.valid_uint(OptionNumber::MAX_AGE)
    }

    /// A block option: Block1, Block2, Q-Block1 or Q-Block2.
    pub fn block(&self, number: OptionNumber) -> Option<Block> {
        self.value(number).and_then(Block::read)
    }

    /// Block1.
    pub fn block1(&self) -> Option<Block> {
        self.block(OptionNumber::BLOCK1)
    }

    /// Block2.
    pub fn block2(&self) -> Option<Block> {
        self.block(OptionNumber::BLOCK2)
    }

    /// The first ETag.
    pub fn etag(&self) -> Option<&'a [u8]> {
        self.value(OptionNumber::ETAG)
    }

    /// The OSCORE option.
    pub fn oscore(&self) -> Option<Oscore<'a>> {
        self.value(OptionNumber::OSCORE).map(Oscore::read)
    }
}

/// The options of a message, in their order.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    bytes: &'a [u8],
    at: usize,
    number: u32,
    mode: DecodeMode,
    code: Code,
}

impl<'a> Options<'a> {
    /// No options.
    const fn none() -> Self {
        Self { bytes: &[], at: 0, number: 0, mode: DecodeMode::Rfc7252, code: Code::EMPTY }
    }

    /// The first of the (remaining) options with a number of today.
    fn first(mut self, number: OptionNumber) -> Option<OptionInstance<'a>> {
        if self.mode.is_draft() || self.code.is_signaling() {
            return self.find(|option| option.modern() == Some(number));
        }
        // Numbers only rise.
        while let Some(Lean { delta, end, .. }) = lean(self.bytes, self.at)
            && self.number + delta < u32::from(number.0)
        {
            self.number += delta;
            self.at = end;
        }
        self.next().filter(|option| option.number == number)
    }

    #[cold]
    fn next_of_draft(&mut self) -> Option<OptionInstance<'a>> {
        match draft_step(self.bytes, self.at, self.number, self.mode == DecodeMode::Draft12) {
            Step::Option(place) => self.instance(place),
            Step::Marker | Step::End | Step::Stop(_) => None,
        }
    }

    /// Goes behind an option.
    #[inline(always)]
    fn instance(&mut self, place: Place) -> Option<OptionInstance<'a>> {
        self.at = place.end;
        self.number = place.number;
        Some(OptionInstance {
            number: OptionNumber(place.number as u16),
            delta: place.delta,
            value: self.bytes.get(place.value..place.end)?,
            offset: place.offset,
            nibbles_offset: place.nibbles,
            value_offset: place.value,
            mode: self.mode,
            code: self.code,
        })
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = OptionInstance<'a>;

    #[inline(always)]
    fn next(&mut self) -> Option<OptionInstance<'a>> {
        if self.mode.is_draft() {
            return self.next_of_draft();
        }
        let (offset, Lean { delta, value, end }) = (self.at, lean(self.bytes, self.at)?);
        let number = self.number + delta;
        if number > 0xffff {
            return None;
        }
        self.instance(Place { number, delta, offset, nibbles: offset, value, end })
    }
}
