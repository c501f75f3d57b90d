//! Where tshark finds each field, byte position, length and bit mask, and where we do.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use coapscope::capture::{Input, OpenOptions, open_all};
use coapscope::coap::{Field, Message, fields};
use coapscope::pipeline::{Fetcher, Pipeline, PipelineOptions, Ports, Step};
use coapscope::store::{Store, Update};
use coapscope::tracking::RecordId;
use serde_json::Value;

/// Position and length in bytes, and the mask over them; 0 for all bits.
type Place = (u64, u64, u64);
/// Places by the name that tshark has for the field, in the order of the bytes; `value` for that of any option.
type Places = BTreeMap<String, Vec<Place>>;

/// What we call a field, and what tshark does.
const NAMES: &[(&str, &str)] = &[
    ("Version", "coap.version"),
    ("Type", "coap.type"),
    ("Token Length", "coap.token_len"),
    ("Code", "coap.code"),
    ("Message ID", "coap.mid"),
    ("Token", "coap.token"),
    ("Option Delta", "coap.opt.delta"),
    ("Option Length", "coap.opt.length"),
    ("Extended Option Delta", "coap.opt.delta_ext"),
    ("Extended Option Length", "coap.opt.length_ext"),
    ("Option Value", "value"),
    ("M", "coap.opt.block_mflag"),
    ("SZX", "coap.opt.block_size"),
    ("Payload Marker", "coap.opt.end_marker"),
    ("Payload", "payload"),
];

/// What stands in the tree of an option beside its value.
const BESIDE: &[&str] = &[
    "coap.opt.desc",
    "coap.opt.delta",
    "coap.opt.length",
    "coap.opt.delta_ext",
    "coap.opt.length_ext",
    "coap.opt.block_mflag",
    "coap.opt.block_size",
];

/// Ours, with the message at `offset` of the frame.
fn ours(message: &Message<'_>, offset: u64) -> Places {
    fn walk(list: &[Field], depth: usize, offset: u64, into: &mut Places) {
        for field in list {
            let bytes = field.span.byte_range();
            let (bit, bits) = (u64::from(field.span.bit), u64::from(field.span.bits));
            let mask = if bit % 8 == 0 && bits % 8 == 0 {
                0
            } else {
                ((1 << bits) - 1) << (bytes.len() as u64 * 8 - bit % 8 - bits)
            };
            let place = (offset + bytes.start as u64, bytes.len() as u64, mask);
            let is_option = depth == 0 && field.option.is_some();
            let name = NAMES.iter().find(|(own, _)| *own == field.name).map(|(_, name)| *name);
            if let Some(name) = if is_option { Some("coap.opt.name") } else { name } {
                into.entry(name.to_owned()).or_default().push(place);
            }
            walk(&field.children, depth + 1, offset, into);
        }
    }
    let mut places = Places::new();
    walk(&fields(message), 0, offset, &mut places);
    places
}

/// The places of one entry, of which there may be several: `[hex, position, length, mask, type]`.
fn places(raw: &Value) -> Vec<Place> {
    let Some(list) = raw.as_array() else { return Vec::new() };
    match list.get(1..4).map(|numbers| numbers.iter().map(Value::as_u64).collect::<Option<Vec<_>>>()) {
        Some(Some(numbers)) if !list[0].is_array() => vec![(numbers[0], numbers[1], numbers[2])],
        _ => list.iter().filter(|one| one.is_array()).flat_map(places).collect(),
    }
}

/// Those of tshark. Reassembled bodies and what was worked out have no place in the message.
fn theirs(coap: &Value) -> Places {
    let mut found = Places::new();
    let mut keep = |name: &str, raw: &Value| {
        let all = places(raw).into_iter().filter(|place| place.1 > 0);
        found.entry(name.to_owned()).or_default().extend(all);
    };
    for (key, value) in coap.as_object().into_iter().flatten() {
        let name = key.trim_end_matches("_raw");
        match name {
            "coap.payload" | "coap.block_payload" => keep("payload", value),
            "coap.opt.name" => keep(name, value),
            _ if NAMES.iter().any(|(_, theirs)| *theirs == name) => keep(name, value),
            _ => {}
        }
    }
    let trees = coap.get("coap.opt.name_tree");
    let trees = trees.and_then(Value::as_array).cloned().unwrap_or_else(|| trees.into_iter().cloned().collect());
    for tree in &trees {
        let mut value = None;
        for (key, raw) in tree.as_object().into_iter().flatten().filter(|(key, _)| key.ends_with("_raw")) {
            let name = key.trim_end_matches("_raw");
            if BESIDE.contains(&name) {
                // tshark sees a block size in Size2 too, and finds the bits of a block without a value in the byte before it.
                let number = tree.get("coap.opt.block_number_raw").map(places).unwrap_or_default();
                let is_none = name.starts_with("coap.opt.block_") && number.iter().all(|place| place.1 == 0);
                if name != "coap.opt.desc" && !is_none {
                    keep(name, raw);
                }
                continue;
            }
            // The fields of a value that has several lie inside it.
            for (start, length, _) in places(raw).into_iter().filter(|place| place.1 > 0) {
                let (first, end) = value.unwrap_or((start, start + length));
                value = Some((first.min(start), end.max(start + length)));
            }
        }
        if let Some((start, end)) = value {
            keep("value", &serde_json::json!(["", start, end - start, 0, 0]));
        }
    }
    // A body that was put together stands at the beginning of a place of its own.
    found.entry("payload".to_owned()).or_default().retain(|place| place.0 > 0);
    found.retain(|_, places| !places.is_empty());
    found.values_mut().for_each(|places| places.sort_unstable());
    found
}

/// By frame number, what tshark says of each frame that has one CoAP message.
fn dissected(capture: &Path) -> BTreeMap<u64, Places> {
    let mut command = Command::new("tshark");
    command.args(["-n", "-r"]).arg(capture).args([
        "-d",
        "udp.port==61616-61631,coap",
        "-T",
        "jsonraw",
        "--no-duplicate-keys",
    ]);
    let output = command.args(["-J", "coap"]).output().unwrap();
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        // At the end of a file that was cut tshark leaves the array open.
        text.truncate(text.trim_end().trim_end_matches(']').len());
        text.push(']');
    }
    let all: Value = serde_json::from_str(&text).unwrap_or_default();
    let layers = all.as_array().into_iter().flatten().map(|packet| &packet["_source"]["layers"]["coap"]);
    (1..).zip(layers).filter(|(_, coap)| coap.is_object()).map(|(number, coap)| (number, theirs(coap))).collect()
}

/// Compares all messages of a capture; gives how many, how many places, and what differs.
pub(crate) fn compare(capture: &Path, wrong: &mut Vec<String>) -> (usize, usize) {
    let theirs = dissected(capture);
    let spool = std::env::temp_dir();
    let opened =
        open_all(&[Input::Path(capture.to_owned())], &OpenOptions { spool, ..OpenOptions::default() }).unwrap();
    let options = PipelineOptions { ports: Ports::with((61616..=61631).collect()), ..PipelineOptions::default() };
    let (mut pipeline, mut store) = (Pipeline::new(opened.source, options), Store::default());
    let mut step = Step::More;
    while step != Step::Ended {
        let mut update = Update::default();
        step = pipeline.step(&mut update);
        store.apply(update);
        if step == Step::Pending {
            pipeline.wait(std::time::Duration::from_secs(1));
        }
    }
    let mut fetcher = Fetcher::new(opened.reader, false);
    let (mut messages, mut compared) = (0, 0);
    for id in 0..store.len() as RecordId {
        let view = fetcher.view(&store, id).unwrap().unwrap();
        let plain = view.message.header().is_some_and(|header| header.version == 1 && header.token_length <= 8);
        let whole = view.frame.bytes.len() == view.frame.original_length as usize;
        // What cannot be read to its end tshark reads in a way of its own; so it does drafts, and options of a bad length.
        let sound = view.message.stop().is_none()
            && !view.message.mode().is_draft()
            && view.message.options().all(|option| option.has_good_length());
        let (Some(offset), true) = (view.coap_offset, view.is_message() && plain && whole && sound) else { continue };
        let Some(theirs) = theirs.get(&u64::from(view.record.frame)) else { continue };
        let ours = ours(&view.message, offset as u64);
        messages += 1;
        for (name, places) in theirs {
            compared += places.len();
            let own = ours.get(name).cloned().unwrap_or_default();
            // Of values tshark leaves out those that it does not know.
            let equal = if name == "value" { places.iter().all(|place| own.contains(place)) } else { own == *places };
            if !equal {
                let file = capture.file_name().unwrap_or_default().to_string_lossy();
                wrong.push(format!("{file} frame {} {name}: tshark {places:?}, coapscope {own:?}", view.record.frame));
            }
        }
    }
    (messages, compared)
}
