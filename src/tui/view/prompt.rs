//! A line to type in, and the question whether to end.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use tui_input::Input;

use super::text;
use crate::coap::escape;
use crate::tui::app::{App, Overlay, frame_number};

/// Draw the line where the explanation would be. Answers where the terminal's cursor is to stand.
pub fn draw(buffer: &mut Buffer, area: Rect, app: &App) -> Option<Position> {
    let more = app.theme.signs().more;
    match &app.overlay {
        Overlay::Prompt(input) => {
            let label = " Find> ";
            let (typed, cursor) = typed(area, label, input);
            let before = &app.finder.text;
            let hint = if typed.is_empty() && !before.is_empty() {
                format!(" (Enter finds \"{before}\" again)")
            } else {
                String::new()
            };
            let plain = Style::new();
            let pieces = vec![(label.into(), app.theme.heading()), (typed, plain), (hint, plain)];
            text::write(buffer, area.x, area.y, area.width, &pieces, ' ');
            Some(cursor)
        }
        Overlay::GoTo(input) => {
            let label = " Frame> ";
            let (typed, cursor) = typed(area, label, input);
            let mut pieces = vec![(label.into(), app.theme.heading()), (typed, Style::new())];
            let (said, style) = match frame_number(input.value()) {
                _ if input.value().is_empty() => (format!(" 1 to {}", app.store.summary().frames.max(1)), Style::new()),
                Ok(_) => (String::new(), Style::new()),
                Err(why) => (format!(" {why}"), app.theme.verdict(false)),
            };
            if area.height == 1 {
                pieces.push((said, style));
            } else {
                text::write(buffer, area.x, area.y + 1, area.width, &vec![(said, style)], more);
            }
            text::write(buffer, area.x, area.y, area.width, &pieces, ' ');
            Some(cursor)
        }
        Overlay::Save(input) => Some(save(buffer, area, app, input)),
        Overlay::Replace(name) => {
            let asks = " is there. Replace it?";
            let room = usize::from(area.width).saturating_sub(asks.len() + 1);
            let question = format!(" {}{asks}", text::fit_middle(&escape::text(name), room, more));
            text::write(buffer, area.x, area.y, area.width, &vec![(question, app.theme.heading())], more);
            None
        }
        Overlay::Filter(input) => super::filter::draw(buffer, area, app, input),
        Overlay::Confirm => {
            let what = app.would_lose().unwrap_or_else(|| "The capture is saved by now".into());
            let way = if what.ends_with("saved") { " (s, or -w FILE from the start)" } else { "" };
            // Where there is little room, what is asked is to be read.
            let forms = [
                format!(" {what}{way}. End all the same?"),
                format!(" {what}. End all the same?"),
                format!(" {what}. End?"),
            ];
            let fits = |form: &&String| text::width(form) <= usize::from(area.width);
            let question = forms.iter().find(fits).or(forms.last()).cloned().unwrap_or_default();
            text::write(buffer, area.x, area.y, area.width, &vec![(question, app.theme.heading())], more);
            None
        }
        Overlay::None | Overlay::Help(_) => None,
    }
}

/// The line in which a file is named, and below it what is saved, or why that cannot be.
fn save(buffer: &mut Buffer, area: Rect, app: &App, input: &Input) -> Position {
    let (label, more) = (" Save> ", app.theme.signs().more);
    let (typed, cursor) = typed(area, label, input);
    let (said, fits) = app.about_saving(input.value());
    let mut pieces = vec![(label.into(), app.theme.heading()), (typed, Style::new())];
    if area.height == 1 && !fits {
        pieces.push((format!("  {said}"), app.theme.verdict(false)));
    }
    text::write(buffer, area.x, area.y, area.width, &pieces, more);
    let style = if fits { Style::new() } else { app.theme.verdict(false) };
    let lines = text::wrap(&said, usize::from(area.width).saturating_sub(2));
    for (y, line) in (area.y + 1..area.bottom()).zip(lines) {
        text::write(buffer, area.x + 1, y, area.width - 1, &vec![(line, style)], more);
    }
    cursor
}

/// What there is room for behind a label of what is typed, and where the cursor stands.
fn typed(area: Rect, label: &str, input: &Input) -> (String, Position) {
    let window = text::window(input.value(), input.cursor(), usize::from(area.width).saturating_sub(label.len()));
    let x = (label.len() + window.cursor) as u16;
    let cursor = Position { x: area.x + x.min(area.width.saturating_sub(1)), y: area.y };
    (input.value().get(window.start..).unwrap_or_default().to_owned(), cursor)
}
