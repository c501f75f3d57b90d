//! What the screen looks at, told to the program that begins again in its place: filter, view, times and selected message.

use serde_json::{Value as Json, json};

use super::action::View;
use super::app::App;
use crate::filter::Filter;
use crate::render::time::{TIME_FORMATS, TimeFormat};
use crate::tracking::RecordId;

/// Views by the keys that lead to them.
const VIEWS: [(u64, View); 5] =
    [(1, View::Messages), (2, View::Flow), (3, View::Exchanges), (4, View::Observations), (5, View::Findings)];

/// The messages that are selected, and that time counts from, until all is read: their frames.
#[derive(Clone, Copy, Debug, Default)]
pub struct Awaited {
    selected: Option<u32>,
    reference: Option<u32>,
}

impl App {
    /// All that can be taken along, as a text of one line.
    pub(super) fn taken_along(&self) -> String {
        let frame = |id: Option<RecordId>| id.and_then(|id| self.store.get(id)).map(|record| record.frame);
        let view = VIEWS.iter().find(|(_, view)| *view == self.view).map(|(key, _)| *key);
        let times = TIME_FORMATS.iter().find(|(format, ..)| *format == self.times.format).map(|(_, letter, _)| *letter);
        json!({
            "view": view,
            "times": times,
            "filter": self.filter.text(),
            "filters": self.filter.history(),
            "find": self.finder.text,
            "selected": frame(self.place_in_list()),
            "reference": frame(self.times.reference),
            "marks": self.marks.all(),
        })
        .to_string()
    }

    /// Go on with what was taken along; what is missing or cannot be read stays as it is.
    pub(super) fn go_on_with(&mut self, taken: &str) {
        let Ok(taken) = serde_json::from_str::<Json>(taken) else { return };
        let text = |name: &str| taken.get(name).and_then(Json::as_str).unwrap_or_default();
        let frame = |name: &str| taken.get(name).and_then(Json::as_u64).and_then(|frame| u32::try_from(frame).ok());
        let filters = taken.get("filters").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str);
        filters.for_each(|filter| self.filter.remember(filter));
        if let Ok(filter) = Filter::parse(text("filter")) {
            self.apply_filter(filter);
        }
        if let Ok(format) = text("times").parse::<TimeFormat>() {
            self.times.format = format;
        }
        self.finder.text = text("find").to_owned();
        let marks = taken.get("marks").cloned().unwrap_or_default();
        let marks = serde_json::from_value::<Vec<(char, u32)>>(marks).unwrap_or_default();
        marks.iter().for_each(|(letter, frame)| self.marks.set(*letter, *frame));
        self.awaited = Awaited { selected: frame("selected"), reference: frame("reference") };
        let key = taken.get("view").and_then(Json::as_u64);
        if let Some((_, view)) = VIEWS.iter().find(|(known, _)| Some(*known) == key) {
            self.show(*view);
        }
        let filtered = if self.filter.text().is_empty() { "" } else { ", by the same filter" };
        self.say(format!("all was read again with the other port as CoAP, too{filtered}"));
    }

    /// Go to what was selected before, as far as it is read by now.
    pub(super) fn go_to_awaited(&mut self) {
        let Awaited { selected, reference } = self.awaited;
        let find = |frame: u32| {
            let id = self.id_from(frame);
            self.store.get(id).is_some().then_some(id)
        };
        let (selected, reference) = (selected.and_then(find), reference.and_then(find));
        if selected.is_some() {
            self.list.selected = selected;
        }
        if reference.is_some() {
            self.times.reference = reference;
        }
        if self.store.ended().is_some() && !self.filter.running {
            self.awaited = Awaited::default();
        }
    }
}
