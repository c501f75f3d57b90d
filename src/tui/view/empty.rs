//! The page before the first message: what is listened to, what to try, what cannot be seen; or why a capture shows no CoAP.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::text::{self, Pieces};
use crate::coap::{Severity, count};
use crate::store::Ended;
use crate::tui::app::App;
use crate::tui::opening::Opening;

/// Ports that are named at most.
const PORTS: usize = 8;
/// Warnings that are told in full at most.
const DAMAGE: usize = 3;

/// Draw the page.
pub fn draw(buffer: &mut Buffer, area: Rect, app: &App) {
    let mut rows = Page { rows: Vec::new(), app, columns: usize::from(area.width) };
    match (&app.opening, app.store.ended()) {
        (Opening::Live { .. }, None) => live(&mut rows),
        (_, None) => loading(&mut rows),
        (_, Some(ended)) => nothing(&mut rows, ended),
    }
    let top = area.y + u16::from(usize::from(area.height) > rows.rows.len() + 1);
    for (y, row) in (top..area.bottom()).zip(&rows.rows) {
        text::write(buffer, area.x, y, area.width, row, app.theme.signs().more);
    }
}

/// The same in a few rows, below those of evidence: there was no message that it may speak of.
pub fn below_evidence(buffer: &mut Buffer, area: Rect, app: &App) {
    let mut page = Page { rows: vec![Vec::new()], app, columns: usize::from(area.width) };
    let came: Vec<String> = app.reasons().iter().map(|(name, frames)| format!("{frames} {name}")).collect();
    page.heading(&format!("No CoAP message in {}; what came instead: {}", count_of_frames(app), came.join(", ")));
    for (y, row) in (area.y..area.bottom()).zip(&page.rows) {
        text::write(buffer, area.x, y, area.width, row, app.theme.signs().more);
    }
}

fn count_of_frames(app: &App) -> String {
    let frames = usize::try_from(app.store.summary().frames).unwrap_or(usize::MAX);
    count(frames, "frame")
}

struct Page<'a> {
    rows: Vec<Pieces>,
    app: &'a App,
    columns: usize,
}

impl Page<'_> {
    fn heading(&mut self, text: &str) {
        for line in text::wrap(text, self.columns.saturating_sub(4)) {
            self.rows.push(vec![(format!("  {line}"), self.app.theme.heading())]);
        }
    }

    fn text(&mut self, label: &str, text: &str) {
        let width = if label.is_empty() { 2 } else { 13 };
        let mut label = label;
        for line in text::wrap(text, self.columns.saturating_sub(width + 3)) {
            self.rows.push(vec![
                (format!("  {}", text::left(label, width - 2, ' ')), self.app.theme.key()),
                (line, Style::new()),
            ]);
            label = "";
        }
    }

    fn gap(&mut self) {
        self.rows.push(Vec::new());
    }
}

fn live(page: &mut Page<'_>) {
    let Opening::Live { interface, filter, rights, saved_to, wireless, .. } = &page.app.opening else { return };
    page.heading(&format!("Listening on {interface}: no CoAP message yet"));
    page.gap();
    if let Some(words) = page.app.newest().summary().carrier.words(interface) {
        page.text("but", &words);
    }
    page.text("filter", filter);
    page.text("rights", rights);
    page.text("saved to", saved_to.as_deref().unwrap_or("nothing: -w FILE keeps what is captured"));
    let summary = page.app.store.summary();
    page.text(
        "so far",
        &format!("{} passed the filter, {} dropped by the kernel", count_of_frames(page.app), summary.dropped),
    );
    page.gap();
    page.text("try", "coap-client -m get coap://[::1]/time   (coap-client-notls on Debian; a coap-server must run)");
    page.text("not here", hidden(interface, *wireless));
    page.text("", "What uses other ports passes the filter with -f \"udp port N\" and is CoAP with --port N.");
    offers(page);
}

/// What this interface cannot show.
fn hidden(interface: &str, wireless: bool) -> &'static str {
    match interface {
        "lo" => {
            "only traffic of this machine to itself, such as [::1] and 127.0.0.1; for others name their interface, or any"
        }
        "any" => {
            "what other machines say to each other on a switch or on Wi-Fi: only what reaches this machine, and its own"
        }
        _ if wireless => {
            "Wi-Fi shows this machine's own traffic and multicast only; and [::1] and 127.0.0.1 are on lo or any"
        }
        _ => {
            "[::1] and 127.0.0.1 are on lo or any; a switch, and Wi-Fi, show this machine's own traffic and multicast only"
        }
    }
}

fn loading(page: &mut Page<'_>) {
    page.heading(&format!("Reading {}", page.app.opening.title()));
    page.gap();
    page.text("so far", &format!("{}, no CoAP message among them", count_of_frames(page.app)));
    offers(page);
}

fn nothing(page: &mut Page<'_>, ended: &Ended) {
    let summary = page.app.store.summary();
    if let Some(why) = ended.fault() {
        for line in text::wrap(why, page.columns.saturating_sub(4)) {
            page.rows.push(vec![(format!("  {line}"), page.app.theme.severity(Severity::Error))]);
        }
        page.gap();
        if summary.frames == 0 {
            return page.text("", "Nothing could be read before that.");
        }
    }
    if summary.frames == 0 {
        let damaged = !page.app.store.warnings().is_empty();
        let title = page.app.opening.title();
        page.heading(&format!("{title} holds no frame{}", if damaged { " that can be read" } else { "" }));
        page.gap();
        if !damaged {
            page.text("", "It was opened and read, but nothing was captured into it.");
        }
        return damage(page);
    }
    page.heading(&format!("No CoAP message in {} ({})", page.app.opening.title(), count_of_frames(page.app)));
    page.gap();
    page.text("", "What was there instead:");
    for (name, frames) in page.app.reasons() {
        page.text(&format!("{frames:>8}"), name);
    }
    if !page.app.store.warnings().is_empty() {
        page.gap();
        damage(page);
    }
    offers(page);
    if summary.offers.is_empty() {
        page.gap();
        page.text("", "CoAP is looked for on UDP ports 5683, 5684 and 61616 to 61631; --port N adds one.");
    }
}

/// What is odd about the capture, which may be why nothing is seen.
fn damage(page: &mut Page<'_>) {
    let app = page.app;
    let warnings = app.store.warnings();
    if warnings.is_empty() {
        return;
    }
    page.heading(&super::status::warnings(app));
    for warning in warnings.iter().take(DAMAGE) {
        page.text("", warning);
    }
    if warnings.len() > DAMAGE {
        page.text("", "The others stand at the end of the help page: ? and G.");
    }
}

/// What looks like CoAP on other ports, and the flag that decodes it.
fn offers(page: &mut Page<'_>) {
    let offers = &page.app.store.summary().offers;
    if offers.is_empty() {
        return;
    }
    page.gap();
    for (port, offer) in offers.iter().take(PORTS) {
        let text = format!(
            "{} datagrams on UDP port {port} look like CoAP, first in frame {}: {}--port {port}",
            offer.datagrams,
            offer.first_frame,
            if page.app.reads_again() { "press D, or start with " } else { "start with " }
        );
        page.text("offer", &text);
    }
}
