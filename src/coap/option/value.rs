//! Values of options: read as the option's format says, and the structures inside them.

use super::OptionFormat;

/// The value of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionValue<'a> {
    /// None, as it should be.
    Empty,
    /// Bytes; also what cannot be read as its format.
    Opaque(&'a [u8]),
    /// A number.
    Uint(u64),
    /// Text.
    Text(&'a str),
    /// NUM, M and SZX.
    Block(Block),
    /// The OSCORE option, as far as it can be read.
    Oscore(Oscore<'a>),
}

impl<'a> OptionValue<'a> {
    /// Reads a value. What does not fit its format becomes [`OptionValue::Opaque`].
    pub fn read(format: OptionFormat, value: &'a [u8]) -> Self {
        let read = match format {
            OptionFormat::Empty => value.is_empty().then_some(Self::Empty),
            OptionFormat::Uint | OptionFormat::ContentFormat => uint(value).map(Self::Uint),
            OptionFormat::String => std::str::from_utf8(value).ok().map(Self::Text),
            OptionFormat::Block => Block::read(value).map(Self::Block),
            OptionFormat::Oscore => Some(Self::Oscore(Oscore::read(value))),
            OptionFormat::Opaque | OptionFormat::Unknown => None,
        };
        read.unwrap_or(Self::Opaque(value))
    }
}

/// A number of any length, as long as it fits 64 bits; no bytes are 0 (RFC 7252 section 3.2).
#[inline]
pub(in crate::coap) fn uint(value: &[u8]) -> Option<u64> {
    match *value {
        [] => Some(0),
        [a] => Some(u64::from(a)),
        [a, b] => Some(u64::from(u16::from_be_bytes([a, b]))),
        _ => value.iter().try_fold(0u64, |sum, &byte| (sum >> 56 == 0).then_some(sum << 8 | u64::from(byte))),
    }
}

/// What Block1, Block2, Q-Block1 and Q-Block2 say (RFC 7959 section 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Block {
    /// NUM: which block, from 0.
    pub number: u32,
    /// M: whether more follow.
    pub more: bool,
    /// SZX: exponent of the size.
    pub szx: u8,
}

impl Block {
    /// Reads a value of 0 to 3 bytes.
    pub fn read(value: &[u8]) -> Option<Self> {
        if value.len() > 3 {
            return None;
        }
        let all = uint(value)? as u32;
        Some(Self { number: all >> 4, more: all & 8 != 0, szx: (all & 7) as u8 })
    }

    /// Size of a block in bytes, 16 to 1024; the reserved SZX 7 counts as 1024, which it is for BERT (RFC 8323 section 6).
    pub const fn size(self) -> u32 {
        if self.szx >= 6 { 1024 } else { 16 << self.szx }
    }

    /// Size of a block in bytes; None where SZX is 7, which is reserved on UDP (RFC 7959 section 2.2).
    pub fn known_size(self) -> Option<u32> {
        (self.szx < 7).then(|| self.size())
    }

    /// Where the block begins in the body, bytes.
    pub const fn offset(self) -> u64 {
        self.number as u64 * self.size() as u64
    }
}

/// What the OSCORE option says (RFC 8613 section 6.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Oscore<'a> {
    /// First byte: three reserved bits, h, k, and the length of the Partial IV; 0 if the option is empty.
    pub flags: u8,
    /// Partial IV: the sequence number; empty if there is none.
    pub partial_iv: &'a [u8],
    /// Kid context, if flag h is set.
    pub kid_context: Option<&'a [u8]>,
    /// Key identifier, if flag k is set; it may be empty.
    pub kid: Option<&'a [u8]>,
    /// Why its fields cannot be read to their end; [`Self::defects`] has the reserved bits as well.
    pub defect: Option<OscoreDefect>,
}

/// What is wrong with an OSCORE option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OscoreDefect {
    /// One of the upper three bits is set.
    ReservedBits,
    /// The Partial IV would have 6 or 7 bytes.
    PartialIvLength,
    /// It ends before the fields that it announces; so many bytes are missing.
    Truncated(u32),
    /// So many bytes follow behind the fields that it announces.
    LeftOver(u32),
    /// It is the single byte 0, where no byte should be.
    ZeroFlagByte,
}

impl<'a> Oscore<'a> {
    /// Flag k: a key identifier follows.
    pub const KID: u8 = 0x08;
    /// Flag h: a kid context follows.
    pub const KID_CONTEXT: u8 = 0x10;
    /// The bits that RFC 8613 keeps for later.
    pub const RESERVED: u8 = 0xe0;
    /// The one of them that the registry gives to Group OSCORE.
    pub const GROUP: u8 = 0x20;

    /// Reads a value as far as it goes.
    pub fn read(value: &'a [u8]) -> Self {
        let mut read = Self::default();
        let Some((&flags, rest)) = value.split_first() else {
            return read;
        };
        read.flags = flags;
        read.defect = read.read_fields(rest).err();
        if read.flags == 0 && rest.is_empty() {
            read.defect = Some(OscoreDefect::ZeroFlagByte);
        }
        read
    }

    /// Everything that is wrong with it: the reserved bits say nothing of the fields behind them, nor those of the bits.
    pub fn defects(&self) -> impl Iterator<Item = OscoreDefect> + use<> {
        let bits = (self.flags & Self::RESERVED != 0).then_some(OscoreDefect::ReservedBits);
        bits.into_iter().chain(self.defect)
    }

    /// Whether of the reserved bits only the one is set that the registry gives to Group OSCORE.
    pub const fn has_group_bit(&self) -> bool {
        self.flags & Self::RESERVED == Self::GROUP
    }

    /// Whether it is one of Group OSCORE that can be read to its end.
    pub fn is_of_group(&self) -> bool {
        self.has_group_bit() && self.defect.is_none()
    }

    /// Whether its fields can be told apart, all of them.
    pub fn is_readable(&self) -> bool {
        !self.has_unknown_bits() && matches!(self.defect, None | Some(OscoreDefect::ZeroFlagByte))
    }

    /// Whether a bit is set that nobody has given a meaning: what fields it adds is not known.
    const fn has_unknown_bits(&self) -> bool {
        self.flags & Self::RESERVED & !Self::GROUP != 0
    }

    /// Reads the fields behind the flag byte.
    fn read_fields(&mut self, rest: &'a [u8]) -> Result<(), OscoreDefect> {
        let length = usize::from(self.flags & 7);
        if length > 5 {
            return Err(OscoreDefect::PartialIvLength);
        }
        if self.has_unknown_bits() {
            // Where the fields lie is not known, but there has to be room for them.
            let least = length + usize::from(self.flags & Self::KID_CONTEXT != 0);
            return take(rest, least).map(|_| ());
        }
        let (partial_iv, mut rest) = take(rest, length)?;
        self.partial_iv = partial_iv;
        if self.flags & Self::KID_CONTEXT != 0 {
            let (&length, behind) = rest.split_first().ok_or(OscoreDefect::Truncated(1))?;
            let (context, behind) = take(behind, usize::from(length))?;
            self.kid_context = Some(context);
            rest = behind;
        }
        if self.flags & Self::KID != 0 {
            self.kid = Some(rest);
        } else if !rest.is_empty() {
            return Err(OscoreDefect::LeftOver(rest.len() as u32));
        }
        Ok(())
    }
}

/// The first `length` bytes and the rest.
fn take(bytes: &[u8], length: usize) -> Result<(&[u8], &[u8]), OscoreDefect> {
    bytes.split_at_checked(length).ok_or_else(|| OscoreDefect::Truncated((length - bytes.len()) as u32))
}

impl std::fmt::Display for OscoreDefect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ReservedBits => f.write_str("reserved flag bits are set"),
            Self::PartialIvLength => f.write_str("a Partial IV has at most 5 bytes"),
            Self::Truncated(missing) => write!(f, "ends {} early", crate::coap::count(*missing, "byte")),
            Self::LeftOver(bytes) => {
                write!(f, "{} behind the fields that it announces", crate::coap::count(*bytes, "byte"))
            }
            Self::ZeroFlagByte => f.write_str("should be empty when no flag is set"),
        }
    }
}
