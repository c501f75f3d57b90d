//! The help page: the keys from their table, the signs of the list, and what this capture is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::text::{self, Pieces};
use crate::render::ladder::{ASCII, Kind, UNICODE};
use crate::store::Ended;
use crate::tracking::EndpointId;
use crate::tui::app::{App, Overlay};
use crate::tui::keymap::KEYS;
use crate::tui::opening::Opening;
use crate::tui::places::GROUPS;
use crate::tui::theme::Theme;

/// Signs of the views, and what they say. The arrows and the wall are those of the terminal.
const SIGNS: &[(&str, &[(&str, &str)])] = &[
    (
        "Signs in the list, the first ones in the flow, too",
        &[
            ("E W", "an error or a warning stands on the message: the tree says which"),
            ("R1 R2", "the first, second retransmission of a Confirmable message"),
            ("D C", "a duplicate; a frame that was captured twice"),
            ("G", "a notification that skips numbers; W: one that is older than one seen before"),
            ("o", "registers, ends or belongs to an observation"),
            (
                "=#4",
                "answers or repeats the message of frame 4, and after how long (a retransmission: after the copy before it)",
            ),
            ("R1=#4", "a retransmission whose flag is another"),
            ("4a", "the message of frame 4 has mark a; with + it is picked for a comparison"),
            ("| before a row", "the message belongs to the exchange of the selected one"),
            ("c1 s1 e1", "the first client, the first server, the first sender of ICMP errors that was seen"),
        ],
    ),
    (
        "Signs in the flow",
        &[
            ("CON>", "the arrow of a Confirmable message"),
            ("NON>", "of a Non-confirmable one"),
            ("ACK>", "of an acknowledgement, and with X for its head of a Reset"),
            ("ICMP>", "of what speaks of a message, and is none"),
            ("?", "before it the arrow ends: no answer to it was captured"),
            ("[+]", "a block transfer folded; 1W 2R 1X: it hides a warning, 2 retransmissions, a refusal"),
            ("* before a row", "the message belongs to the exchange of the selected one"),
            ("+2", "so many lanes are beyond the edge; h and l lead there"),
        ],
    ),
    (
        "Signs in the tables",
        &[
            (">3.00s", "waited so long, and no answer was captured"),
            ("NON*", "sent to a group"),
            ("1 R1 A", "on the timeline: the first copy, the first retransmission, the answer; = when a copy is due"),
            ("o x", "on the chart: a notification, a stale one; = as long as it is fresh"),
        ],
    ),
];

/// A sign as this terminal draws it.
fn drawn(sign: &str, theme: Theme) -> String {
    let flow = if theme.unicode { &UNICODE } else { &ASCII };
    let arrow = |kind| {
        let line = flow.line(kind);
        format!("{line}{line}{}", flow.head(kind, true))
    };
    match sign {
        "CON>" => arrow(Kind::Confirmable),
        "NON>" => arrow(Kind::NonConfirmable),
        "ACK>" => arrow(Kind::Acknowledgement),
        "ICMP>" => arrow(Kind::Evidence),
        "| before a row" => sign.replace('|', theme.signs().wall),
        "* before a row" => sign.replace('*', theme.signs().of_it),
        "+2" => format!("2{}", flow.beyond[1]),
        _ => sign.to_owned(),
    }
}

/// Endpoints that are named on the page.
const ENDPOINTS: u32 = 12;

/// Draw the page over the panes.
pub fn draw(buffer: &mut Buffer, area: Rect, app: &App) {
    let Overlay::Help(top) = app.overlay else { return };
    let rows = rows(app, usize::from(area.width));
    for (y, row) in (area.y..area.bottom()).zip(rows.iter().skip(top)) {
        text::write(buffer, area.x, y, area.width, row, app.theme.signs().more);
    }
}

/// All rows of the page, so wide.
pub fn rows(app: &App, columns: usize) -> Vec<Pieces> {
    let theme = app.theme;
    let mut rows: Vec<Pieces> = Vec::new();
    for (group, heading) in GROUPS {
        rows.push(vec![(format!(" {heading}"), theme.heading())]);
        for row in KEYS.iter().filter(|row| row.group == group && !row.help.is_empty()) {
            entry(&mut rows, app, &row.keys.join(" "), row.help, columns);
        }
        rows.push(Vec::new());
    }
    for (heading, signs) in SIGNS {
        rows.push(vec![(format!(" {heading}"), theme.heading())]);
        for (sign, meaning) in *signs {
            entry(&mut rows, app, &drawn(sign, theme), meaning, columns);
        }
        rows.push(Vec::new());
    }
    rows.push(vec![(" This capture".into(), theme.heading())]);
    entry(&mut rows, app, "from", &app.opening.title(), columns);
    if let Some(why) = app.newest().ended().and_then(Ended::fault) {
        entry(&mut rows, app, "ended", why, columns);
    }
    if let Opening::Live { filter, rights, .. } = &app.opening {
        entry(&mut rows, app, "filter", filter, columns);
        entry(&mut rows, app, "rights", rights, columns);
    }
    let summary = app.store.summary();
    entry(
        &mut rows,
        app,
        "frames",
        &format!("{}, of them {} with CoAP", summary.frames, summary.coap_messages),
        columns,
    );
    for (reason, frames) in app.reasons() {
        entry(&mut rows, app, "not CoAP", &format!("{frames} {reason}"), columns);
    }
    for id in (0..ENDPOINTS).map(EndpointId) {
        if let Some(endpoint) = app.store.endpoint(id) {
            entry(&mut rows, app, app.aliases.name(id), &endpoint.to_string(), columns);
        }
    }
    let others = (app.store.endpoints() as u32).saturating_sub(ENDPOINTS);
    if others > 0 {
        let text = format!("{others} more endpoints; `coapscope stats` lists whole addresses");
        entry(&mut rows, app, &app.theme.signs().more.to_string(), &text, columns);
    }
    for (port, offer) in &summary.offers {
        let text = format!("{} datagrams on UDP port {port} look like CoAP: D, or --port {port}", offer.datagrams);
        entry(&mut rows, app, "offer", &text, columns);
    }
    for warning in app.store.warnings() {
        entry(&mut rows, app, "warning", warning, columns);
    }
    rows
}

/// Keys on the left, the sentence on the right, wrapped.
fn entry(rows: &mut Vec<Pieces>, app: &App, keys: &str, help: &str, columns: usize) {
    const KEYS_WIDTH: usize = 14;
    let more = app.theme.signs().more;
    let mut keys = keys;
    for line in text::wrap(help, columns.saturating_sub(KEYS_WIDTH + 4).max(8)) {
        let head = format!("  {} ", text::left(keys, KEYS_WIDTH, more));
        rows.push(vec![(head, app.theme.key()), (line, ratatui::style::Style::new())]);
        keys = "";
    }
}
