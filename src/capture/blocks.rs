//! The blocks of pcapng, each handed over whole.

use std::ops::Range;
use std::sync::Arc;

use pcap_parser::{
    DecryptionSecretsBlock, EnhancedPacketBlock, InterfaceDescriptionBlock, OptionCode, PcapNGOption,
    SectionHeaderBlock, pcapng,
};

use super::format::{self, Sound};
use super::savefile::REACH;
use super::{Clock, Origin, classic};
use crate::frame::LinkType;

/// Block type of a section header; the same in both byte orders.
pub(super) const SECTION: u32 = 0x0a0d_0d0a;
pub(super) const INTERFACE: u32 = 1;
const OLD_FRAME: u32 = 2;
const SIMPLE_FRAME: u32 = 3;
const FRAME: u32 = 6;
pub(super) const SECRETS: u32 = 10;

/// Longest block taken into memory; longer ones are passed over.
pub(super) const MAX_BLOCK: usize = 16 << 20;

/// Most bytes that are kept of the name of an interface, and of its description.
const MAX_TEXT: usize = 4096;

/// Keys in a capture for what is encrypted in it (pcapng, decryption secrets block).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secrets {
    /// What they are, such as 0x544c534b for a TLS key log.
    pub kind: u32,
    /// The keys, in the form that the kind says; shared by all who hold them.
    pub data: Arc<[u8]>,
}

/// What a block says.
#[derive(Debug)]
pub(super) enum Block {
    /// A frame.
    Frame(FrameBlock),
    /// An interface of this section.
    Interface(Description),
    /// Keys.
    Secrets(Secrets),
    /// Something else.
    Other,
}

/// A frame in a block.
#[derive(Clone, Debug)]
pub(super) struct FrameBlock {
    /// Interface, counted from 0 in the section.
    pub interface: u32,
    /// None in a simple block.
    pub ticks: Option<u64>,
    pub original: u32,
    /// Its bytes, in the block.
    pub bytes: Range<usize>,
}

/// An interface as described.
#[derive(Clone, Debug)]
pub(super) struct Description {
    pub name: Option<Arc<str>>,
    pub description: Option<Arc<str>>,
    pub link: LinkType,
    pub snaplen: u32,
    pub clock: Clock,
}

/// The 32-bit number at `at`.
#[inline]
fn number(block: &[u8], at: usize, big_endian: bool) -> Option<u32> {
    let word = *block.get(at..)?.first_chunk::<4>()?;
    Some(if big_endian { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) })
}

/// Type and length of the block that begins here, and its byte order (a section header has its own); needs 12 bytes.
#[inline]
pub(super) fn head(bytes: &[u8], big_endian: bool) -> Option<(u32, usize, bool)> {
    let kind = number(bytes, 0, big_endian)?;
    let big_endian = match (kind, bytes.get(8..12)?) {
        (SECTION, [0x1a, 0x2b, 0x3c, 0x4d]) => true,
        (SECTION, [0x4d, 0x3c, 0x2b, 0x1a]) => false,
        _ => big_endian,
    };
    Some((kind, number(bytes, 4, big_endian)? as usize, big_endian))
}

/// The byte order and the version that a section header has; none where it is not whole, or of no known byte order.
pub(super) fn section(block: &[u8]) -> Option<(bool, (u16, u16))> {
    let big_endian = match block.get(8..12)? {
        [0x1a, 0x2b, 0x3c, 0x4d] => true,
        [0x4d, 0x3c, 0x2b, 0x1a] => false,
        _ => return None,
    };
    let half = |at| {
        let bytes = *block.get(at..)?.first_chunk::<2>()?;
        Some(if big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    };
    Some((big_endian, (half(12)?, half(14)?)))
}

/// What a section header tells of the capture.
pub(super) fn origin(block: &[u8], big_endian: bool) -> Origin {
    let parsed = if big_endian {
        pcapng::parse_sectionheaderblock_be(block)
    } else {
        pcapng::parse_sectionheaderblock_le(block)
    };
    let mut origin = Origin::default();
    let Ok((_, parsed)): Result<(_, SectionHeaderBlock<'_>), _> = parsed else { return origin };
    for option in options(&parsed.options) {
        let Some(text) = value(option).map(|value| String::from_utf8_lossy(value).into_owned()) else { continue };
        match option.code {
            OptionCode::Comment => origin.comments.push(text),
            OptionCode::ShbHardware => origin.hardware = Some(text),
            OptionCode::ShbOs => origin.system = Some(text),
            OptionCode::ShbUserAppl => origin.application = Some(text),
            _ => {}
        }
    }
    origin
}

/// Major number of the version of pcapng that is read; minor ones only add to it.
pub(super) const VERSION: u16 = 1;

/// Whether a block of this type holds no frame, and nothing that is needed to read one.
pub(super) const fn is_skippable(kind: u32) -> bool {
    !matches!(kind, SECTION | INTERFACE | OLD_FRAME | SIMPLE_FRAME | FRAME)
}

/// Whether a block can have this length.
#[inline]
pub(super) const fn is_sound(length: usize) -> bool {
    length >= 12 && length.is_multiple_of(4)
}

/// Whether what begins here looks like a block of a kind that is written. The end of it need not be there, but where the capture ends before.
pub(super) fn may_begin(bytes: &[u8], big_endian: bool, at_end: bool) -> bool {
    head(bytes, big_endian).is_some_and(|(kind, length, order)| {
        is_plausible(kind, length) && trailer(bytes, length, order).map_or(!at_end, |again| again == length)
    })
}

/// Whether a block of this type and length looks like one that is written.
const fn is_plausible(kind: u32, length: usize) -> bool {
    is_sound(length) && length <= MAX_BLOCK && (matches!(kind, 1..=12) || kind == SECTION || kind & 0xffff == 0x0bad)
}

/// Whether a whole block begins here, behind damage, or another file.
pub(super) fn judge(bytes: &[u8], big_endian: bool, at_end: bool) -> Sound {
    let Some((kind, length, order)) = head(bytes, big_endian) else { return Sound::short(at_end) };
    if format::may_begin_file(bytes, false) && classic::begins_file(bytes) {
        return classic::begins_joined(bytes, at_end);
    }
    if !is_plausible(kind, length) || length > REACH {
        return Sound::No;
    }
    match trailer(bytes, length, order) {
        Some(again) if again == length => Sound::Yes,
        Some(_) => Sound::No,
        None => Sound::short(at_end),
    }
}

/// Where each of the blocks ends that follow each other from here on, as far as they look sound, of no more than `most`.
fn ends_in_a_row(bytes: &[u8], mut big_endian: bool, most: usize) -> impl Iterator<Item = usize> {
    let mut next = move |at: usize| {
        let block = bytes.get(at..)?;
        let (kind, length, order) = head(block, big_endian).filter(|(kind, length, _)| is_plausible(*kind, *length))?;
        if kind == SECTION {
            big_endian = order;
        }
        (trailer(block, length, order) == Some(length)).then_some(at + length)
    };
    std::iter::successors(next(0), move |at| next(*at)).take(most)
}

/// Whether blocks follow each other from here on beyond so many bytes, or a section begins here with such; no more than `most` are looked at.
/// None does where one ends with the `own` bytes of the frame that carries them.
pub(super) fn cross(bytes: &[u8], big_endian: bool, length: usize, own: Option<usize>, most: usize) -> bool {
    ends_in_a_row(bytes, big_endian, most).take_while(|end| own != Some(*end)).any(|end| end > length)
}

/// Whether blocks follow each other from here on up to the end.
pub(super) fn end(bytes: &[u8], big_endian: bool, most: usize) -> bool {
    ends_in_a_row(bytes, big_endian, most).any(|end| end == bytes.len())
}

/// Length of a block with a frame as its end tells it, whatever its beginning says: options follow the frame up to a length that is right.
pub(super) fn closed(block: &[u8], big_endian: bool) -> Option<usize> {
    const OPTIONS: usize = 64;
    let captured = match number(block, 0, big_endian)? {
        FRAME | OLD_FRAME => number(block, 20, big_endian)? as usize,
        _ => return None,
    };
    if captured > REACH {
        return None;
    }
    let mut at = 28 + captured.next_multiple_of(4);
    for _ in 0..=OPTIONS {
        let word = number(block, at, big_endian)?;
        if word as usize == at + 4 {
            return Some(at + 4);
        }
        let length = if big_endian { word & 0xffff } else { word >> 16 };
        at += 4 + (length as usize).next_multiple_of(4);
    }
    None
}

/// Bytes at the beginning of a block that are its own, whatever its length is: those of the frame that it claims to hold.
pub(super) fn claimed(block: &[u8], big_endian: bool) -> usize {
    if let Some(own) = closed(block, big_endian) {
        return own;
    }
    let own = match head(block, big_endian) {
        Some((FRAME | OLD_FRAME, length, _)) => number(block, 20, big_endian)
            .zip(number(block, 24, big_endian))
            .filter(|(captured, original)| captured <= original && holds(length, *captured as usize))
            .map(|(captured, _)| 28 + captured as usize),
        Some((SIMPLE_FRAME, length, _)) => {
            number(block, 8, big_endian).map(|original| 12 + length.saturating_sub(16).min(original as usize))
        }
        _ => None,
    };
    own.unwrap_or(1)
}

/// Whether a block of this length can hold a frame of so many bytes: besides it has options, but not many.
fn holds(length: usize, captured: usize) -> bool {
    const OPTIONS: usize = 128 << 10;
    length.checked_sub(32).and_then(|rest| rest.checked_sub(captured)).is_some_and(|rest| rest <= OPTIONS)
}

/// The length that the block repeats at its end.
#[inline]
pub(super) fn trailer(block: &[u8], length: usize, big_endian: bool) -> Option<usize> {
    number(block, length.checked_sub(4)?, big_endian).map(|length| length as usize)
}

/// Reads a whole block.
///
/// # Errors
/// What is wrong with it.
#[inline]
pub(super) fn read(block: &[u8], big_endian: bool, snaplen: u32) -> Result<Block, &'static str> {
    let kind = number(block, 0, big_endian).unwrap_or_default();
    match kind {
        FRAME | OLD_FRAME => frame(block, kind, big_endian).map(Block::Frame),
        SIMPLE_FRAME => simple_frame(block, big_endian, snaplen).map(Block::Frame),
        INTERFACE => interface(block, big_endian).map(Block::Interface),
        SECRETS => secrets(block, big_endian).map(Block::Secrets),
        _ => Ok(Block::Other),
    }
}

/// The frame of a block of type 6, or of the older type 2, which differ in the interface only.
#[inline]
fn frame(block: &[u8], kind: u32, big_endian: bool) -> Result<FrameBlock, &'static str> {
    const SHORT: &str = "it is too short";
    let word = |at| number(block, at, big_endian).ok_or(SHORT);
    if block.len() < 32 {
        return Err(SHORT);
    }
    let interface = match (kind, word(8)?) {
        (OLD_FRAME, word) if big_endian => word >> 16,
        (OLD_FRAME, word) => word & 0xffff,
        (_, word) => word,
    };
    let captured = word(20)? as usize;
    if captured > block.len() - 32 {
        return Err("it claims more captured bytes than it holds");
    }
    Ok(FrameBlock {
        interface,
        ticks: Some(u64::from(word(12)?) << 32 | u64::from(word(16)?)),
        original: word(24)?,
        bytes: 28..28 + captured,
    })
}

/// The frame of a block of type 3: interface 0, no time, cut at the snaplen.
fn simple_frame(block: &[u8], big_endian: bool, snaplen: u32) -> Result<FrameBlock, &'static str> {
    let original = number(block, 8, big_endian).filter(|_| block.len() >= 16).ok_or("it is too short")?;
    let limit = if snaplen == 0 { original } else { original.min(snaplen) };
    let captured = (limit as usize).min(block.len() - 16);
    Ok(FrameBlock { interface: 0, ticks: None, original, bytes: 12..12 + captured })
}

fn interface(block: &[u8], big_endian: bool) -> Result<Description, &'static str> {
    let parsed = if big_endian {
        pcapng::parse_interfacedescriptionblock_be(block)
    } else {
        pcapng::parse_interfacedescriptionblock_le(block)
    };
    let (_, parsed): (_, InterfaceDescriptionBlock<'_>) = parsed.map_err(|_| "its fields do not fit into it")?;
    let option = |code| options(&parsed.options).find(|option| option.code == code).and_then(value);
    let text = |code| option(code).map(text).filter(|text| !text.is_empty());
    let offset = option(OptionCode::IfTsoffset).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
    let offset = if big_endian { i64::from_be_bytes(offset) } else { i64::from_le_bytes(offset) };
    // Of another length they say nothing.
    let resolution = match option(OptionCode::IfTsresol) {
        Some([resolution]) => *resolution,
        _ => 6,
    };
    Ok(Description {
        name: text(OptionCode::IfName),
        description: text(OptionCode::IfDescription),
        link: LinkType((parsed.linktype.0 & 0xffff) as u16),
        snaplen: parsed.snaplen,
        clock: Clock::from_resolution(resolution, offset),
    })
}

/// A text of an interface; a longer one ends in dots.
fn text(value: &[u8]) -> Arc<str> {
    let all = String::from_utf8_lossy(value.get(..MAX_TEXT + 4).unwrap_or(value));
    let all = all.trim_end_matches('\0');
    match all.char_indices().find(|(at, letter)| at + letter.len_utf8() > MAX_TEXT) {
        Some((end, _)) => format!("{}...", all.get(..end).unwrap_or_default()).into(),
        None => all.into(),
    }
}

fn secrets(block: &[u8], big_endian: bool) -> Result<Secrets, &'static str> {
    let parsed = if big_endian {
        pcapng::parse_decryptionsecretsblock_be(block)
    } else {
        pcapng::parse_decryptionsecretsblock_le(block)
    };
    let (_, parsed): (_, DecryptionSecretsBlock<'_>) = parsed.map_err(|_| "its fields do not fit into it")?;
    let data = parsed.data.get(..parsed.secrets_len as usize).unwrap_or(parsed.data);
    Ok(Secrets { kind: parsed.secrets_type.0, data: data.into() })
}

/// The comments on the frame of a block of type 6, or of the older type 2, which has its options in the same place.
pub(super) fn comments(block: &[u8], big_endian: bool) -> Vec<String> {
    let newer;
    let block = match block.split_at_checked(4) {
        Some((_, rest)) if number(block, 0, big_endian) == Some(OLD_FRAME) => {
            let kind = if big_endian { FRAME.to_be_bytes() } else { FRAME.to_le_bytes() };
            newer = [&kind, rest].concat();
            &*newer
        }
        _ => block,
    };
    let parsed = if big_endian {
        pcapng::parse_enhancedpacketblock_be(block)
    } else {
        pcapng::parse_enhancedpacketblock_le(block)
    };
    let Ok((_, parsed)): Result<(_, EnhancedPacketBlock<'_>), _> = parsed else {
        return Vec::new();
    };
    let is_comment = |option: &&PcapNGOption<'_>| option.code == OptionCode::Comment;
    let text = |value| String::from_utf8_lossy(value).into_owned();
    options(&parsed.options).filter(is_comment).filter_map(value).map(text).collect()
}

/// The options of a block. They end at the first of type 0, whatever is behind it (draft-ietf-opsawg-pcapng section 3.5).
fn options<'a, 'b>(parsed: &'b [PcapNGOption<'a>]) -> impl Iterator<Item = &'b PcapNGOption<'a>> {
    parsed.iter().take_while(|option| option.code != OptionCode::EndOfOpt)
}

/// The value of an option, without its padding.
fn value<'a>(option: &'a PcapNGOption<'_>) -> Option<&'a [u8]> {
    option.as_bytes().ok()
}
