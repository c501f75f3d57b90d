//! Two messages compared: side by side, or on a narrow screen one under the other, field by field.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::layout::BESIDE;
use super::text::{self, Pieces};
use crate::tui::app::{App, Pane};
use crate::tui::compare::{Compared, Line, Pair};
use crate::tui::theme::Theme;

/// Draw them over the panes.
pub fn draw(buffer: &mut Buffer, area: Rect, app: &App, compared: &Compared) {
    super::rule(buffer, area, app, Pane::List, "two messages, * where they differ", "Space or Esc leaves");
    let rows = rows(compared, app.theme, usize::from(area.width));
    for (y, row) in (area.y + 1..area.bottom()).zip(rows.iter().skip(compared.top)) {
        text::write(buffer, area.x, y, area.width, row, app.theme.signs().more);
    }
}

/// Which rows are shown, in the place of the explanation.
pub fn place(buffer: &mut Buffer, area: Rect, app: &App, compared: &Compared) {
    if app.notice.is_some() {
        return super::status::explain(buffer, area, app);
    }
    let (page, rows) = compared.page;
    if rows > page {
        let (first, last) = (compared.top + 1, (compared.top + page).min(rows));
        let text = format!("rows {first} to {last} of {rows}; j and k scroll, Space or Esc leaves");
        let more = app.theme.signs().more;
        text::write(buffer, area.x + 1, area.y, area.width - 1, &vec![(text, app.theme.heading())], more);
    }
}

/// All rows, so wide: the messages, what is said of them, their fields.
pub fn rows(compared: &Compared, theme: Theme, columns: usize) -> Vec<Pieces> {
    let numbers = numbers(compared);
    let mut rows: Vec<Pieces> = Vec::new();
    for (side, number) in compared.sides.iter().zip(&numbers) {
        rows.push(vec![(format!("   {number} {}", theme.shown(&side.title)), Style::new())]);
    }
    for sentence in &compared.said {
        let lines = text::wrap(&theme.shown(sentence), columns.saturating_sub(4));
        rows.extend(lines.into_iter().map(|line| vec![(format!("   {line}"), theme.heading())]));
    }
    rows.push(Vec::new());
    for pair in &compared.pairs {
        if columns >= usize::from(BESIDE) {
            beside(&mut rows, compared, *pair, theme, columns);
        } else {
            below(&mut rows, compared, *pair, theme, columns);
        }
    }
    rows
}

/// The numbers of both messages, equally wide.
fn numbers(compared: &Compared) -> [String; 2] {
    let numbers = compared.sides.each_ref().map(|side| format!("#{}", side.frame));
    let width = numbers.iter().map(String::len).max().unwrap_or(0);
    numbers.map(|number| format!("{number:<width$}"))
}

/// The lines of a pair.
fn lines(compared: &Compared, pair: Pair) -> [Option<&Line>; 2] {
    let [first, second] = &compared.sides;
    [pair.first.and_then(|at| first.lines.get(at)), pair.second.and_then(|at| second.lines.get(at))]
}

/// A line in so many columns, in rows, each behind what shows how deep it stands.
fn wrapped(line: &Line, theme: Theme, columns: usize) -> Vec<String> {
    let indent = "  ".repeat(line.depth().min(8));
    let rows = text::wrap(&theme.shown(&line.text), columns.saturating_sub(indent.len()).max(8));
    rows.into_iter()
        .enumerate()
        .map(|(row, text)| format!("{indent}{}{text}", if row > 0 { "  " } else { "" }))
        .collect()
}

/// Both in a row, each in its half.
fn beside(rows: &mut Vec<Pieces>, compared: &Compared, pair: Pair, theme: Theme, columns: usize) {
    let half = columns.saturating_sub(1) / 2;
    let (mark, style) = look(pair, theme);
    let halves = lines(compared, pair)
        .map(|line| line.map_or_else(Vec::new, |line| wrapped(line, theme, half.saturating_sub(6))));
    let height = halves.iter().map(Vec::len).max().unwrap_or(0);
    let [left, right] = halves;
    let row = |half: &[String], row: usize| half.get(row).cloned().unwrap_or_else(|| missing(half, row).to_owned());
    for at in 0..height {
        let left = text::left(&format!(" {mark} {}", row(&left, at)), half, theme.signs().more);
        let right = format!(" {mark} {}", row(&right, at));
        rows.push(vec![(left, style), (theme.signs().wall.into(), Style::new()), (right, style)]);
    }
}

/// What stands where one of two has no line.
fn missing(half: &[String], row: usize) -> &'static str {
    if half.is_empty() && row == 0 { "(none)" } else { "" }
}

/// What both say once; where they differ one under the other, each with its number.
fn below(rows: &mut Vec<Pieces>, compared: &Compared, pair: Pair, theme: Theme, columns: usize) {
    let numbers = numbers(compared);
    let (mark, style) = look(pair, theme);
    let blank = " ".repeat(numbers.first().map_or(0, String::len));
    let both = lines(compared, pair);
    let is_alone = both.iter().flatten().count() == 1;
    for (line, number) in both.into_iter().zip(&numbers) {
        let Some(line) = line else { continue };
        let number = if pair.differs { number } else { &blank };
        let begin = if is_alone { format!("{number} only: ") } else { format!("{number} ") };
        let further = " ".repeat(begin.len());
        for (row, text) in wrapped(line, theme, columns.saturating_sub(begin.len() + 4)).into_iter().enumerate() {
            let begin = if row == 0 { &begin } else { &further };
            rows.push(vec![(format!(" {mark} {begin}{text}"), style)]);
        }
        if !pair.differs {
            return;
        }
    }
}

/// The sign of a pair, and how it looks.
fn look(pair: Pair, theme: Theme) -> (char, Style) {
    if pair.differs { ('*', theme.heading()) } else { (' ', Style::new()) }
}
