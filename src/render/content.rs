//! What a message is about, in a few words: path and query, payload, blocks.

use crate::coap::{Block, ContentFormat, Message, OptionNumber, escape};
use crate::payload;

/// Path and query of a request, for reading: `/sensors/temp?unit=c`, spelled as [`Message::readable_path`] says, and escaped. Where the
/// capture may have cut off a part of it, `(cut)` follows what is there; where options could not be read, `(unread)`. Where OSCORE
/// hides it, it is `(protected)`.
pub fn path(message: &Message<'_>) -> String {
    let mut path = match message.readable_path() {
        Some(path) => path,
        None if message.has(OptionNumber::OSCORE) => "(protected)".into(),
        None if message.lacks_options() => String::new(),
        None => "/".into(),
    };
    path.push_str(&message.readable_query());
    if message.lacks_options() {
        path.push_str(if path.is_empty() { "" } else { " " });
        path.push_str(if message.is_cut() { "(cut)" } else { "(unread)" });
    }
    escape::text(&path).into_owned()
}

/// Scheme and authority in front of the path, where the request names them; for a proxy the URI it is asked for.
pub fn authority(message: &Message<'_>) -> Option<String> {
    if let Some(uri) = message.readable_proxy_uri() {
        return Some(escape::text(&uri).into_owned());
    }
    let scheme = message.option(OptionNumber::PROXY_SCHEME).map(|scheme| escape::bytes(scheme.value).into_owned());
    let host = message.option(OptionNumber::URI_HOST).map(|host| escape::bytes(host.value).into_owned());
    if scheme.is_none() && host.is_none() {
        return None;
    }
    let port = message.uint(OptionNumber::URI_PORT).map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!("{}://{}{port}", scheme.as_deref().unwrap_or("coap"), host.unwrap_or_default()))
}

/// What a proxy is asked for: its URI, or scheme and authority; None where no proxy is asked.
pub fn proxied(message: &Message<'_>) -> Option<String> {
    let asked = message.has(OptionNumber::PROXY_URI) || message.has(OptionNumber::PROXY_SCHEME);
    asked.then(|| authority(message)).flatten()
}

/// A short word for a Content-Format: `json` for application/json, `text` for text/plain.
pub fn format_word(format: ContentFormat) -> String {
    let Some(media_type) = format.media_type() else { return format!("format {}", format.0) };
    let bare = media_type.split(';').next().unwrap_or(media_type);
    match bare {
        "text/plain" => "text".into(),
        "application/octet-stream" => "octets".into(),
        "application/link-format" => "links".into(),
        _ => bare.rsplit('/').next().unwrap_or(bare).into(),
    }
}

/// The payload in a few words: format, length, and its beginning as text or hex.
pub fn payload(message: &Message<'_>, limit: usize) -> String {
    let payload = message.payload();
    if payload.is_empty() {
        return String::new();
    }
    let format = message.content_format().map(|format| format_word(format) + " ").unwrap_or_default();
    let cut = if message.is_cut() { " captured" } else { "" };
    format!("{format}{} B{cut} {}", payload.len(), beginning(message, limit))
}

/// The payload's beginning: as its format reads it, or else as text or hex.
pub fn beginning(message: &Message<'_>, limit: usize) -> String {
    payload::brief(message, limit).map_or_else(|| preview(message.payload(), limit), |text| cut_short(&text, limit))
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
    match std::str::from_utf8(payload) {
        Ok(text) if is_readable(text) => {
            let mut shown = String::new();
            let mut characters = text.chars();
            let mut buffer = [0; 4];
            for character in characters.by_ref() {
                shown.push_str(&escape::text(character.encode_utf8(&mut buffer)));
                if shown.len() >= limit {
                    break;
                }
            }
            let rest = if characters.next().is_some() { ".." } else { "" };
            if text.starts_with(['{', '[', '<']) { shown + rest } else { format!("\"{shown}\"{rest}") }
        }
        _ => {
            let shown = (limit / 2).max(1);
            let hex: String = payload.iter().take(shown).map(|byte| format!("{byte:02x}")).collect();
            if payload.len() > shown { hex + ".." } else { hex }
        }
    }
}

/// Text that is worth showing as text: no control characters but those of line ends and tabs.
pub fn is_readable(text: &str) -> bool {
    !text.chars().any(|character| character.is_control() && !"\r\n\t".contains(character))
}

/// A block option in a few words: `Block2 #3/64 more`; `Block2 #3/reserved` where its size is none.
pub fn block(name: &str, block: Block) -> String {
    let size = block.known_size().map_or_else(|| "reserved".into(), |size| size.to_string());
    format!("{name} #{}/{size}{}", block.number, if block.more { " more" } else { "" })
}

/// The block options of a message in a few words.
pub fn blocks(message: &Message<'_>) -> Vec<String> {
    [OptionNumber::BLOCK1, OptionNumber::BLOCK2, OptionNumber::Q_BLOCK1, OptionNumber::Q_BLOCK2]
        .into_iter()
        .filter_map(|number| Some(block(number.name()?, message.block(number)?)))
        .collect()
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
