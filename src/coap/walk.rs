//! One step over the options: where the next one lies, or why there is none.

use super::Span;
use super::finding::Rule;
use super::message::Stop;

/// Where an option lies; offsets in bytes from the first of the message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Its number.
    pub number: u32,
    /// What was added to the number before.
    pub delta: u32,
    /// First byte of the option.
    pub offset: usize,
    /// Byte with the two nibbles.
    pub nibbles: usize,
    /// First byte of the value.
    pub value: usize,
    /// First byte behind the option.
    pub end: usize,
}

/// What stands at a place where an option could begin.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// An option.
    Option(Place),
    /// The payload marker.
    Marker,
    /// The message ends.
    End,
    /// Something that cannot be read.
    Stop(Stop),
}

/// Why a nibble with its extension bytes gives no number.
enum Missing {
    /// The nibble is 15.
    Reserved,
    /// So many bytes are missing.
    Bytes(u32),
}

/// The number that a nibble stands for, with its extension bytes at `at`; and where those end (RFC 7252 section 3.1).
#[inline(always)]
fn extended(bytes: &[u8], nibble: u8, at: usize) -> Result<(u32, usize), Missing> {
    match nibble {
        0..=12 => Ok((u32::from(nibble), at)),
        13 => match bytes.get(at) {
            Some(&byte) => Ok((u32::from(byte) + 13, at + 1)),
            None => Err(Missing::Bytes(1)),
        },
        14 => match bytes.get(at..).and_then(<[u8]>::first_chunk::<2>) {
            Some(&pair) => Ok((u32::from(u16::from_be_bytes(pair)) + 269, at + 2)),
            None => Err(Missing::Bytes((at + 2 - bytes.len()) as u32)),
        },
        _ => Err(Missing::Reserved),
    }
}

/// An option at its leanest: what a walk needs to go on.
#[derive(Clone, Copy)]
pub(super) struct Lean {
    /// What it adds to the number before.
    pub delta: u32,
    /// First byte of the value.
    pub value: usize,
    /// First byte behind the option; perhaps behind the end of the bytes as well.
    pub end: usize,
}

/// The option at `at`; None at the payload marker, at the end, and where nibbles or extension bytes cannot be read.
#[inline(always)]
pub(super) fn lean(bytes: &[u8], at: usize) -> Option<Lean> {
    let &first = bytes.get(at)?;
    let (delta, length) = (first >> 4, first & 15);
    if delta < 13 && length < 13 {
        return Some(Lean { delta: u32::from(delta), value: at + 1, end: at + 1 + usize::from(length) });
    }
    if first == 0xff { None } else { lean_long(bytes, at, first) }
}

/// The same where a nibble is 13 or more.
#[inline(never)]
fn lean_long(bytes: &[u8], at: usize, first: u8) -> Option<Lean> {
    let (delta, behind) = extended(bytes, first >> 4, at + 1).ok()?;
    let (length, value) = extended(bytes, first & 15, behind).ok()?;
    Some(Lean { delta, value, end: value + length as usize })
}

/// The step at `at`, behind an option with number `number` (0 for the first).
pub(super) fn step(bytes: &[u8], at: usize, number: u32) -> Step {
    match bytes.get(at) {
        None => Step::End,
        Some(0xff) => Step::Marker,
        Some(&first) => match option(bytes, at, number, first) {
            Ok(place) => Step::Option(place),
            Err(stop) => Step::Stop(stop),
        },
    }
}

/// The option at `at`, or what is wrong with it.
fn option(bytes: &[u8], at: usize, number: u32, first: u8) -> Result<Place, Stop> {
    let whole = Span::of_bytes(at, bytes.len() - at);
    let nibble = |bits| Span::of_bits(at as u32 * 8 + bits, 4);
    let missing = |missing, rule, span| match missing {
        Missing::Reserved => Stop::new(rule, span, [u32::from(first), 0]),
        Missing::Bytes(count) => Stop::new(Rule::OptExtTruncated, whole, [count, 0]),
    };
    if first & 15 == 15 && first >> 4 != 15 {
        return Err(missing(Missing::Reserved, Rule::OptLength15, nibble(4)));
    }
    let (delta, behind) = extended(bytes, first >> 4, at + 1).map_err(|m| missing(m, Rule::OptDelta15, nibble(0)))?;
    let (length, value) = extended(bytes, first & 15, behind).map_err(|m| missing(m, Rule::OptLength15, nibble(4)))?;
    let sum = number + delta;
    if sum > 0xffff {
        return Err(Stop::new(Rule::OptNumberOverflow, Span::of_bytes(at, value - at), [sum, 0]));
    }
    let end = value + length as usize;
    if end > bytes.len() {
        return Err(Stop::new(Rule::OptOverrun, whole, [length, (bytes.len() - value) as u32]));
    }
    Ok(Place { number: sum, delta, offset: at, nibbles: at, value, end })
}

/// What is wrong with an option behind number `before` that ends the walk by its `first` fault: of its other nibble, and of the bytes that
/// this one announces.
pub(super) fn second_fault(bytes: &[u8], first: &Stop, before: u32) -> Option<Stop> {
    let at = (first.span.bit / 8) as usize;
    let nibbles = *bytes.get(at)?;
    let rest = |from: usize| Span::of_bytes(from, bytes.len() - from);
    let missing = |count| Some(Stop::new(Rule::OptExtTruncated, rest(at), [count, 0]));
    match first.rule {
        Rule::OptLength15 => match extended(bytes, nibbles >> 4, at + 1) {
            Ok((delta, end)) if before + delta > 0xffff => {
                Some(Stop::new(Rule::OptNumberOverflow, Span::of_bytes(at, end - at), [before + delta, 0]))
            }
            Err(Missing::Bytes(count)) => missing(count),
            _ => None,
        },
        Rule::OptNumberOverflow => {
            let value = (first.span.end() / 8) as usize;
            let (_, behind) = extended(bytes, nibbles >> 4, at + 1).ok()?;
            let (length, _) = extended(bytes, nibbles & 15, behind).ok()?;
            let left = bytes.len() - value;
            (length as usize > left).then(|| Stop::new(Rule::OptOverrun, rest(at), [length, left as u32]))
        }
        _ => None,
    }
}

/// The step at `at` in the drafts before -13. `jumps`: draft -12, where a delta nibble of 15 enlarges the number.
pub(super) fn draft_step(bytes: &[u8], at: usize, number: u32, jumps: bool) -> Step {
    if at >= bytes.len() {
        return Step::End;
    }
    match draft_option(bytes, at, number, jumps) {
        Ok(place) => Step::Option(place),
        Err(stop) => Step::Stop(stop),
    }
}

/// The draft option at `at`, its jumps included, or what is wrong with it.
fn draft_option(bytes: &[u8], at: usize, number: u32, jumps: bool) -> Result<Place, Stop> {
    let whole = Span::of_bytes(at, bytes.len() - at);
    let short = |count: usize| Stop::new(Rule::OptExtTruncated, whole, [count as u32, 0]);
    let byte = |at: usize| bytes.get(at).copied().ok_or_else(|| short(1));
    let (mut nibbles, mut sum) = (at, number);
    if jumps {
        while byte(nibbles)? >> 4 == 15 {
            let (more, length) = match byte(nibbles)? {
                0xf1 => (15, 1),
                0xf2 => ((u32::from(byte(nibbles + 1)?) + 2) * 8, 2),
                0xf3 => {
                    ((u32::from(byte(nibbles + 1)?) << 8 | u32::from(byte(nibbles + 2)?)).saturating_add(258) * 8, 3)
                }
                first => {
                    return Err(Stop::new(
                        Rule::OptDelta15,
                        Span::of_bits(nibbles as u32 * 8, 4),
                        [u32::from(first), 0],
                    ));
                }
            };
            nibbles += length;
            sum += more;
            if sum > 0xffff {
                return Err(Stop::new(Rule::OptNumberOverflow, Span::of_bytes(at, nibbles - at), [sum, 0]));
            }
        }
    }
    let first = byte(nibbles)?;
    sum += u32::from(first >> 4);
    let (mut length, mut value) = (usize::from(first & 15), nibbles + 1);
    if length == 15 {
        loop {
            let more = byte(value)?;
            value += 1;
            length += usize::from(more);
            if !jumps || more != 255 {
                break;
            }
        }
    }
    if sum > 0xffff {
        return Err(Stop::new(Rule::OptNumberOverflow, Span::of_bytes(at, value - at), [sum, 0]));
    }
    let end = value + length;
    if end > bytes.len() {
        return Err(Stop::new(Rule::OptOverrun, whole, [length as u32, (bytes.len() - value) as u32]));
    }
    Ok(Place { number: sum, delta: sum - number, offset: at, nibbles, value, end })
}
