//! The tree: the selected message field by field, every layer foldable, findings at the end.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::text::{self, Pieces};
use crate::coap::Severity;
use crate::render::NodeKind;
use crate::tui::app::{App, Pane};
use crate::tui::detail::Item;

/// Draw the tree under its rule.
pub fn draw(buffer: &mut Buffer, area: Rect, app: &App) {
    super::rule(buffer, area, app, Pane::Tree, &title(app), "Tab: next pane");
    let more = app.theme.signs().more;
    if let Some(why) = &app.detail.error {
        let lines =
            text::wrap(&format!("This message cannot be read: {why}"), usize::from(area.width.saturating_sub(2)));
        for (y, line) in (area.y + 1..area.bottom()).zip(lines) {
            text::write(
                buffer,
                area.x + 1,
                y,
                area.width - 1,
                &vec![(line, app.theme.severity(Severity::Error))],
                more,
            );
        }
        return;
    }
    let focused = app.focus == Pane::Tree;
    let rows = app.detail.visible.iter().skip(app.detail.top).take(app.detail.page);
    for (y, index) in (area.y + 1..area.bottom()).zip(rows) {
        let Some(item) = app.detail.items.get(*index) else { continue };
        let selected = *index == app.detail.cursor;
        text::write(buffer, area.x, y, area.width, &pieces(item, *index, selected, app), more);
        if selected {
            buffer.set_style(Rect { y, height: 1, ..area }, app.theme.selected(focused));
        }
    }
    let below = app.detail.visible.len().saturating_sub(app.detail.top + app.detail.page);
    super::more_rows(buffer, area, below, app);
}

/// The selected message in a few words, with the endpoints in full.
fn title(app: &App) -> String {
    let Some(id) = app.list.selected else { return "no message".into() };
    let (Some(record), Some(row)) = (app.store.get(id), app.list.row(id)) else { return "message".into() };
    let end = |id| {
        let place = app.store.endpoint(id).map(ToString::to_string).unwrap_or_default();
        format!("{} {place}", app.aliases.name(id))
    };
    let line = &row.line;
    format!(
        "#{} {} {}  {} > {}",
        line.number,
        line.message_type,
        line.code,
        end(record.source),
        end(record.destination)
    )
}

fn pieces(item: &Item, index: usize, selected: bool, app: &App) -> Pieces {
    let signs = app.theme.signs();
    let cursor = if selected { signs.cursor } else { " " };
    let fold = match (item.has_children(index), item.open) {
        (false, _) => " ",
        (true, true) => signs.unfolded,
        (true, false) => signs.folded,
    };
    let severity = item.severity.filter(|severity| *severity >= Severity::Note);
    let mark = match (item.kind, severity) {
        // A finding's own line begins with its severity.
        (NodeKind::Finding, _) => String::new(),
        (_, Some(severity)) if severity >= Severity::Warn => format!("{} ", letter(severity)),
        _ => String::new(),
    };
    let style = severity.map_or_else(Style::new, |severity| app.theme.severity(severity));
    let body = match item.kind {
        NodeKind::Layer => app.theme.heading(),
        NodeKind::Finding => style,
        NodeKind::Field | NodeKind::Generated | NodeKind::Reading => Style::new(),
    };
    vec![
        (format!("{cursor}{}{fold} ", "  ".repeat(item.depth)), Style::new()),
        (mark, style),
        (app.theme.shown(&item.text).into_owned(), body),
    ]
}

/// The letter of a severity, so that colour is never alone.
fn letter(severity: Severity) -> char {
    match severity {
        Severity::Error => 'E',
        Severity::Warn => 'W',
        Severity::Note => 'n',
        Severity::Chat => 'i',
    }
}
