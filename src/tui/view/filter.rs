//! The line in which a filter is typed, and below it what is wrong with it or how it could go on.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use tui_input::Input;
use unicode_width::UnicodeWidthChar;

use super::text::{self, Pieces};
use crate::tui::app::App;
use crate::tui::filter_bar::{Typed, judge, offered};

const LABEL: &str = " Filter> ";

/// Draw it where the explanation would be. Answers where the terminal's cursor is to stand.
pub fn draw(buffer: &mut Buffer, area: Rect, app: &App, input: &Input) -> Option<Position> {
    let more = app.theme.signs().more;
    let typed = judge(input.value());
    let (word, good) = match (&typed, input.value().trim()) {
        (Typed::Good, "") => ("all messages", true),
        (Typed::Good, _) => ("valid", true),
        (Typed::Bad(_), _) => ("not valid", false),
    };
    let columns = usize::from(area.width);
    let room = columns.saturating_sub(LABEL.len() + word.len() + 3);
    let window = text::window(input.value(), input.cursor(), room);
    let (hidden, shown) = input.value().split_at_checked(window.start).unwrap_or_default();
    // Carets stand below characters, each of its own width.
    let scroll = hidden.chars().map(|c| c.width().unwrap_or(0)).sum();
    let shown: String = shown.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let shown = text::fit(&shown, room, more);
    let space = " ".repeat(room.saturating_sub(text::width(&shown)) + 2);
    let verdict = app.theme.verdict(good);
    let line =
        vec![(LABEL.into(), app.theme.heading()), (shown, verdict), (space, Style::new()), (word.into(), verdict)];
    text::write(buffer, area.x, area.y, area.width, &line, more);
    for (y, line) in
        (area.y + 1..area.bottom()).zip(below(app, input, &typed, scroll, usize::from(area.height) - 1, columns))
    {
        text::write(buffer, area.x, y, area.width, &line, more);
    }
    let x = LABEL.len() + window.cursor;
    Some(Position { x: area.x + (x as u16).min(area.width.saturating_sub(1)), y: area.y })
}

/// The lines below, as many as there is room for.
fn below(app: &App, input: &Input, typed: &Typed, scroll: usize, rows: usize, columns: usize) -> Vec<Pieces> {
    let offers = offered(input);
    let mut lines: Vec<Pieces> = Vec::new();
    match typed {
        Typed::Bad(error) => {
            let (_, carets) = error.carets(input.value(), |c| c.width().unwrap_or(0));
            let carets: String = carets.chars().skip(scroll).collect();
            if rows > 1 {
                lines.push(vec![(format!("{}{carets}", " ".repeat(LABEL.len())), app.theme.verdict(false))]);
            }
            let tab = offers.first().map(|offer| format!("   Tab: {}", offer.word)).unwrap_or_default();
            let why = text::fit(
                &error.fault.to_string(),
                columns.saturating_sub(text::width(&tab) + 1),
                app.theme.signs().more,
            );
            lines.push(vec![(format!(" {why}"), Style::new()), (tab, app.theme.key())]);
        }
        Typed::Good => {
            let words: Vec<&str> = offers.iter().take(6).map(|offer| &*offer.word).collect();
            if !words.is_empty() {
                lines.push(vec![(" Tab: ".into(), app.theme.key()), (words.join("  "), Style::new())]);
            }
            let help = offers.first().map_or("", |offer| offer.help);
            let hint = "Enter applies, Up and Down recall, Esc drops; `coapscope fields` lists all names";
            lines.push(vec![(format!(" {}", if help.is_empty() { hint } else { help }), Style::new())]);
        }
    }
    lines.truncate(rows);
    lines
}
