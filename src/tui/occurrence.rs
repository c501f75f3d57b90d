//! Which of the values that a message has of a field is the one on the selected line: fields repeat, and one value may be part of another.

use super::detail::{Detail, Item};
use crate::field::{self, Field, Kind, Value};
use crate::filter::quoted;
use crate::render::NodeKind;
use crate::store::View;

/// What the names of members of a payload begin with.
const MEMBERS: &str = "coapscope.payload.value.";

/// The field of the numbers of all options, on whose lines those stand that have no field of their own.
const OPTION: &str = "coapscope.option";

/// A field on a line of the tree.
pub struct Occurrence<'d> {
    field: &'static Field,
    item: &'d Item,
    /// Something stands below it.
    is_whole: bool,
    /// Lines of this field before it, and all of them.
    place: (usize, usize),
}

impl Detail {
    /// The field of the selected line, or of the nearest one that it stands in. None for another reading of the bytes: fields have the first.
    pub fn occurrence(&self) -> Option<Occurrence<'_>> {
        let mut at = self.cursor;
        loop {
            let item = self.items.get(at).filter(|item| item.kind != NodeKind::Reading)?;
            let name = self.name_of(item);
            if let Some(field) = field::get(&name) {
                let is_alike = |other: &Item| {
                    (other.kind, other.place.is_some()) == (item.kind, item.place.is_some())
                        && self.name_of(other) == name
                };
                // Of a packet that was put together from fragments, fields have the headers that the last of these came with.
                let is_original = |other: &Item| other.name == item.name && other.place.is_some();
                if item.place.is_none() && self.items.iter().any(is_original) {
                    return None;
                }
                let before = self.items.iter().take(at).filter(|other| is_alike(other)).count();
                let behind = self.items.iter().skip(at + 1).filter(|other| is_alike(other)).count();
                let place = (before, before + 1 + behind);
                return Some(Occurrence { field, item, is_whole: item.has_children(at), place });
            }
            at = item.parent?;
        }
    }

    /// The name of a line's field. That of a member of a payload has the names of what it stands in, too; places in a list are no names.
    fn name_of(&self, item: &Item) -> String {
        if !item.name.starts_with(MEMBERS) {
            return item.name.clone();
        }
        let within = std::iter::successors(Some(item), |item| self.items.get(item.parent?));
        let labels = within.take_while(|item| item.name.starts_with(MEMBERS)).map(|item| item.label.as_str());
        let mut path: Vec<&str> = labels.filter(|label| !label.starts_with('[')).collect();
        path.reverse();
        format!("{MEMBERS}{}", path.join(".")).trim_end_matches('.').to_owned()
    }
}

impl Occurrence<'_> {
    /// The test for the value on the line; None where the fields of the message do not have it.
    pub fn test(&self, view: &View<'_>) -> Option<String> {
        let name = &self.field.name;
        if self.field.kind == Kind::Presence {
            return Some(name.to_string());
        }
        let mut values: Vec<Value<'static>> = Vec::new();
        self.field.visit(view, &mut |value| values.push(value.into_owned()));
        if self.field.kind == Kind::Member && self.is_whole {
            return (!values.is_empty()).then(|| name.to_string());
        }
        if let Some(part) = self.part_of(&values) {
            return Some(format!("{name} contains {part}"));
        }
        let value = self.value(&values)?;
        Some(quoted(self.field.kind, value).map_or_else(|| name.to_string(), |value| format!("{name} == {value}")))
    }

    /// The value of the line among those of the field.
    fn value<'v>(&self, values: &'v [Value<'static>]) -> Option<&'v Value<'static>> {
        let (nth, count) = self.place;
        if self.item.kind == NodeKind::Finding {
            // The screen has them in an order of its own.
            let rule = self.item.label.rsplit(' ').next();
            return values.iter().find(|value| Some(value.to_string().as_str()) == rule);
        }
        if self.field.name == OPTION {
            // Of the numbers of all options the one that stands behind its name.
            let number = self.item.label.rsplit_once('(')?.1.trim_end_matches(')');
            return values.iter().find(|value| value.to_string() == number);
        }
        if values.len() == count {
            return values.get(nth);
        }
        let shows = |value: &&Value<'static>| {
            let text = value.to_string();
            [&self.item.value, &self.item.label].contains(&&text)
                || quoted(self.field.kind, value).as_ref() == Some(&self.item.value)
        };
        // One line may have all of them.
        values.iter().find(shows).or_else(|| values.first().filter(|_| count == 1 && self.field.kind != Kind::Member))
    }

    /// What the line has of the one text that it shares with others, in quotation marks.
    fn part_of(&self, values: &[Value<'static>]) -> Option<String> {
        let ([Value::Text(text)], shown) = (values, self.item.value.as_bytes()) else { return None };
        let is_part = self.place.1 > 1 && !shown.is_empty() && text.windows(shown.len()).any(|part| part == shown);
        is_part.then(|| quoted(Kind::Text, &Value::Text(shown.to_vec().into()))).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Input, OpenOptions, PcapWriter, open_all};
    use crate::frame::LinkType;
    use crate::pipeline::{Fetcher, Pipeline, PipelineOptions, Step};
    use crate::store::{Store, Update};
    use crate::tracking::RecordId;

    /// Opens all lines of all messages, and gives each with its number, its text and the test that is made of it.
    fn each_line(path: &str, see: &mut dyn FnMut(RecordId, &Item, Option<String>)) {
        let opened = open_all(&[Input::Path(path.into())], &OpenOptions::default()).unwrap();
        let mut fetcher = Fetcher::new(opened.reader, false);
        let mut pipeline =
            Pipeline::new(opened.source, PipelineOptions { payloads: true, ..PipelineOptions::default() });
        let (mut store, mut step) = (Store::default(), Step::More);
        while step != Step::Ended {
            let mut update = Update::default();
            step = pipeline.step(&mut update);
            store.apply(update);
        }
        for id in 0..store.len() as RecordId {
            let mut detail = Detail::default();
            detail.show(Some(id), &mut fetcher, &store);
            let view = fetcher.view(&store, id).unwrap().unwrap();
            for line in 0..detail.items.len() {
                detail.cursor = line;
                see(id, &detail.items[line], detail.occurrence().and_then(|occurrence| occurrence.test(&view)));
            }
        }
    }

    /// A request with two VLAN tags, three segments, two queries, an option that nobody knows, a block, and numbers in a payload, each of
    /// which is part of another.
    fn repeating() -> Vec<u8> {
        let payload = br#"{"a":[11,1,{"a":5}],"b":{"a":7},"c":"x"}"#;
        let options =
            [&b"\xb43303\x010\x045700\x11\x32\x3210\x010\x81\x06\xe1\x07\xd0x"[..], b"\xff", payload].concat();
        let message = [&[0x41, 2, 0, 1, 7][..], &options].concat();
        let length = 28 + message.len() as u8;
        let tags = [&[2; 12][..], &[0x81, 0, 0, 100, 0x81, 0, 0, 10, 8, 0]].concat();
        let ip = [0x45, 0, 0, length, 0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
        let udp = [0x9c, 0x40, 0x16, 0x33, 0, length - 20, 0, 0];
        [&tags[..], &ip, &udp, &message].concat()
    }

    #[test]
    fn each_line_of_a_field_that_repeats_has_its_own_value() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("own.pcap");
        let mut writer = PcapWriter::new(std::fs::File::create(&file).unwrap(), LinkType::ETHERNET, 65535).unwrap();
        let frame = repeating();
        writer.record(1_000_000_000, frame.len() as u32, &frame).unwrap();
        writer.finish().unwrap();
        let mut lines = Vec::new();
        each_line(file.to_str().unwrap(), &mut |_, item, test| lines.push((item.text.clone(), test)));
        let all = lines.iter().map(|(line, test)| format!("{line}  {test:?}")).collect::<Vec<_>>().join("\n");
        for (line, test) in [
            ("Uri-Path (11): 3303", "coap.opt.uri_path == \"3303\""),
            ("Uri-Path (11): 0", "coap.opt.uri_path == \"0\""),
            ("Uri-Path (11): 5700", "coap.opt.uri_path == \"5700\""),
            ("Uri-Query (15): 10", "coap.opt.uri_query == \"10\""),
            ("Uri-Query (15): 0", "coap.opt.uri_query == \"0\""),
            ("0001 .... = Option Delta: 1", "coap.opt.delta == 1"),
            ("1011 .... = Option Delta: 11", "coap.opt.delta == 11"),
            (".... 0010 = Option Length: 2", "coap.opt.length == 2"),
            ("[Option 12", "coap.opt.desc == \"Type 12, Elective, Safe\""),
            ("[Option 15", "coap.opt.desc == \"Type 15, Critical, Unsafe\""),
            ("Block2 (23): 0", "coapscope.option == 23"),
            ("Unknown Option (2292): 78", "coapscope.option == 2292"),
            ("[0]: 11", "coapscope.payload.value.a == 11"),
            ("[1]: 1", "coapscope.payload.value.a == 1"),
            ("a: 5", "coapscope.payload.value.a.a == 5"),
            ("a: 7", "coapscope.payload.value.b.a == 7"),
            ("b: 1 member", "coapscope.payload.value.b"),
            ("c: \"x\"", "coapscope.payload.value.c == \"x\""),
        ] {
            let found = lines.iter().any(|(text, of)| text.starts_with(line) && of.as_deref() == Some(test));
            assert!(found, "{line}: {test}\n{all}");
        }
    }

    #[test]
    fn every_line_tests_a_value_that_it_shows() {
        for name in ["08-ip-fragments", "11-malformed-libcoap", "09-lab-session.mirror"] {
            each_line(&format!("captures/lab/{name}.pcap"), &mut |id, item, test| {
                let Some((field, value)) = test.as_deref().and_then(|test| test.split_once(" == ")) else { return };
                // What a field has as the line does, and what is the same for all lines of a message is seen elsewhere.
                let is_shown = match field {
                    // What stands in a field has its value.
                    _ if item.name != field || value.contains('\\') => true,
                    "coapscope.finding" => item.label.ends_with(value.trim_matches('"')),
                    "ip.src" | "ip.dst" | "ip.id" | "ip.len" | "ip.ttl" | "coap.opt.uri_path"
                    | "coap.opt.uri_query" | "coap.opt.length" => item.text.contains(value.trim_matches('"')),
                    _ => true,
                };
                let is_copy = item.kind == NodeKind::Reading || item.text.contains("(put together)");
                assert!(is_shown && !is_copy, "{name} {id}: {} has {field} == {value}", item.text);
            });
        }
    }
}
