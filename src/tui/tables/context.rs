//! What the lines below a table are made from.

use std::ops::Deref;

use super::Making;
use crate::tracking::RecordId;
use crate::tui::theme::Theme;
use crate::tui::view::text;

/// Columns of a rule that its title and what stands beside it leave free; columns below which what a title is about is not cut.
const TITLE: usize = 8;
const ABOUT: usize = 8;

/// What the lines below a table are made from.
pub(super) struct Context<'a> {
    /// What rows are made from as well.
    pub(super) making: Making<'a>,
    pub(super) theme: Theme,
    pub(super) selected: Option<RecordId>,
    /// Rows and columns of the pane.
    pub(super) page: (usize, usize),
    /// The head of times that count from another frame than the first.
    pub(super) since: Option<String>,
    /// Columns of what stands beside the title.
    pub(super) beside: usize,
}

impl<'a> Deref for Context<'a> {
    type Target = Making<'a>;

    fn deref(&self) -> &Making<'a> {
        &self.making
    }
}

impl Context<'_> {
    /// A title in one line of the pane: where that is too short, what it is about is cut in its middle.
    pub(super) fn title(&self, before: String, about: &str, after: &str) -> String {
        let taken = TITLE + self.beside + text::width(&before) + text::width(after);
        let room = self.page.1.saturating_sub(taken);
        before + &text::fit_middle(about, room.max(ABOUT), self.theme.signs().more) + after
    }

    /// `#12`.
    pub(super) fn frame(&self, id: RecordId) -> String {
        self.store
            .get(id)
            .map_or_else(|| "a message that has left memory".into(), |record| format!("#{}", record.frame))
    }
}
