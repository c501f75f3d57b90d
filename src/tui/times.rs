//! How times are shown, and what is said of that.

use std::borrow::Cow;

use super::app::App;
use crate::render::time::{TIME_FORMATS, TimeFormat};
use crate::tracking::RecordId;

/// Columns of tables with times.
pub const COLUMNS: &[&str] = &["Start", "Since"];

/// How times are shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    /// The format.
    pub format: TimeFormat,
    /// The format before deltas were asked for.
    before: TimeFormat,
    /// The message that time counts from, instead of the first frame.
    pub reference: Option<RecordId>,
    /// They were asked for with the last key: where none are shown, that is said.
    pub asked: bool,
}

impl Times {
    /// Times in a format.
    pub fn new(format: TimeFormat) -> Self {
        Self { format, ..Self::default() }
    }
}

impl App {
    /// The next format. Rows of a table need not stand in the order of time: deltas are left out there.
    pub(super) fn cycle_time(&mut self) {
        let next = self.times.format.next();
        let is_left_out = next == TimeFormat::Delta && self.view.is_table();
        self.set_time(if is_left_out { next.next() } else { next });
    }

    fn set_time(&mut self, format: TimeFormat) {
        self.times.format = format;
        self.times.asked = true;
        let from = self.reference_frame().filter(|_| format == TimeFormat::Relative);
        let known = TIME_FORMATS.iter().find(|(known, ..)| *known == format);
        let meaning = known.map_or("", |(.., meaning)| meaning);
        self.say(from.map_or_else(|| format!("time: {meaning}"), |frame| format!("time: seconds since #{frame}")));
    }

    /// Deltas, or the format before.
    pub(super) fn toggle_delta(&mut self) {
        if self.view.is_table() {
            self.say("no deltas here, where rows need not stand in the order of time; 1 and 2 have them");
        } else if self.times.format == TimeFormat::Delta {
            self.set_time(self.times.before);
        } else {
            self.times.before = self.times.format;
            self.set_time(TimeFormat::Delta);
        }
    }

    /// Times count from the selected message, or from the first frame again.
    pub(super) fn toggle_reference(&mut self) {
        self.times.reference = if self.times.reference == self.list.selected { None } else { self.list.selected };
        self.times.format = TimeFormat::Relative;
        self.times.asked = true;
        let from = self.reference_frame().map_or("the first frame".into(), |frame| format!("#{frame}"));
        self.say(format!("time counts from {from}"));
    }

    /// The frame that time counts from, where that is not the first.
    fn reference_frame(&self) -> Option<u32> {
        self.times.reference.and_then(|id| self.store.get(id)).map(|record| record.frame)
    }

    /// The head of a column of times that count from another frame than the first; None where they do not.
    pub fn since_head(&self) -> Option<String> {
        // In a table no delta is shown.
        let is_relative =
            self.times.format == TimeFormat::Relative || self.times.format == TimeFormat::Delta && self.view.is_table();
        self.reference_frame().filter(|_| is_relative).map(|frame| format!("Since #{frame}"))
    }

    /// The head of a table's column: times say what they count from, where that is not the first frame.
    pub fn table_head(&self, name: &'static str) -> Cow<'static, str> {
        let since = self.since_head().filter(|_| COLUMNS.contains(&name));
        since.map_or(Cow::Borrowed(name), Cow::Owned)
    }

    /// The message that a relative time counts from.
    pub fn first_time(&self) -> i64 {
        let reference = self.times.reference.and_then(|id| self.store.get(id)).map(|record| record.time);
        reference.or(self.store.summary().first_time).unwrap_or(0)
    }
}
