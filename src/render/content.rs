//! What a message is about, in a few words: path and query, payload, blocks.

use std::borrow::Cow;

use super::digits;
use crate::coap::{Block, ContentFormat, Message, OptionNumber, escape};
use crate::payload;

/// Path and query of a request, for reading: `/sensors/temp?unit=c`, spelled as [`Message::readable_path`] says, and escaped. Where the
/// capture may have cut off a part of it, `(cut)` follows what is there; where options could not be read, `(unread)`. Where OSCORE
/// hides it, it is `(protected)`.
pub fn path(message: &Message<'_>) -> String {
    let mut path = String::new();
    push_path(&mut path, message);
    path
}

/// The same, appended to a text.
pub fn push_path(into: &mut String, message: &Message<'_>) {
    let start = into.len();
    if !message.push_readable_path(into) {
        let unknown = message.unknown_path();
        into.push_str(match &unknown {
            _ if message.has(OptionNumber::OSCORE) => "(protected)",
            Some(unknown) => unknown,
            None if message.lacks_options() => "",
            None => "/",
        });
    }
    message.push_readable_query(into);
    if message.lacks_options() {
        into.push_str(if into.len() == start { "" } else { " " });
        into.push_str(if message.is_cut() { "(cut)" } else { "(unread)" });
    }
    if !into.as_bytes().get(start..).is_some_and(escape::is_plain) {
        let path = into.split_off(start);
        into.push_str(&escape::text(&path));
    }
}

/// Scheme and authority in front of the path, where the request names them; for a proxy the URI it is asked for.
pub fn authority(message: &Message<'_>) -> Option<String> {
    if let Some(uri) = message.readable_proxy_uri() {
        return Some(escape::text(&uri).into_owned());
    }
    let named = || Some(format!("coap://{}{}", message.host()?, message.port_text()));
    message.proxy_authority().or_else(named)
}

/// What a request asks for, as its resource is named, and escaped: its path and query; of a proxy the whole URI. What is not known of it is told as
/// [`path`] does.
pub fn target(message: &Message<'_>) -> String {
    let mut target = String::new();
    push_target(&mut target, message);
    target
}

/// The same, appended to a text.
pub fn push_target(into: &mut String, message: &Message<'_>) {
    // Uri-Host names what the message is sent to anyway; what a proxy is asked for does not.
    if !message.asks_proxy() {
        return push_path(into, message);
    }
    if !message.lacks_options() && !message.has(OptionNumber::OSCORE) {
        return into.push_str(&escape::text(&message.readable_target()));
    }
    into.extend(authority(message));
    let start = into.len();
    push_path(into, message);
    if into.get(start..) == Some("/") {
        into.truncate(start);
    }
}

/// A short word for a Content-Format: `json` for application/json, `text` for text/plain.
pub fn format_word(format: ContentFormat) -> Cow<'static, str> {
    let Some(media_type) = format.media_type() else { return format!("format {}", format.0).into() };
    let bare = media_type.split(';').next().unwrap_or(media_type);
    Cow::Borrowed(match bare {
        "text/plain" => "text",
        "application/octet-stream" => "octets",
        "application/link-format" => "links",
        _ => bare.rsplit('/').next().unwrap_or(bare),
    })
}

/// Why a message has no header, behind the length of what is there.
pub fn without_header(message: &Message<'_>) -> &'static str {
    if message.is_cut() { " captured, cut in the header" } else { ", too short for a header" }
}

/// The payload in a few words: format, length, and its beginning as text or hex; `(cut)` where the capture cut off all of it, or may have.
pub fn payload(message: &Message<'_>, limit: usize) -> String {
    let mut text = String::new();
    push_payload(&mut text, message, limit);
    text
}

/// The same, appended to a text.
pub fn push_payload(into: &mut String, message: &Message<'_>, limit: usize) {
    let payload = message.payload();
    if payload.is_empty() {
        // The path of a request says so itself.
        let is_said = message.header().is_none_or(|header| header.code.is_request() && message.lacks_options());
        into.push_str(if message.is_cut() && !is_said { "(cut)" } else { "" });
        return;
    }
    let format = message.content_format();
    if let Some(format) = format {
        into.push_str(&format_word(format));
        into.push(' ');
    }
    digits::push(into, payload.len());
    into.push_str(if message.is_cut() { " B captured " } else { " B " });
    match format.and_then(|format| payload::brief(message, format, limit)) {
        Some(text) => into.push_str(&cut_short(&text, limit)),
        None => push_preview(into, payload, limit),
    }
}

/// The payload's beginning: as its format reads it, or else as text or hex.
pub fn beginning(message: &Message<'_>, limit: usize) -> String {
    let brief = message.content_format().and_then(|format| payload::brief(message, format, limit));
    brief.map_or_else(|| preview(message.payload(), limit), |text| cut_short(&text, limit))
}

/// At most about `limit` characters of a text that is escaped already.
fn cut_short(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}..", text.get(..end).unwrap_or(text)),
        None => text.to_owned(),
    }
}

/// The beginning of a payload, escaped, at most about `limit` characters: JSON as it is, other text in quotes, all else in hex.
pub fn preview(payload: &[u8], limit: usize) -> String {
    let mut text = String::new();
    push_preview(&mut text, payload, limit);
    text
}

/// The same, appended to a text.
fn push_preview(into: &mut String, payload: &[u8], limit: usize) {
    let Some(text) = std::str::from_utf8(payload).ok().filter(|text| is_readable(text)) else {
        let (shown, rest) = payload.split_at_checked((limit / 2).max(1)).unwrap_or((payload, &[]));
        escape::push_hex(into, shown);
        into.push_str(if rest.is_empty() { "" } else { ".." });
        return;
    };
    let mark = if text.starts_with(['{', '[', '<']) { "" } else { "\"" };
    into.push_str(mark);
    let rest = push_beginning_of(into, text, limit.max(1));
    into.push_str(mark);
    into.push_str(if rest { ".." } else { "" });
}

/// Appends the beginning of a text, escaped: as many characters as it takes to fill so many bytes. Whether there are more.
fn push_beginning_of(into: &mut String, text: &str, limit: usize) -> bool {
    if escape::is_plain(text.as_bytes()) {
        into.push_str(text.get(..limit).unwrap_or(text));
        return text.len() > limit;
    }
    let start = into.len();
    let mut characters = text.chars();
    let mut buffer = [0; 4];
    for character in characters.by_ref() {
        into.push_str(&escape::text(character.encode_utf8(&mut buffer)));
        if into.len() - start >= limit {
            break;
        }
    }
    characters.next().is_some()
}

/// Text that is worth showing as text: no control characters but those of line ends and tabs.
pub fn is_readable(text: &str) -> bool {
    escape::is_plain(text.as_bytes())
        || !text.chars().any(|character| character.is_control() && !"\r\n\t".contains(character))
}

/// A block option in a few words: `Block2 #3/64 more`; `Block2 #3/reserved` where its size is none.
pub fn block(name: &str, block: Block) -> String {
    let size = block.known_size().map_or_else(|| "reserved".into(), |size| size.to_string());
    format!("{name} #{}/{size}{}", block.number, if block.more { " more" } else { "" })
}

/// The options that say which block a message carries or asks for.
const BLOCKS: [OptionNumber; 4] =
    [OptionNumber::BLOCK1, OptionNumber::BLOCK2, OptionNumber::Q_BLOCK1, OptionNumber::Q_BLOCK2];

/// The block options of a message in a few words.
pub fn blocks(message: &Message<'_>) -> Vec<String> {
    each_block(message).collect()
}

/// The same, one after the other.
pub(super) fn each_block(message: &Message<'_>) -> impl Iterator<Item = String> {
    BLOCKS.into_iter().filter_map(|number| {
        let found = message.block(number)?;
        Some(block(number.name()?, found))
    })
}

/// Blocks in fewer columns: `Block1 #3/64+`, more follow.
pub fn short_blocks(blocks: &str) -> String {
    blocks.replace(" more", "+")
}

/// Blocks in as few columns as there may be: `B1 #3/64+`.
pub fn shortest_blocks(blocks: &str) -> String {
    short_blocks(blocks).replace("Block", "B")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(hex: &str, see: fn(&Message<'_>) -> String, expected: &str) {
        let bytes: Vec<u8> =
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
        assert_eq!(see(&Message::decode(&bytes)), expected, "{hex}");
    }

    #[test]
    fn paths_tell_separators_from_data() {
        check("40010000", path, "/");
        check("40010000b161016241780179", path, "/a/b?x&y");
        check("40010000b3612f62", path, "/a%2Fb");
        check("40010000b32532464325263d", path, "/%252F?%25%26=");
        check("40010000b0", path, "/");
        check("40010000b3253431", path, "/%2541");
        check("40010000b21b5b", path, "/%1B[");
    }

    #[test]
    fn payloads_are_short() {
        let short: fn(&Message<'_>) -> String = |message| payload(message, 12);
        check("40450000c0ff32322e352043", short, "text 6 B \"22.5 C\"");
        check("40450000c132ff7b226f6e223a747275657d", short, "json 11 B {\"on\":true}");
        check("40450000ff0001020304050607", short, "8 B 000102030405..");
        check("40450000c13cffa1626f6ef5", short, "cbor 5 B {\"on\": true}");
        check("40450000c13cffa1626f6e6a61626364656667686970", short, "cbor 15 B {\"on\": \"abcd..");
        check("40450000c13cffa2626f6ef563626967190100", short, "cbor 12 B {\"on\": true,..");
        check("40450000", short, "");
        check("40450000ff6161616161616161616161616161", short, "14 B \"aaaaaaaaaaaa\"..");
    }
}
