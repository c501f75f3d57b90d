//! A line to type in, and the question whether to end.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::text;
use crate::tui::app::{App, Overlay};

/// Draw the line where the explanation would be. Answers where the terminal's cursor is to stand.
pub fn draw(buffer: &mut Buffer, area: Rect, app: &App) -> Option<Position> {
    let more = app.theme.signs().more;
    match &app.overlay {
        Overlay::Prompt(input) => {
            let label = " Find> ";
            let columns = usize::from(area.width).saturating_sub(label.len() + 1);
            let scroll = input.visual_scroll(columns);
            let typed: String = input.value().chars().skip(scroll).collect();
            let before = &app.finder.text;
            let hint = if typed.is_empty() && !before.is_empty() {
                format!(" (Enter finds \"{before}\" again)")
            } else {
                String::new()
            };
            let plain = ratatui::style::Style::new();
            let pieces = vec![(label.into(), app.theme.heading()), (typed, plain), (hint, plain)];
            text::write(buffer, area.x, area.y, area.width, &pieces, ' ');
            let x = label.len() + input.visual_cursor().saturating_sub(scroll);
            Some(Position { x: area.x + (x as u16).min(area.width - 1), y: area.y })
        }
        Overlay::GoTo(input) => {
            let label = " Frame> ";
            let typed = input.value().to_owned();
            let x = label.len() + input.visual_cursor();
            let plain = ratatui::style::Style::new();
            let pieces = vec![(label.into(), app.theme.heading()), (typed, plain)];
            text::write(buffer, area.x, area.y, area.width, &pieces, ' ');
            Some(Position { x: area.x + (x as u16).min(area.width - 1), y: area.y })
        }
        Overlay::Filter(input) => super::filter::draw(buffer, area, app, input),
        Overlay::Confirm => {
            let question = " The capture is not saved (start with -w FILE to keep it). End all the same?";
            text::write(buffer, area.x, area.y, area.width, &vec![(question.into(), app.theme.heading())], more);
            None
        }
        Overlay::None | Overlay::Help(_) => None,
    }
}
