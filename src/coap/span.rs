//! Where a field lies: first bit and length in bits, counted from the first byte of its layer.

use std::ops::Range;

/// A run of bits. Bit 0 is the most significant bit of byte 0, as the RFCs draw it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// First bit.
    pub bit: u32,
    /// Length in bits.
    pub bits: u32,
}

impl Span {
    /// A span of single bits.
    pub const fn of_bits(bit: u32, bits: u32) -> Self {
        Self { bit, bits }
    }

    /// A span of whole bytes.
    pub const fn of_bytes(offset: usize, length: usize) -> Self {
        Self { bit: offset as u32 * 8, bits: length as u32 * 8 }
    }

    /// The bit behind the last one.
    pub const fn end(self) -> u32 {
        self.bit + self.bits
    }

    /// The bytes that the span touches.
    pub const fn byte_range(self) -> Range<usize> {
        (self.bit / 8) as usize..self.end().div_ceil(8) as usize
    }

    /// Whether the bit lies inside.
    pub const fn contains(self, bit: u32) -> bool {
        bit >= self.bit && bit < self.end()
    }

    /// The same span, seen from a layer that begins `bytes` earlier.
    pub const fn shifted(self, bytes: usize) -> Self {
        Self { bit: self.bit + bytes as u32 * 8, bits: self.bits }
    }
}
