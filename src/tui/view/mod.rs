//! The screen drawn: what the state is made into. Nothing here changes the state but the sizes of the panes.

mod bytes;
mod compare;
mod detail;
mod empty;
mod filter;
mod help;
pub(super) mod layout;
pub(super) mod messages;
mod prompt;
mod status;
mod tables;
pub mod text;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::action::View;
use super::app::{App, Overlay, Pane};
use super::flow;
use layout::Panes;

/// Draw the screen.
pub fn draw(frame: &mut ratatui::Frame<'_>, app: &mut App) {
    let area = frame.area();
    let Some(panes) = prepare(area, app) else {
        return too_small(frame.buffer_mut(), area, app);
    };
    if std::mem::take(&mut app.times.asked) && !shows_times(app, &panes) {
        app.say_more("no times stand here");
    }
    let buffer = frame.buffer_mut();
    status::title(buffer, panes.title, app);
    status::hints(buffer, panes.hints, app);
    let body = body(&panes);
    if let Overlay::Help(_) = app.overlay {
        help::draw(buffer, body, app);
        status::help_place(buffer, panes.explain, app);
    } else if let Some(compared) = &app.compared {
        compare::draw(buffer, body, app, compared);
        compare::place(buffer, panes.explain, app, compared);
    } else if app.is_empty() {
        empty::draw(buffer, body, app);
        status::notice(buffer, panes.explain, app);
    } else {
        draw_panes(buffer, &panes, app);
    }
    let cursor = prompt::draw(buffer, panes.explain, app);
    if !app.theme.unicode {
        only_ascii(buffer);
    }
    if let Some(position) = cursor {
        frame.set_cursor_position(position);
    }
}

/// Divides the screen and has read what the panes show. `None` where there is no room for panes.
fn prepare(area: Rect, app: &mut App) -> Option<Panes> {
    let divide = |app: &App| layout::divide(area, app.focus, app.zoomed, app.shift, app.view, app.table());
    let mut panes = divide(app)?;
    tell_sizes(app, &panes);
    app.prepare();
    // Which row of a table is marked is known only now.
    if let Some(better) = divide(app).filter(|better| *better != panes) {
        panes = better;
        tell_sizes(app, &panes);
        app.prepare();
    }
    Some(panes)
}

/// Some pane shows times in the format that was asked for.
fn shows_times(app: &App, panes: &Panes) -> bool {
    let Some(columns) = panes.list.map(|pane| usize::from(pane.width)) else {
        // What is said of an observation has a column of times.
        return app.view == View::Observations;
    };
    match app.view {
        View::Messages => messages::shows_times(app, columns),
        View::Flow => app.flow.columns.time > 0,
        View::Exchanges | View::Observations => tables::shows_times(app, columns),
        View::Findings => false,
    }
}

fn draw_panes(buffer: &mut Buffer, panes: &Panes, app: &App) {
    if let Some(area) = panes.list {
        match app.view {
            View::Messages => messages::draw(buffer, area, app),
            View::Flow => flow::draw(buffer, area, app),
            View::Exchanges | View::Observations | View::Findings => tables::draw(buffer, area, app),
        }
    }
    if let Some(area) = panes.tree.filter(|_| app.view.is_table()) {
        tables::draw_facts(buffer, area, app);
    } else if let Some(area) = panes.tree {
        detail::draw(buffer, area, app);
    }
    if let Some(area) = panes.bytes {
        bytes::draw(buffer, area, app, panes.beside);
    }
    if let Some(area) = panes.list {
        messages::new_below(buffer, area, app, panes.tree.is_none());
    }
    if !app.overlay.asks() {
        status::explain(buffer, panes.explain, app);
    }
}

/// All between title and explanation.
fn body(panes: &Panes) -> Rect {
    [panes.list, panes.tree, panes.bytes].into_iter().flatten().reduce(Rect::union).unwrap_or_default()
}

/// Tell the state how much the panes hold, so that it reads no more than that.
fn tell_sizes(app: &mut App, panes: &Panes) {
    let rows = |pane: Option<Rect>| pane.map_or(0, |pane| usize::from(pane.height.saturating_sub(1)));
    app.list.page = rows(panes.list);
    app.flow.page = (app.list.page, panes.list.map_or(0, |pane| usize::from(pane.width)));
    app.tables.sizes(
        app.list.page,
        panes.tree.map_or((0, 0), |pane| (usize::from(pane.height.saturating_sub(1)), usize::from(pane.width))),
    );
    app.detail.page = rows(panes.tree);
    app.detail.columns = panes.tree.map_or(0, |pane| usize::from(pane.width));
    let columns = panes.bytes.map_or(0, |pane| pane.width - u16::from(panes.beside));
    app.detail.byte_page = (rows(panes.bytes), bytes::per_row(usize::from(columns)));
    app.shared = (panes.shift, panes.limits);
    if let Some(compared) = &mut app.compared {
        let rows = compare::rows(compared, app.theme, usize::from(panes.title.width)).len();
        compared.page = (usize::from(body(panes).height.saturating_sub(1)), rows);
        compared.scroll(compared.top);
    }
    app.help_page.0 = usize::from(body(panes).height);
    app.help_page.1 = help::rows(app, usize::from(panes.title.width)).len();
}

/// A screen that holds no pane says what it needs.
fn too_small(buffer: &mut Buffer, area: Rect, app: &App) {
    let (columns, rows) = layout::SMALLEST;
    // What is asked has no line of its own here.
    let question = match &app.overlay {
        Overlay::Confirm => app.would_lose().map(|what| format!("{what}: q ends all the same, Esc goes on. ")),
        _ => None,
    };
    let q_ends = app.is_at_top();
    let way = match (&question, q_ends && app.saving.is_none(), app.would_lose()) {
        (Some(_), ..) => "",
        (None, true, None) => "; q ends",
        (None, true, Some(_)) => "; q asks, C-c ends",
        (None, false, _) => "; C-c ends",
    };
    let needs = format!("coapscope needs {columns}x{rows}, this is {}x{}{way}.", area.width, area.height);
    let sentence = question.unwrap_or_default() + &needs;
    let lines = text::wrap(&sentence, usize::from(area.width));
    for (y, line) in (area.y..area.bottom()).zip(lines) {
        text::write(buffer, area.x, y, area.width, &vec![(line, Style::new())], app.theme.signs().more);
    }
}

/// A rule across a pane, with a title in it and a hint at its end.
fn rule(buffer: &mut Buffer, area: Rect, app: &App, pane: Pane, title: &str, hint: &str) {
    let signs = app.theme.signs();
    let style = app.theme.rule(app.focus == pane && matches!(app.overlay, Overlay::None));
    let columns = usize::from(area.width);
    let hint = if text::width(title) + text::width(hint) + 8 > columns { "" } else { hint };
    let title = text::fit(title, columns.saturating_sub(4), signs.more);
    let mut line = format!("{0}{0} {title} ", signs.rule);
    let tail = if hint.is_empty() { String::new() } else { format!(" {hint} {}", signs.rule) };
    let fill = columns.saturating_sub(text::width(&line) + text::width(&tail));
    line.push_str(&signs.rule.repeat(fill));
    line.push_str(&tail);
    text::write(buffer, area.x, area.y, area.width, &vec![(line, style)], signs.more);
}

/// So many rows follow below a pane: told in its last row.
fn more_rows(buffer: &mut Buffer, area: Rect, rows: usize, app: &App) {
    let text = format!("{}+{rows}", app.theme.signs().more);
    let columns = (text::width(&text) as u16).min(area.width);
    if rows > 0 && area.height > 1 {
        let (x, y) = (area.right() - columns, area.bottom() - 1);
        text::write(buffer, x, y, columns, &vec![(text, app.theme.key())], app.theme.signs().more);
    }
}

/// Where signs beyond ASCII cannot be shown, none is sent: what came from the wire included.
fn only_ascii(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if !cell.symbol().is_ascii() {
            cell.set_symbol("?");
        }
    }
}
