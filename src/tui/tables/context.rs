//! What the lines below a table are made from.

use super::short_time;
use crate::coap::Parameters;
use crate::render::Aliases;
use crate::render::time::TimeFormat;
use crate::store::Store;
use crate::tracking::RecordId;
use crate::tui::theme::Theme;
use crate::tui::view::text;

/// Columns of a rule that its title leaves free; columns below which what a title is about is not cut.
const TITLE: usize = 4;
const ABOUT: usize = 8;

/// What the lines below a table are made from.
pub(super) struct Context<'a> {
    pub(super) store: &'a Store,
    pub(super) aliases: &'a Aliases,
    pub(super) theme: Theme,
    pub(super) format: TimeFormat,
    pub(super) first: i64,
    pub(super) now: Option<i64>,
    pub(super) parameters: Parameters,
    pub(super) selected: Option<RecordId>,
    /// Rows and columns of the pane.
    pub(super) page: (usize, usize),
}

impl Context<'_> {
    /// A time as the list shows it, with milliseconds.
    pub(super) fn at(&self, time: i64) -> String {
        short_time(&self.format.show(time, self.first, None))
    }

    /// A title in one line of the pane: where that is too short, what it is about is cut in its middle.
    pub(super) fn title(&self, before: String, about: &str, after: &str) -> String {
        let room = self.page.1.saturating_sub(TITLE + text::width(&before) + text::width(after));
        before + &text::fit_middle(about, room.max(ABOUT), self.theme.signs().more) + after
    }

    /// `#12`.
    pub(super) fn frame(&self, id: RecordId) -> String {
        self.store
            .get(id)
            .map_or_else(|| "a message that has left memory".into(), |record| format!("#{}", record.frame))
    }
}
