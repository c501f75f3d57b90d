//! The message list: a row a message, its columns given up by priority where the screen is narrow.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::text::{self, Pieces, fit, left, right};
use crate::coap::Severity;
use crate::render::content::{short_blocks, shortest_blocks};
use crate::render::time::TimeFormat;
use crate::tracking::RecordId;
use crate::tui::app::{App, Pane};
use crate::tui::cells::{self, WIDE, brief, joined, observe, shortened};
use crate::tui::list::Row;
use crate::tui::theme::Theme;

/// Columns that are left for the summary before others are given up.
const SUMMARY: usize = 24;

/// Columns that a path is never cut below, for the sake of what follows it.
const PATH: usize = 8;

/// Widths of the columns; 0 for those that are not shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Columns {
    number: usize,
    flag: usize,
    time: usize,
    ends: usize,
    message_type: usize,
    message_id: usize,
    token: usize,
    code: usize,
    summary: usize,
    link: usize,
}

/// A row's texts, before they are cut to their columns.
struct Cells {
    time: String,
    ends: String,
    link: String,
}

/// The rows of the pane, on a list so wide.
fn rows(app: &App, width: usize) -> Vec<(RecordId, &Row, Cells)> {
    let row = |id| Some((id, app.list.row(id)?, cells(app, id, width)?));
    app.on_pane().into_iter().filter_map(row).collect()
}

/// The column of times has room on a list so wide.
pub fn shows_times(app: &App, width: usize) -> bool {
    fit_columns(width, text::width(&time_head(app)), &rows(app, width)).time > 0
}

/// Draw the list with its column heads.
pub fn draw(buffer: &mut Buffer, area: Rect, app: &App) {
    let rows = rows(app, usize::from(area.width));
    let time = time_head(app);
    let columns = fit_columns(usize::from(area.width), text::width(&time), &rows);
    let more = app.theme.signs().more;
    text::write(buffer, area.x, area.y, area.width, &heads(&columns, &time, app.theme), more);
    if rows.is_empty() && area.height > 1 {
        let why = app.why_empty();
        text::write(buffer, area.x, area.y + 1, area.width, &vec![(why.into(), Style::new())], more);
    }
    if app.has_evidence_alone() {
        let used = (rows.len() as u16 + 1).min(area.height);
        super::empty::below_evidence(buffer, Rect { y: area.y + used, height: area.height - used, ..area }, app);
    }
    for (y, (id, row, cells)) in (area.y + 1..area.bottom()).zip(&rows) {
        let selected = app.list.selected == Some(*id);
        let pieces = match &row.error {
            Some(why) => {
                vec![(
                    format!("{} {} cannot be read: {why}", cursor(app.theme, selected), row.line.number),
                    app.theme.severity(Severity::Error),
                )]
            }
            None => row_pieces(row, cells, &columns, app.theme, (selected, is_member(app, *id))),
        };
        text::write(buffer, area.x, y, area.width, &pieces, more);
        // Behind the number, where a blank is.
        let number = if row.error.is_some() { 1 + text::width(&row.line.number) } else { columns.number };
        letter(buffer, area.x + 1 + number as u16, y, app, *id);
        if selected {
            let focused = app.focus == Pane::List;
            buffer.set_style(Rect { y, height: 1, ..area }, app.theme.selected(focused));
        }
    }
}

/// The mark of a message, or the sign that it is picked, where it has one.
pub fn letter(buffer: &mut Buffer, x: u16, y: u16, app: &App, id: RecordId) {
    let sign = |frame| if app.picked == Some(frame) { Some('+') } else { app.marks.letter(frame) };
    let letter = app.store.get(id).and_then(|record| sign(record.frame));
    if let Some(letter) = letter.filter(|_| x < buffer.area.right()) {
        buffer.set_stringn(x, y, letter.encode_utf8(&mut [0; 4]), 1, app.theme.letter());
    }
}

/// How many messages came since the user stopped following: on the rule below the list, or on its last row where it is alone.
pub fn new_below(buffer: &mut Buffer, area: Rect, app: &App, alone: bool) {
    let new = app.new_below();
    if new == 0 {
        return;
    }
    let text = format!(" {new} new below, G follows ");
    // A blank keeps it from what it covers, where no colour does.
    let columns = (text::width(&text) as u16 + 1).min(area.width);
    let (x, y) = (area.right() - columns, area.bottom() - u16::from(alone));
    let pieces = vec![(" ".into(), Style::new()), (text, app.theme.bar())];
    text::write(buffer, x, y, columns, &pieces, app.theme.signs().more);
}

fn cells(app: &App, id: RecordId, width: usize) -> Option<Cells> {
    let record = app.store.get(id)?;
    let before = id.checked_sub(1).and_then(|id| app.store.get(id)).map(|record| record.time);
    let time = app.times.format.show(record.time, app.first_time(), before);
    Some(Cells {
        time: if width < WIDE { shortened(&time) } else { time },
        ends: cells::ends(&app.store, &app.aliases, &record, width),
        link: cells::link(&app.store, &record, id),
    })
}

/// Choose the columns for a width and for the head of the times, and give up the least important ones until the summary has room.
fn fit_columns(width: usize, time: usize, rows: &[(RecordId, &Row, Cells)]) -> Columns {
    let widest = |least: usize, most: usize, of: &dyn Fn(&(RecordId, &Row, Cells)) -> usize| {
        rows.iter().map(of).max().unwrap_or(0).clamp(least, most)
    };
    let wide = width >= WIDE;
    let mut columns = Columns {
        number: widest(4, 9, &|row| row.1.line.number.len()),
        flag: 2,
        time: widest(8.max(time), 26, &|row| text::width(&row.2.time)),
        ends: widest(5, if wide { 56 } else { 11 }, &|row| text::width(&row.2.ends)),
        message_type: widest(4, 6, &|row| text::width(&row.1.line.message_type)),
        message_id: 5,
        token: widest(3, if wide { 16 } else { 5 }, &|row| row.1.line.token.len()),
        code: widest(4, if wide { 18 } else { 12 }, &|row| text::width(&row.1.line.code)),
        summary: 0,
        link: widest(0, 18, &|row| text::width(&row.2.link)),
    };
    // Methods whole, of responses the number.
    let short = widest(4, 7, &|row| text::width(&code(&row.1.line.code, 4)));
    let steps: [&dyn Fn(&mut Columns); 7] = [
        &|columns| columns.token = columns.token.min(5),
        &|columns| columns.token = 0,
        &|columns| columns.code = columns.code.min(short),
        &|columns| columns.message_id = 0,
        &|columns| columns.time = 0,
        &|columns| columns.ends = 0,
        &|columns| columns.link = columns.link.min(6),
    ];
    for give_up in std::iter::once(None).chain(steps.into_iter().map(Some)) {
        if let Some(give_up) = give_up {
            give_up(&mut columns);
        }
        columns.summary = width.saturating_sub(columns.used());
        // What matters is worth more than a token and a code's name, but no other column.
        let told =
            columns.code <= 4 || rows.iter().all(|(_, row, cells)| least(row) <= shared(&columns, &cells.link).0);
        // The link's column is shared with the summary where it must be.
        if columns.summary + columns.link >= SUMMARY && told {
            break;
        }
    }
    columns
}

impl Columns {
    /// Columns taken by all but the summary: each with a blank behind it, and the cursor before them.
    fn used(&self) -> usize {
        let fixed = [
            self.number,
            self.flag,
            self.time,
            self.ends,
            self.message_type,
            self.message_id,
            self.token,
            self.code,
            self.link,
        ];
        1 + fixed.iter().filter(|width| **width > 0).map(|width| width + 1).sum::<usize>()
    }
}

/// What the times are, over their column.
fn time_head(app: &App) -> String {
    match app.times.format {
        TimeFormat::Relative => app.since_head().unwrap_or_else(|| "Since #1".into()),
        TimeFormat::Delta => "Delta".into(),
        TimeFormat::Absolute => "Local".into(),
        TimeFormat::AbsoluteDate => "Local date".into(),
        TimeFormat::Utc => "UTC".into(),
        TimeFormat::Epoch => "Epoch".into(),
    }
}

fn heads(columns: &Columns, time: &str, theme: Theme) -> Pieces {
    let style = theme.heading();
    let ends = if columns.ends > 12 { "Client > server" } else { "Dir" };
    let all = [
        (right("No", columns.number, ' '), columns.number),
        (left("!", columns.flag, ' '), columns.flag),
        (right(time, columns.time, ' '), columns.time),
        (left(ends, columns.ends, ' '), columns.ends),
        (left("T", columns.message_type, ' '), columns.message_type),
        (right("MID", columns.message_id, ' '), columns.message_id),
        (left(if columns.token > 5 { "Token" } else { "Tok" }, columns.token, ' '), columns.token),
        (left("Code", columns.code, ' '), columns.code),
        (left("Summary", columns.summary, ' '), columns.summary),
        (left(if columns.link >= 8 { "=Answers" } else { "=" }, columns.link, ' '), columns.link),
    ];
    let mut line = String::from(" ");
    for (text, _) in all.iter().filter(|(_, width)| *width > 0) {
        line.push_str(text);
        line.push(' ');
    }
    vec![(line.trim_end().to_owned(), style)]
}

fn cursor(theme: Theme, selected: bool) -> &'static str {
    if selected { theme.signs().cursor } else { " " }
}

/// It belongs to the exchange of the selected message.
fn is_member(app: &App, id: RecordId) -> bool {
    let exchange = |id| app.store.get(id).map(|record| record.exchange).filter(|exchange| exchange.0 != 0);
    app.list.selected.and_then(exchange).is_some_and(|selected| exchange(id) == Some(selected))
}

fn row_pieces(row: &Row, cells: &Cells, columns: &Columns, theme: Theme, (selected, member): (bool, bool)) -> Pieces {
    let more = theme.signs().more;
    let plain = Style::new();
    let line = &row.line;
    let mut pieces: Pieces = vec![if member && !selected {
        (theme.signs().wall.into(), theme.observe())
    } else {
        (cursor(theme, selected).into(), plain)
    }];
    let mut cell = |text: String, width: usize, style: Style| {
        if width > 0 {
            pieces.push((text, style));
            pieces.push((" ".into(), plain));
        }
    };
    cell(right(&line.number, columns.number, more), columns.number, plain);
    cell(left(&line.flag, columns.flag, more), columns.flag, flag_style(row, theme));
    cell(right(&cells.time, columns.time, more), columns.time, plain);
    cell(left(&cells.ends, columns.ends, more), columns.ends, plain);
    let type_style = if row.message { theme.message_type(row.message_type) } else { plain };
    cell(left(&line.message_type, columns.message_type, more), columns.message_type, type_style);
    cell(right(&line.message_id, columns.message_id, more), columns.message_id, plain);
    cell(left(&text::fit_middle(&line.token, columns.token, more), columns.token, more), columns.token, plain);
    let code_style = if row.message { theme.code(row.code) } else { plain };
    cell(left(&code(&line.code, columns.code), columns.code, more), columns.code, code_style);
    // The link never gives way to the summary: its column is as wide as the widest one.
    let (about, links) = shared(columns, &cells.link);
    cell(left(&summary(row, about, more), about, more), about, plain);
    let link =
        if text::width(&cells.link) > links { cells.link.split(' ').next().unwrap_or_default() } else { &cells.link };
    cell(fit(link, links, more), links, plain);
    pieces
}

/// Columns of the summary and of the link in a row; where there is no link, its column is the summary's.
fn shared(columns: &Columns, link: &str) -> (usize, usize) {
    match columns.link {
        0 => (columns.summary, 0),
        width if link.is_empty() => (columns.summary + 1 + width, 0),
        width => (columns.summary, width),
    }
}

/// Columns without which a row's summary would not tell what matters: Observe number, blocks, and of a request's path both ends.
fn least(row: &Row) -> usize {
    let line = &row.line;
    let path = if row.code.is_request() { text::width(&line.path).min(PATH) } else { 0 };
    let content = usize::from(!line.content.is_empty());
    let words = [text::width(&observe(&line.observe)), path, text::width(&short_blocks(&line.blocks)), content];
    let words = words.into_iter().filter(|width| *width > 0);
    words.fold(0, |sum, width| sum + width + 1).saturating_sub(1)
}

/// Path, blocks and payload. Observe number and blocks are kept whatever the width: the path is shortened in its middle, the payload at its end.
fn summary(row: &Row, columns: usize, more: char) -> String {
    let line = &row.line;
    let whole = cells::summary(line, row.code.is_response());
    if text::width(&whole) <= columns {
        return whole;
    }
    // What has none of the parts that can be shortened is cut where it ends.
    if [&line.path, &line.blocks, &line.content].iter().all(|part| part.is_empty()) {
        return fit(&whole, columns, more);
    }
    let (observe, content) = (observe(&line.observe), brief(&line.content));
    let room = |words: &[&str]| columns.saturating_sub(text::width(&joined(words)));
    let is_request = !row.code.is_response();
    let path = if is_request { line.path.chars().take(PATH).collect() } else { String::new() };
    // A sign stands at least for what comes last.
    let last = if is_request { &content } else { &joined(&[&content, &line.path]) };
    let sign = if last.is_empty() { "" } else { "~" };
    let fits = |blocks: &String| text::width(&joined(&[&observe, &path, blocks, sign])) <= columns;
    let blocks = [line.blocks.clone(), short_blocks(&line.blocks)].into_iter().find(fits);
    let blocks = blocks.unwrap_or_else(|| shortest_blocks(&line.blocks));
    if !is_request {
        // Of a response the value is what the row is read for; the path stands at its request.
        return fit(&joined(&[&observe, &blocks, &content, &line.path]), columns, more);
    }
    // The payload stays whole beside both ends of the path, or else gives way to it.
    let beside = room(&[&observe, &blocks, &content]).saturating_sub(1);
    let alone = room(&[&observe, &blocks, sign]);
    let alone = if alone == columns { alone } else { alone.saturating_sub(1) };
    let path = text::fit_middle(&line.path, if beside >= PATH { beside } else { alone }, more);
    fit(&joined(&[&observe, &path, &blocks, &content]), columns, more)
}

/// A code in its column: the name goes where only the number fits.
fn code(code: &str, columns: usize) -> String {
    if text::width(code) > columns && columns < 8 && code.starts_with(|letter: char| letter.is_ascii_digit()) {
        code.split(' ').next().unwrap_or(code).to_owned()
    } else {
        code.to_owned()
    }
}

fn flag_style(row: &Row, theme: Theme) -> Style {
    match row.severity {
        Some(severity @ (Severity::Warn | Severity::Error)) => theme.severity(severity),
        _ if row.repeat => theme.repeat(),
        _ => theme.observe(),
    }
}
