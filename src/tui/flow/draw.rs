//! The ladder's pane: heads of the lanes, then a row a message.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::WIDE;
use crate::coap::MessageType;
use crate::render::ladder::text::{shortened, time_head};
use crate::render::ladder::{ASCII, Drawing, Entry, Kind, Line, Part, Piece, UNICODE};
use crate::store::Record;
use crate::tracking::RecordId;
use crate::tui::app::{App, Pane};
use crate::tui::theme::Theme;
use crate::tui::view::messages;
use crate::tui::view::text::{self, Pieces};

/// Draw the ladder.
pub fn draw(buffer: &mut Buffer, area: Rect, app: &App) {
    let drawing = Drawing {
        columns: &app.flow.columns,
        signs: if app.theme.unicode { &UNICODE } else { &ASCII },
        lanes: &app.flow.ladder.lanes,
        store: &app.store,
        aliases: &app.aliases,
        cursor: true,
    };
    let since = app.since_head();
    let head = drawing.head(since.as_deref().unwrap_or(time_head(app.times.format)));
    write(buffer, Rect { height: 1, ..area }, &head, app.theme);
    if app.flow.entries.is_empty() && area.height > 1 {
        let why = vec![(app.why_empty().into(), Style::new())];
        text::write(buffer, area.x, area.y + 1, area.width, &why, app.theme.signs().more);
    }
    let selected = app.list.selected.and_then(|id| app.store.get(id));
    for (index, (y, entry)) in (area.y + 1..area.bottom()).zip(&app.flow.entries).enumerate() {
        let record = app.store.get(entry.item.first);
        let time = record.map(|record| time(app, &record, entry)).unwrap_or_default();
        let is_selected = app.flow.item == Some(entry.item) && !is_pause(entry);
        let slants = app.flow.slants.get(index).map_or(&[][..], Vec::as_slice);
        let line = drawing.line(entry, &time, slants, is_selected);
        let row = Rect { y, height: 1, ..area };
        write(buffer, row, &line, app.theme);
        if let Some(id) = markable(app, entry) {
            // Behind the number, or where there is no room for numbers behind the flag.
            let columns = &app.flow.columns;
            let before = if columns.number > 0 { columns.number } else { columns.flag };
            messages::letter(buffer, row.x + 1 + before as u16, y, app, id);
        }
        if is_selected {
            buffer.set_style(row, app.theme.selected(app.focus == Pane::List));
        } else if !is_pause(entry) && is_of(selected, record) {
            buffer.set_stringn(row.x, y, app.theme.signs().of_it, 1, app.theme.observe().add_modifier(Modifier::BOLD));
        }
    }
}

/// Of the same exchange as the selected message.
fn is_of(selected: Option<Record>, record: Option<Record>) -> bool {
    let exchange = selected.map_or(0, |record| record.exchange.0);
    exchange != 0 && record.is_some_and(|record| record.exchange.0 == exchange)
}

/// The message of a row that may have a mark: its own, or one that is folded in it.
fn markable(app: &App, entry: &Entry) -> Option<RecordId> {
    match entry.line {
        Line::Message(_) => Some(entry.item.first),
        Line::Fold(_) => app.flow.marked.iter().find(|(item, _)| *item == entry.item).map(|(_, id)| *id),
        Line::Pause(..) | Line::Tick(_) => None,
    }
}

fn is_pause(entry: &Entry) -> bool {
    matches!(entry.line, Line::Pause(..) | Line::Tick(_))
}

fn time(app: &App, record: &Record, entry: &Entry) -> String {
    let text = app.times.format.show(record.time, app.first_time(), entry.before);
    if app.flow.page.1 < WIDE { shortened(&text).to_owned() } else { text }
}

fn write(buffer: &mut Buffer, area: Rect, line: &[Piece], theme: Theme) {
    let pieces: Pieces = line.iter().map(|(text, part)| (text.clone(), style(*part, theme))).collect();
    text::write(buffer, area.x, area.y, area.width, &pieces, theme.signs().more);
}

/// How a piece looks.
fn style(part: Part, theme: Theme) -> Style {
    match part {
        Part::Plain => Style::new(),
        Part::Lane | Part::Idle => theme.quiet(),
        Part::Head => theme.heading(),
        Part::Arrow(Kind::Confirmable) => theme.message_type(MessageType::Confirmable),
        Part::Arrow(Kind::NonConfirmable | Kind::Acknowledgement) => Style::new(),
        Part::Arrow(Kind::Reset) => theme.message_type(MessageType::Reset),
        Part::Arrow(Kind::Evidence) => theme.severity(crate::coap::Severity::Note),
        Part::Code(code) => theme.code(code),
        Part::Repeat => theme.repeat(),
        Part::Observe => theme.observe(),
        Part::Severity(severity) => theme.severity(severity),
    }
}
