//! A table with its column heads, its columns given up by priority where the screen is narrow; and what is said of its current row.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::text::{self, Pieces, left, right};
use crate::coap::count;
use crate::render::time::TimeFormat;
use crate::tui::action::View;
use crate::tui::app::{App, Pane};
use crate::tui::times;

/// Columns that a request keeps at least.
const WIDEST: usize = 14;
/// Columns that a resource or an endpoint keeps at least.
const WIDE: usize = 9;

/// Columns with a path in them, both ends of which tell something.
const PATHS: &[&str] = &["Request", "Resource"];

/// When columns with times are given up where these are not those of the start.
const ASKED: u8 = 3;

/// The column with an endpoint.
const SENDER: &str = "Sender";

/// Columns of a rule beside its title and its hint; columns that a title should have.
const BESIDE: usize = 8;
const LEAST: usize = 12;

/// What is said of the rows where messages have left the memory.
const GONE: &str = ", without what left memory";

/// Columns that such a path keeps at least.
const PATH: usize = 3;

/// Draw the rows under their heads.
pub fn draw(buffer: &mut Buffer, area: Rect, app: &App) {
    let heads = app.table_heads();
    let more = app.theme.signs().more;
    let widths = widths(app, usize::from(area.width));
    let head: String = heads
        .iter()
        .zip(&widths)
        .map(|((name, on_right, _), width)| cell(&app.table_head(name), &("", *on_right, 0), *width, more))
        .collect();
    text::write(buffer, area.x, area.y, area.width, &vec![(format!(" {head}"), app.theme.heading())], more);
    if app.tables.rows.is_empty() && area.height > 1 {
        let why = app.why_empty();
        text::write(buffer, area.x, area.y + 1, area.width, &vec![(why.into(), Style::new())], more);
    }
    for (index, (y, row)) in (area.y + 1..area.bottom()).zip(&app.tables.rows).enumerate() {
        let current = app.tables.cursor == Some(index);
        let sign = if current { app.theme.signs().cursor } else { " " };
        let mut pieces: Pieces = vec![(sign.into(), Style::new())];
        if row.heading {
            pieces.push((row.cells.join(" "), app.theme.heading()));
        } else {
            let texts = row.cells.iter().zip(heads).zip(&widths);
            let line: String = texts.map(|((text, head), width)| cell(text, head, *width, more)).collect();
            let style = row.severity.map_or_else(Style::new, |severity| app.theme.severity(severity));
            pieces.push((line, style));
        }
        text::write(buffer, area.x, y, area.width, &pieces, more);
        if current {
            buffer.set_style(Rect { y, height: 1, ..area }, app.theme.selected(app.focus == Pane::List));
        }
    }
}

fn cell(text: &str, (name, on_right, _): &(&str, bool, u8), width: usize, more: char) -> String {
    match (width, on_right) {
        (0, _) => String::new(),
        (_, true) => right(text, width, more) + " ",
        // An endpoint's port, at its end, tells most.
        (_, false) if *name == SENDER => left(&text::fit_middle(text, width, more), width, more) + " ",
        (_, false) if PATHS.contains(name) => left(&shortened(text, width, more), width, more) + " ",
        (_, false) => left(text, width, more) + " ",
    }
}

/// A text with its longest word, which is the path, cut in its middle where it would not fit; what names a block is shortened before.
fn shortened(text: &str, width: usize, more: char) -> String {
    let brief = text.replacen(" Block", " B", 1);
    let text = if text::width(text) > width && brief.contains(" #") { brief.as_str() } else { text };
    // How many more there are is told even where hardly anything of the first is.
    let several = text.strip_suffix(" more").and_then(|text| text.rsplit_once(" and "));
    let several = several
        .filter(|(_, more)| text::width(text) > width && more.parse::<usize>().is_ok())
        .map(|(first, more)| format!("{first} +{more}"));
    let text = several.as_deref().unwrap_or(text);
    let over = text::width(text).saturating_sub(width);
    let longest = text.split(' ').max_by_key(|word| text::width(word)).unwrap_or_default();
    match text::width(longest).checked_sub(over) {
        Some(kept @ PATH..) => text.replacen(longest, &text::fit_middle(longest, kept, more), 1),
        _ => text::fit_middle(text, width, more),
    }
}

/// Paths and endpoints may be cut, and are told in full below; numbers and names of rules are not.
fn gives_way((name, ..): &(&str, bool, u8)) -> bool {
    PATHS.contains(name) || *name == SENDER
}

/// Widths of the columns: as wide as their texts; the widest path gives way first, then columns are given up.
fn widths(app: &App, columns: usize) -> Vec<usize> {
    let heads = app.table_heads();
    let rows = || app.tables.rows.iter().filter(|row| !row.heading);
    let mut widths: Vec<usize> = heads
        .iter()
        .enumerate()
        .map(|(index, (name, ..))| {
            let texts = rows().filter_map(|row| row.cells.get(index)).map(|text| text::width(text));
            texts.max().unwrap_or(0).max(app.table_head(name).len())
        })
        .collect();
    let used = |widths: &[usize]| 1 + widths.iter().filter(|width| **width > 0).map(|width| width + 1).sum::<usize>();
    let relative = matches!(app.times.format, TimeFormat::Relative | TimeFormat::Delta);
    // A format that was asked for is to be seen.
    let rank =
        |(name, _, rank): &(&str, bool, u8)| if times::COLUMNS.contains(name) && !relative { ASKED } else { *rank };
    let mut given_up: Vec<(u8, usize)> =
        heads.iter().enumerate().map(|(index, head)| (rank(head), index)).filter(|(rank, _)| *rank > 0).collect();
    given_up.sort_unstable();
    loop {
        let over = used(&widths).saturating_sub(columns);
        if over == 0 {
            return widths;
        }
        let flexible = widths.iter().enumerate().filter(|(index, _)| heads.get(*index).is_some_and(gives_way));
        let widest = flexible.max_by_key(|(_, width)| **width).map(|(index, width)| (index, *width));
        let Some((index, width)) = widest else { return widths };
        let least = if heads.get(index).is_some_and(|head| head.0 == "Request") { WIDEST } else { WIDE };
        if width.saturating_sub(over) >= least {
            if let Some(place) = widths.get_mut(index) {
                *place = width - over;
            }
            return widths;
        }
        match given_up.pop().and_then(|(_, index)| widths.get_mut(index)) {
            Some(place) => *place = 0,
            None => {
                if let Some(place) = widths.get_mut(index) {
                    *place = width.saturating_sub(over);
                }
                return widths;
            }
        }
    }
}

/// How the rows stand, shorter where a title would have no room beside it, and the columns that are left for that.
fn beside(ordering: &str, columns: usize) -> (&str, usize) {
    let room = |text: &str| columns.saturating_sub(text::width(text) + BESIDE);
    let bare = ordering.strip_prefix("sort: ").unwrap_or(ordering);
    let shown = if room(ordering) < LEAST { bare } else { ordering };
    (shown, room(shown))
}

/// How many lines are hidden, and how to see them; `None` where all are there.
fn more_lines(app: &App) -> Option<String> {
    let (above, below) = app.tables.facts.hidden();
    let keys = if app.focus == Pane::Tree { "j and k go there" } else { "Tab, then j and k" };
    let what = match (above, below) {
        (0, 0) => return None,
        (0, below) => format!("{below} more {}", if below == 1 { "line" } else { "lines" }),
        (above, 0) => format!("{} above", count(above, "line")),
        (above, below) => format!("{above} above, {below} more"),
    };
    Some(format!(" {} {what}: {keys}", app.theme.signs().more))
}

/// A column of times has room on a table so wide.
pub fn shows_times(app: &App, columns: usize) -> bool {
    let times = app.table_heads().iter().position(|(name, ..)| times::COLUMNS.contains(name));
    times.and_then(|times| widths(app, columns).get(times).copied()).is_some_and(|width| width > 0)
}

/// Draw what is said of the current row under its rule.
pub fn draw_facts(buffer: &mut Buffer, area: Rect, app: &App) {
    let facts = &app.tables.facts;
    let more = app.theme.signs().more;
    let title = match app.view {
        _ if !facts.title.is_empty() => facts.title.as_str(),
        View::Observations => "observations",
        View::Findings => "verdict",
        _ => "exchanges",
    };
    // How the rows stand is said wherever there is room for it; the title gives way.
    let columns = usize::from(area.width);
    let mut ordering = app.tables.ordering(app.view);
    if app.store.first() > 0 && columns >= text::width(&ordering) + GONE.len() + BESIDE + LEAST {
        ordering += GONE;
    }
    let (ordering, room) = beside(&ordering, columns);
    super::rule(buffer, area, app, Pane::Tree, &text::fit(title, room, more), ordering);
    let rows = facts.lines.iter().enumerate().skip(facts.top).take(facts.rows());
    let above = facts.head.iter().map(|line| (None, line));
    let below = facts.foot.iter().map(|line| (None, line));
    let mut lines: Vec<_> = above.chain(rows.map(|(index, line)| (Some(index), line))).collect();
    let hidden =
        more_lines(app).map(|text| crate::tui::tables::Line { pieces: vec![(text, app.theme.key())], record: None });
    lines.extend(hidden.as_ref().map(|line| (None, line)));
    // The chart stands at the bottom, whatever is above it.
    let page = usize::from(area.height.saturating_sub(1));
    let blank = crate::tui::tables::Line::default();
    while lines.len() + facts.foot.len() < page {
        lines.push((None, &blank));
    }
    lines.extend(below);
    for (y, (index, line)) in (area.y + 1..area.bottom()).zip(lines) {
        text::write(buffer, area.x, y, area.width, &line.pieces, more);
        let current = index == Some(facts.cursor)
            && (app.focus == Pane::Tree || line.record.is_some() && line.record == app.list.selected);
        if current {
            text::write(buffer, area.x, y, 1, &vec![(app.theme.signs().cursor.into(), Style::new())], more);
            buffer.set_style(Rect { y, height: 1, ..area }, app.theme.selected(app.focus == Pane::Tree));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn how_many_more_there_are_is_never_cut() {
        let text = "/sensors/temp and 5 more";
        for (width, expected) in
            [(24, text), (23, "/sensors/temp +5"), (14, "/sens~/temp +5"), (9, "/se~mp +5"), (6, "/~p +5")]
        {
            assert_eq!(shortened(text, width, '~'), expected, "{width}");
        }
    }
}
