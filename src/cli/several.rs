//! Messages that were pasted together where one is wanted.

use super::enclosed;
use super::hex_text::{Typed, begins};
use crate::coap::Message;
use crate::pipeline::PipelineOptions;

/// Bytes of the lines of usual dumps.
const USUAL: [usize; 3] = [8, 16, 32];
/// Bytes of the shortest message (RFC 7252 section 3).
const SHORTEST: usize = 4;

/// Whether the lines are several messages: each is one, or begins like one where the lines are not as those of one dump or of one wrapped text
/// are, which have as many bytes as the first, and the last no more.
pub(super) fn are_messages(typed: &Typed, options: &PipelineOptions) -> bool {
    let lines = parts(&typed.bytes, &typed.lines);
    let Some(width) = lines.first().map(|line| line.len()).filter(|_| lines.len() > 1) else { return false };
    let is_regular = lines.iter().rev().skip(1).all(|line| line.len() == width)
        && lines.last().is_some_and(|last| last.len() <= width);
    let is_whole = || is_message(&typed.bytes, options);
    let are_alone = || lines.iter().all(|line| is_message(line, options));
    if !typed.has_offsets {
        return are_alone() || !is_regular && lines.iter().all(|line| starts(line, options)) && !is_whole();
    }
    if is_regular {
        return are_alone() && !(USUAL.contains(&width) && is_whole());
    }
    let datagrams = datagrams(&typed.lines);
    datagrams.len() > 1 && parts(&typed.bytes, &datagrams).iter().all(|one| starts(one, options))
}

/// The bytes, cut into pieces of these lengths.
fn parts<'a>(bytes: &'a [u8], lengths: &[usize]) -> Vec<&'a [u8]> {
    let mut left = bytes;
    let cut = |length: &usize| {
        let (part, rest) = left.split_at(left.len().min(*length));
        left = rest;
        part
    };
    lengths.iter().map(cut).filter(|part| !part.is_empty()).collect()
}

/// The lengths of what a dump with offsets that go on holds, as Wireshark follows a stream: each datagram ends in a line that is not full.
fn datagrams(lines: &[usize]) -> Vec<usize> {
    let width = lines.iter().copied().max().unwrap_or_default();
    let mut found = Vec::new();
    let mut length = 0;
    for line in lines {
        length += line;
        if *line < width {
            found.push(std::mem::take(&mut length));
        }
    }
    found.push(length);
    found.retain(|length| *length > 0);
    found
}

/// Whether these bytes are a message, or a frame with one.
fn is_message(bytes: &[u8], options: &PipelineOptions) -> bool {
    begins(bytes) && !Message::decode(bytes).is_malformed() || enclosed::message(bytes, options).is_some()
}

/// Whether these bytes begin like a message, or are a frame with one.
fn starts(bytes: &[u8], options: &PipelineOptions) -> bool {
    begins(bytes) && bytes.len() >= SHORTEST || enclosed::message(bytes, options).is_some()
}
