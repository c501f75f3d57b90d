//! Fields of options, made from the table of options: a new row there is a new field here.

use super::coap::media_type;
use super::{Field, Getter, Kind, Reads, Value, Words};
use crate::coap::{
    Block, ContentFormat, OPTIONS, OptionDefinition, OptionFormat, OptionInstance, OptionNumber, Oscore,
};
use crate::store::View;

/// What Wireshark calls the field of an option, where that is not `coap.opt.` and the option's name. An option that
/// Wireshark 4.4 does not know is called `coapscope.opt.` and its name.
const WIRESHARK: &[(OptionNumber, &str)] = &[
    (OptionNumber::IF_MATCH, "if_match"),
    (OptionNumber::URI_HOST, "uri_host"),
    (OptionNumber::ETAG, "etag"),
    (OptionNumber::OBSERVE, "observe"),
    (OptionNumber::URI_PORT, "uri_port"),
    (OptionNumber::LOCATION_PATH, "location_path"),
    (OptionNumber::URI_PATH, "uri_path"),
    (OptionNumber::CONTENT_FORMAT, "ctype"),
    (OptionNumber::MAX_AGE, "max_age"),
    (OptionNumber::URI_QUERY, "uri_query"),
    (OptionNumber::HOP_LIMIT, "hop_limit"),
    (OptionNumber::ACCEPT, "accept"),
    (OptionNumber::LOCATION_QUERY, "location_query"),
    (OptionNumber::PROXY_URI, "proxy_uri"),
    (OptionNumber::PROXY_SCHEME, "proxy_scheme"),
    (OptionNumber::SIZE1, "size1"),
    (OptionNumber::ECHO, "opt_echo"),
    (OptionNumber::NO_RESPONSE, "opt_no_response"),
    (OptionNumber::REQUEST_TAG, "opt_request_tag"),
    (OptionNumber::OCF_ACCEPT_CONTENT_FORMAT_VERSION, "opt_ocf_accept_version"),
    (OptionNumber::OCF_CONTENT_FORMAT_VERSION, "opt_ocf_version"),
];

pub(super) fn rows() -> Vec<Field> {
    let mut rows: Vec<Field> = OPTIONS.iter().filter(|row| has_one_value(row)).map(row).collect();
    rows.extend(blocks());
    rows.extend(oscore());
    rows.push(Field::new(
        "coap.opt.unknown",
        Kind::Bytes,
        "Value of an option that is not in the registry.",
        |view, visit| {
            for option in view.message.options().filter(|option| option.number.definition().is_none()) {
                visit(Value::bytes(option.value));
            }
        },
    ));
    rows
}

/// Rows that stand for one option, and whose value is not cut into fields of their own.
fn has_one_value(row: &OptionDefinition) -> bool {
    row.number == row.last
        && !row.name.starts_with('(')
        && !matches!(row.format, OptionFormat::Block | OptionFormat::Oscore)
}

fn row(definition: &'static OptionDefinition) -> Field {
    let known = WIRESHARK.iter().find(|(number, _)| *number == definition.number);
    let name = known
        .map_or_else(|| format!("coapscope.opt.{}", snake(definition.name)), |(_, name)| format!("coap.opt.{name}"));
    let kind = match definition.format {
        OptionFormat::Empty => Kind::Presence,
        OptionFormat::Uint => Kind::Unsigned,
        OptionFormat::String | OptionFormat::ContentFormat => Kind::Text,
        _ => Kind::Bytes,
    };
    let help = format!("Option {} ({}). {}", definition.name, definition.number.0, definition.meaning);
    Field {
        words: if definition.format == OptionFormat::ContentFormat { Words::FORMATS } else { super::named::of(&name) },
        name: name.into(),
        kind,
        help: help.into(),
        known_later: false,
        reads: Reads::Message,
        // What is too long for the option is shown as it stands there.
        most: u64::MAX,
        getter: Getter::Option(definition.number),
    }
}

/// Name of the field of an option, if it has one of its own.
pub(super) fn name_of(number: OptionNumber) -> Option<&'static str> {
    super::FIELDS
        .iter()
        .find(|field| matches!(field.getter, Getter::Option(of) if of == number))
        .map(|field| &*field.name)
}

/// A name as Wireshark would write it: `Uri-Path-Abbrev` is `uri_path_abbrev`.
fn snake(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect()
}

/// The number that an option has today.
fn meaning(option: &OptionInstance<'_>, view: &View<'_>) -> Option<OptionNumber> {
    if view.message.mode().is_draft() { option.modern() } else { Some(option.number) }
}

/// Every instance of an option, as its format has it.
pub(super) fn visit(view: &View<'_>, number: OptionNumber, visit: &mut dyn FnMut(Value<'_>)) {
    let format = number.definition().map_or(OptionFormat::Unknown, |definition| definition.format);
    for option in view.message.options().filter(|option| meaning(option, view) == Some(number)) {
        match format {
            OptionFormat::Empty => visit(Value::Presence),
            OptionFormat::Uint => option.uint().into_iter().for_each(|number| visit(Value::Unsigned(number))),
            OptionFormat::ContentFormat => {
                option.uint().into_iter().for_each(|number| visit(Value::string(content_format(number))));
            }
            // tshark prints an empty text as nothing at all between the commas, and empty bytes as a word.
            OptionFormat::String => visit(Value::Text(option.value.into())),
            _ => visit(Value::bytes(option.value)),
        }
    }
}

/// Reserved numbers for which tshark has the names that they had before LwM2M 1.0.
const NAMED_OF_OLD: std::ops::RangeInclusive<u64> = 1542..=1543;

/// What tshark prints for a Content-Format.
pub(super) fn content_format(number: u64) -> String {
    let old = || NAMED_OF_OLD.contains(&number).then(|| Some(ContentFormat(number as u16).media_type()?.to_owned()));
    media_type(number).or_else(|| old().flatten()).unwrap_or_else(|| format!("Unknown Type {number}"))
}

/// The block options in the order of the bytes.
fn block_options(view: &View<'_>, numbers: &[OptionNumber], see: &mut dyn FnMut(Block)) {
    for option in
        view.message.options().filter(|option| meaning(option, view).is_some_and(|number| numbers.contains(&number)))
    {
        if let Some(block) = Block::read(option.value) {
            see(block);
        }
    }
}

const ANY_BLOCK: &[OptionNumber] =
    &[OptionNumber::Q_BLOCK1, OptionNumber::BLOCK2, OptionNumber::BLOCK1, OptionNumber::Q_BLOCK2];

/// The payload of a message that carries one block of a body.
pub(super) fn block_payload<'v>(view: &View<'v>) -> Option<&'v [u8]> {
    let mut carries = false;
    block_options(view, ANY_BLOCK, &mut |_| carries = true);
    let payload = view.message.payload();
    (carries && !payload.is_empty()).then_some(payload)
}

/// Wireshark's field of the size of a block has the exponent.
fn is_exponent(name: &str) -> bool {
    name == "coap.opt.block_size"
}

macro_rules! block_fields {
    ($($number:literal $more:literal $size:literal $what:literal $options:expr;)*) => {
        vec![$(
            Field::new($number, Kind::Unsigned, concat!("NUM of ", $what, ": which block, from 0."), |view, visit| {
                block_options(view, $options, &mut |block| visit(Value::Unsigned(block.number.into())));
            })
            .bits(20),
            Field::new($more, Kind::Boolean, concat!("M of ", $what, ": more blocks follow."), |view, visit| {
                block_options(view, $options, &mut |block| visit(Value::Boolean(block.more)));
            }),
            Field::new($size, Kind::Unsigned, concat!("SZX of ", $what, " in the field coap.opt.block_size, the size in bytes elsewhere; none for SZX 7, which is reserved."), |view, visit| {
                block_options(view, $options, &mut |block| {
                    let size = if is_exponent($size) { Some(block.szx.into()) } else { block.known_size() };
                    size.into_iter().for_each(|size| visit(Value::Unsigned(size.into())));
                });
            })
            .bits(if is_exponent($size) { 3 } else { 11 }),
        )*]
    };
}

fn blocks() -> Vec<Field> {
    block_fields! {
        "coap.opt.block_number" "coap.opt.block_mflag" "coap.opt.block_size" "any block option" ANY_BLOCK;
        "coapscope.block1.number" "coapscope.block1.more" "coapscope.block1.size" "Block1" &[OptionNumber::BLOCK1];
        "coapscope.block2.number" "coapscope.block2.more" "coapscope.block2.size" "Block2" &[OptionNumber::BLOCK2];
        "coapscope.q_block1.number" "coapscope.q_block1.more" "coapscope.q_block1.size" "Q-Block1" &[OptionNumber::Q_BLOCK1];
        "coapscope.q_block2.number" "coapscope.q_block2.more" "coapscope.q_block2.size" "Q-Block2" &[OptionNumber::Q_BLOCK2];
    }
}

/// Of each OSCORE option that is not empty; there should be one at most.
macro_rules! oscore_fields {
    ($($name:literal $kind:ident $help:literal $get:expr;)*) => {
        vec![$(
            Field::new(concat!("coap.opt.object_security_", $name), Kind::$kind, $help, |view, visit| {
                let get: fn(&Oscore<'_>, &mut dyn FnMut(Value<'_>)) = $get;
                for option in view.message.options_of(OptionNumber::OSCORE).filter(|option| !option.value.is_empty()) {
                    get(&Oscore::read(option.value), visit);
                }
            }),
        )*]
    };
}

fn oscore() -> Vec<Field> {
    oscore_fields! {
        "reserved" Boolean "One of the reserved bits of the OSCORE option is set." |oscore, visit| visit(Value::Boolean(oscore.flags & Oscore::RESERVED != 0));
        "kid_context_present" Boolean "The OSCORE option has a kid context." |oscore, visit| visit(Value::Boolean(oscore.flags & Oscore::KID_CONTEXT != 0));
        "kid_present" Boolean "The OSCORE option has a key identifier." |oscore, visit| visit(Value::Boolean(oscore.flags & Oscore::KID != 0));
        "piv_len" Unsigned "Length of the Partial IV in the OSCORE option, in bytes." |oscore, visit| visit(Value::Unsigned((oscore.flags & 7).into()));
        "piv" Bytes "Partial IV of the OSCORE option: the sequence number." |oscore, visit| if !oscore.partial_iv.is_empty() { visit(Value::bytes(oscore.partial_iv)) };
        "kid_context_len" Unsigned "Length of the kid context in the OSCORE option, in bytes." |oscore, visit| if let Some(context) = oscore.kid_context { visit(Value::Unsigned(context.len() as u64)) };
        "kid_context" Bytes "Kid context of the OSCORE option." |oscore, visit| if let Some(context) = oscore.kid_context { visit(Value::bytes(context)) };
        "kid" Bytes "Key identifier of the OSCORE option." |oscore, visit| if let Some(kid) = oscore.kid { visit(Value::bytes(kid)) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_formats_have_the_names_that_tshark_has_for_them() {
        for (number, name) in [
            (50, "application/json"),
            (1541, "Unknown Type 1541"),
            (1542, "application/vnd.oma.lwm2m+tlv"),
            (1543, "application/vnd.oma.lwm2m+json"),
            (1544, "Unknown Type 1544"),
            (65_000, "Unknown Type 65000"),
            (65_536 + 1542, "Unknown Type 67078"),
        ] {
            assert_eq!(content_format(number), name);
        }
    }
}
