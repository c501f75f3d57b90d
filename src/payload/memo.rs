//! Payloads that were decoded lately: devices say the same things again and again, and who looks through a capture meets them all.

use std::cell::RefCell;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::rc::Rc;

use super::Decoded;
use super::message::{About, of_message};
use crate::coap::{ContentFormat, Message, OptionNumber};

/// Payloads that are remembered, by each thread.
const PLACES: usize = 128;
/// Bytes of the longest payload that is remembered.
const LONGEST: usize = 512;
/// Values in the largest payload that is remembered.
const LARGEST: usize = 64;

/// Content-Formats whose bodies are read alike wherever they stand: text, JSON, CBOR, SenML.
const ALIKE: [u16; 5] = [0, 50, 60, 110, 112];

/// Blocks are parts of something else, and OSCORE hides what is there.
const SPECIAL: [OptionNumber; 5] =
    [OptionNumber::OSCORE, OptionNumber::BLOCK1, OptionNumber::BLOCK2, OptionNumber::Q_BLOCK1, OptionNumber::Q_BLOCK2];

/// A payload and what it was decoded as; beside it all that this depends on.
struct Kept {
    payload: Box<[u8]>,
    path: Box<str>,
    format: Option<ContentFormat>,
    is_error: bool,
    is_thread: bool,
    decoded: Rc<Decoded>,
}

thread_local! {
    static KEPT: RefCell<Vec<Option<Kept>>> = const { RefCell::new(Vec::new()) };
}

/// The payload decoded, as [`of_message`] has it, but not anew where the same was decoded a moment ago. What is known of it beside its
/// message is asked for only where it matters.
pub fn shared<'a>(message: &Message<'_>, about: impl FnOnce() -> About<'a>) -> Option<Rc<Decoded>> {
    let payload = message.payload();
    if payload.is_empty() {
        return None;
    }
    if payload.len() > LONGEST || message.is_cut() || SPECIAL.iter().any(|number| message.has(*number)) {
        return of_message(message, about()).map(Rc::new);
    }
    let format = message.content_format();
    let is_error = message.header().is_some_and(|header| header.code.is_error());
    let about = if format.is_some_and(|format| ALIKE.contains(&format.0)) { About::default() } else { about() };
    let is_same = |kept: &Kept| {
        *kept.payload == *payload
            && (kept.format, kept.is_error) == (format, is_error)
            && (&*kept.path, kept.is_thread) == (about.path, about.is_thread)
    };
    // Who makes two payloads meet in one place has only made them be decoded anew.
    let place = BuildHasherDefault::<DefaultHasher>::default().hash_one((payload, about.path)) as usize % PLACES;
    let known = KEPT.with_borrow(|kept| {
        let known = kept.get(place)?.as_ref().filter(|kept| is_same(kept))?;
        Some(Rc::clone(&known.decoded))
    });
    if known.is_some() {
        return known;
    }
    let decoded = Rc::new(of_message(message, about)?);
    if decoded.len() <= LARGEST {
        let (payload, path) = (payload.into(), about.path.into());
        let kept = Kept { payload, path, format, is_error, is_thread: about.is_thread, decoded: Rc::clone(&decoded) };
        KEPT.with_borrow_mut(|places| {
            if places.is_empty() {
                places.resize_with(PLACES, || None);
            }
            if let Some(place) = places.get_mut(place) {
                *place = Some(kept);
            }
        });
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_what_is_decoded() {
        // 2.05 with Content-Format and payload; the same bytes in another format, as an error, as a later block.
        let messages: [&[u8]; 7] = [
            b"\x60\x45\0\x01\xc1\x32\xff{\"a\":1}",
            b"\x60\x45\0\x01\xc1\x3c\xff{\"a\":1}",
            b"\x60\x45\0\x01\xc0\xff{\"a\":1}",
            b"\x60\x45\0\x01\xff{\"a\":1}",
            b"\x60\x84\0\x01\xff{\"a\":1}",
            b"\x60\x45\0\x01\xc1\x32\xb1\x16\xff{\"a\":1}",
            b"\x60\x45\0\x01\xc1\x28\xff</a>;b=1",
        ];
        for _ in 0..3 {
            for bytes in messages {
                let message = Message::decode(bytes);
                for path in ["", "/a", "/c/mg"] {
                    let about = About { path, is_thread: path == "/c/mg" };
                    assert_eq!(
                        shared(&message, || about).as_deref(),
                        of_message(&message, about).as_ref(),
                        "{bytes:?} {path}"
                    );
                }
            }
        }
    }
}
