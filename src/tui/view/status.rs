//! The first line, the explanation of what is selected, and the last line with the hints.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::text::{self, Pieces};
use crate::capture::{Carrier, MAX_WARNINGS};
use crate::coap::{Rule, Severity};
use crate::render::NodeKind;
use crate::store::Ended;
use crate::tui::action::View;
use crate::tui::app::{App, Overlay, Pane};
use crate::tui::detail::Item;
use crate::tui::keymap;
use crate::tui::opening::{Opening, file_name};

/// Columns from which the first line has a right side.
const HINTED: usize = 64;

/// Columns of a name that stay as long as anything else can be given up, and those of a filter that a longer name leaves free.
const LEAST_NAME: usize = 12;
const LEAST_FILTER: usize = 24;

/// Ranks of the counts of problems in the first line: from the first of them to the last.
const PROBLEMS: (u8, u8) = (4, 7);

/// A frame takes no more bytes than this in a savefile, mostly.
const FRAME: u64 = 4096;

/// Rules that tell why a message repeats.
const REPEATS: [Rule; 9] = [
    Rule::MidRetransmission,
    Rule::MidRetransmissionEarly,
    Rule::MidRetransmissionLate,
    Rule::MidSpurious,
    Rule::MidRefreshedCopy,
    Rule::MidDuplicateNon,
    Rule::MidDuplicateAck,
    Rule::CaptureCopy,
    Rule::NetDuplicate,
];

/// Draw the first line: what is looked at, and what was counted. The least important counts go first where it is narrow.
pub fn title(buffer: &mut Buffer, area: Rect, app: &App) {
    let more = app.theme.signs().more;
    let columns = usize::from(area.width);
    let mut parts = parts(app);
    let mut line = joined(&parts, None);
    let mut short = named(app, app.opening.short_title());
    // A long name leaves room for the filter.
    let longer = text::width(&short).saturating_sub(LEAST_NAME);
    let room = columns.saturating_sub(text::width(&line) + 3);
    let room = room.max((room + longer).min(LEAST_FILTER));
    let right = if columns < HINTED { String::new() } else { side(app, room) };
    let right_width = if right.is_empty() { 0 } else { text::width(&right) + 1 };
    let over = |line: &str| (text::width(line) + right_width + 1).saturating_sub(columns);
    while over(&line) > 0 {
        // Counts are worth more than the blanks between them.
        line = joined(&parts, Some(&short));
        if over(&line) == 0 {
            break;
        }
        let last = parts.iter().enumerate().skip(1).max_by_key(|(_, (rank, _))| *rank);
        let last = last.map(|(index, (rank, _))| (index, *rank)).filter(|(_, rank)| *rank > 0);
        // They are also worth more than most of a name. How the rows stand is said nowhere else.
        let least = last.map_or(0, |_| LEAST_NAME);
        if last.is_none_or(|(_, rank)| rank <= PROBLEMS.1) && text::width(&short) > least {
            let room = text::width(&short).saturating_sub(over(&line)).max(least);
            short = text::fit_middle(&short, room, more);
            line = joined(&parts, Some(&short));
        }
        let Some((index, rank)) = last.filter(|_| over(&line) > 0) else { break };
        parts.remove(index);
        if (PROBLEMS.0..=PROBLEMS.1).contains(&rank) {
            leave_sign(&mut parts, index, more);
        }
        line = joined(&parts, None);
    }
    buffer.set_style(area, app.theme.bar());
    text::write(buffer, area.x, area.y, area.width, &vec![(text::left(&line, columns, more), app.theme.bar())], more);
    if right_width > 0 && text::width(&line) + right_width < columns {
        let x = area.right() - right_width as u16;
        text::write(buffer, x, area.y, right_width as u16, &vec![(right, app.theme.bar())], more);
    }
}

/// A count of problems was given up: a sign behind those before it says so, or the mark of problems stands alone.
fn leave_sign(parts: &mut Vec<(u8, String)>, index: usize, more: char) {
    let is_problem = |(rank, _): &&mut (u8, String)| (PROBLEMS.0..=PROBLEMS.1).contains(rank);
    match index.checked_sub(1).and_then(|before| parts.get_mut(before)).filter(is_problem) {
        Some((_, text)) if text.ends_with(more) => {}
        Some((_, text)) => text.push_str(&format!(" {more}")),
        None => parts.insert(index, (0, "!".into())),
    }
}

/// The parts in a line, with a shorter title and single blanks where that is given.
fn joined(parts: &[(u8, String)], short: Option<&str>) -> String {
    let mut texts: Vec<&str> = parts.iter().map(|(_, text)| text.as_str()).collect();
    if let (Some(title), Some(short)) = (texts.first_mut(), short) {
        *title = short;
    }
    format!(" {}", texts.join(if short.is_some() { " " } else { "  " }))
}

/// The right side: the filter in force; for the built-in capture, how to open an interface; live, a kernel filter of
/// the user's where `columns` are left for it.
fn side(app: &App, columns: usize) -> String {
    let more = app.theme.signs().more;
    match &app.opening {
        _ if !app.filter.text().is_empty() => text::fit(&format!("/ {}", app.filter.text()), columns, more),
        Opening::BuiltIn { live, .. } => live.clone(),
        Opening::Live { filter, own_filter: true, .. } if columns >= 12 => text::fit(filter, columns, more),
        _ => String::new(),
    }
}

/// An interface is open still.
fn is_open(app: &App) -> bool {
    app.opening.is_live() && app.newest().ended().is_none()
}

/// What is looked at, and whether an interface is open still.
fn named(app: &App, title: String) -> String {
    if is_open(app) { format!("LIVE {title}") } else { title }
}

/// Parts of the first line in their order, each with a rank: the highest is given up first.
fn parts(app: &App) -> Vec<(u8, String)> {
    let summary = app.store.summary();
    let counters = &summary.counters;
    let mut parts = vec![(0, named(app, app.opening.title()))];
    let newest = app.newest();
    match newest.summary().carrier {
        _ if !is_open(app) => {}
        Carrier::Up => {}
        Carrier::Unplugged(_) => parts.push((1, "NO LINK".into())),
        Carrier::Down => parts.push((1, "DOWN".into())),
    }
    if app.is_frozen() {
        let new = app.behind_view();
        parts.push((1, if new == 0 { "FROZEN".into() } else { format!("FROZEN {new} new") }));
    }
    if app.filter.text().is_empty() {
        parts.push((2, format!("{} msg", app.messages())));
        parts.push((9, format!("{} exch", counters.exchanges)));
        for (rank, problem) in (PROBLEMS.0..).zip(problems(app)) {
            parts.push((rank, problem));
        }
    } else {
        // The counts are of all messages, and would be taken for those of the chosen ones; the filter itself is on the right.
        let state = if app.filter.running { "filtering " } else { "" };
        parts.push((1, format!("{state}{} of {} msg", app.messages_shown(), app.messages())));
    }
    parts.extend(app.scope().into_iter().map(|scope| (1, scope)));
    if let Some(ordering) = app.tables.ordering_alone(app.view) {
        parts.push((0, ordering));
    }
    if app.is_sorting() {
        parts.push((1, "sorting".into()));
    }
    // What goes on behind a frozen view is told all the same.
    if newest.summary().dropped > 0 {
        parts.push((1, format!("drop {}", newest.summary().dropped)));
    }
    if app.store.first() > 0 {
        parts.push((3, format!("oldest {} left memory", app.store.first())));
    }
    let ended = newest.ended();
    if ended.is_none() && !app.opening.is_live() {
        let progress = newest.summary().progress;
        let percent = progress.total.filter(|total| *total > 0).map(|total| (progress.read * 100 / total).min(100));
        let reading = percent.map_or("reading".into(), |percent| format!("reading {percent}%"));
        // At the end of a file that is followed there may be half a frame.
        let at_end = app.opening.is_followed() && progress.total.is_some_and(|total| progress.read + FRAME >= total);
        parts.push((3, if at_end { "following".into() } else { reading }));
    }
    if app.opening.is_live() && matches!(ended, Some(Ended::Complete)) {
        parts.push((1, "capture ended".into()));
    }
    if matches!(ended, Some(Ended::Failed(_))) {
        // The keys that lead to the end of the help page, which says why.
        parts.push((1, "ENDED BY AN ERROR: ? G".into()));
    }
    if let Opening::Live { saved_to: Some(file), .. } = &app.opening {
        parts.push((10, format!("saved to {}", file_name(file))));
    }
    if !app.store.warnings().is_empty() {
        parts.push((8, warnings(app)));
    }
    parts
}

/// What went wrong, counted, the gravest first.
fn problems(app: &App) -> Vec<String> {
    let counters = &app.store.summary().counters;
    // Whoever asked to be spared a response misses none.
    let unanswered = counters.exchanges_unanswered().saturating_sub(app.spared);
    let counts = [
        (counters.retransmissions, "retx"),
        (counters.notifications_stale, "stale"),
        (counters.malformed, "bad"),
        // Live, what has no answer yet may still get one: only what the client has given up counts.
        (if app.grows() { app.unanswered } else { unanswered }, "unanswered"),
    ];
    let mut words: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, name)| format!("{count} {name}")).collect();
    if let Some(first) = words.first_mut() {
        first.insert_str(0, "! ");
    }
    words
}

/// How many warnings the capture gave; a file gives so many at most, and one that says that there are more.
pub fn warnings(app: &App) -> String {
    match app.store.warnings().len() {
        count @ ..=MAX_WARNINGS => crate::coap::count(count, "warning"),
        count => format!("{} or more warnings", count - 1),
    }
}

/// Draw what explains the selection: a notice, else the worst finding of the message, else the field under the cursor.
pub fn explain(buffer: &mut Buffer, area: Rect, app: &App) {
    let columns = usize::from(area.width.saturating_sub(2));
    let lines = explanation(app, columns);
    let cut = lines.len() > usize::from(area.height);
    for (y, (index, (mut line, style))) in (area.y..area.bottom()).zip(lines.into_iter().enumerate()) {
        if cut && index + 1 == usize::from(area.height) {
            line = text::fit(&format!("{line} {}", app.theme.signs().more), columns, app.theme.signs().more);
        }
        text::write(buffer, area.x + 1, y, area.width - 1, &vec![(line, style)], app.theme.signs().more);
    }
}

/// Draw what is told the user on the page that stands where no message is, unless that page says it.
pub fn notice(buffer: &mut Buffer, area: Rect, app: &App) {
    let Some(notice) = &app.notice else { return };
    let failed = matches!(app.store.ended(), Some(Ended::Failed(why)) if why == notice);
    let carrier = app.newest().summary().carrier.words(&app.opening.title());
    if !(failed
        || carrier.as_ref() == Some(notice)
        || app.store.warnings().contains(notice)
        || app.offer().as_ref() == Some(notice))
    {
        explain(buffer, area, app);
    }
}

fn explanation(app: &App, columns: usize) -> Vec<(String, Style)> {
    let styled = |text: &str, style: Style| {
        text::wrap(&app.theme.shown(text), columns).into_iter().map(move |line| (line, style)).collect()
    };
    if app.pending.text().ends_with('\'') {
        return styled(&app.marks.offered(), app.theme.heading());
    }
    if let Some(notice) = &app.notice {
        return styled(notice, app.theme.heading());
    }
    if app.finder.running {
        return styled(&app.finder.words(), app.theme.heading());
    }
    if let Some(why) = app.unmarked() {
        return styled(&format!("{why}; j and k mark one"), Style::new());
    }
    if app.focus == Pane::List && app.view == View::Findings {
        return app.said_of_finding().map_or_else(Vec::new, |(text, style)| styled(&text, style));
    }
    let item = app.detail.item();
    let says_nothing = item.is_none_or(|item| item.kind == NodeKind::Layer && item.explanation.is_empty());
    if app.focus == Pane::List || app.view.is_table() || says_nothing {
        return of_message(app).into_iter().flat_map(|(text, style)| styled(&text, style)).collect();
    }
    let Some(item) = item else { return Vec::new() };
    let shared = app.detail.shared_byte();
    if app.focus == Pane::Bytes && !shared.is_empty() {
        return styled(&format!("Byte {} holds {}", app.detail.byte, shared.join("; ")), Style::new());
    }
    let style = item
        .severity
        .filter(|_| item.kind == NodeKind::Finding)
        .map_or_else(Style::new, |severity| app.theme.severity(severity));
    styled(&sentence(item, app.detail.columns), style)
}

/// What is to be said of the selected message as a whole: its worst finding and what was worked out about it. What is wrong,
/// and why a message repeats, comes first.
fn of_message(app: &App) -> Vec<(String, Style)> {
    let known = app.detail.known().collect::<Vec<_>>().join(". ");
    let mut said = vec![(known, Style::new())];
    let of_repeat = |item: &Item| REPEATS.iter().any(|rule| item.label.ends_with(rule.id()));
    let findings = app.detail.items.iter().filter(|item| item.kind == NodeKind::Finding);
    let worst = findings.max_by_key(|item| (item.severity, of_repeat(item)));
    if let Some(finding) = worst {
        let style = finding.severity.map_or_else(Style::new, |severity| app.theme.severity(severity));
        let repeats = app.list.selected.and_then(|id| app.store.get(id)).is_some_and(|record| record.is_repeat());
        let first = repeats || finding.severity >= Some(Severity::Warn);
        said.insert(usize::from(!first), (sentence(finding, app.detail.columns), style));
    }
    if let Some(folded) = app.folded() {
        said.insert(0, (folded, app.theme.heading()));
    }
    said
}

/// A field or finding explained: its name, its source, its sentence.
fn sentence(item: &Item, columns: usize) -> String {
    let source = if item.reference.is_empty() || item.reference == "-" {
        String::new()
    } else {
        format!(" ({})", item.reference)
    };
    let explanation = &item.explanation;
    // What its line in the tree cuts off is said here.
    let cut = item.kind == NodeKind::Generated || text::width(&item.text) + 2 * item.depth + 3 > columns;
    let label = if cut { item.text.trim_matches(['[', ']']) } else { &item.label };
    match (item.kind, explanation.is_empty()) {
        (NodeKind::Finding, false) if !item.text.contains(explanation) => {
            format!("{} {explanation}{source}", item.text)
        }
        (NodeKind::Finding, _) => format!("{}{source}", item.text),
        (_, true) => format!("{label}{source}"),
        (_, false) => format!("{label}{source}: {explanation}"),
    }
}

/// Which rows of the help page are shown, in the place of the explanation.
pub fn help_place(buffer: &mut Buffer, area: Rect, app: &App) {
    let Overlay::Help(top) = app.overlay else { return };
    let (page, rows) = app.help_page;
    if app.notice.is_some() {
        return explain(buffer, area, app);
    }
    let text = format!("rows {} to {} of {rows}; j and k scroll, ? or Esc closes", top + 1, (top + page).min(rows));
    text::write(buffer, area.x + 1, area.y, area.width - 1, &vec![(text, app.theme.heading())], app.theme.signs().more);
}

/// Draw the last line: the way to help first, then as many hints as fit.
pub fn hints(buffer: &mut Buffer, area: Rect, app: &App) {
    let columns = usize::from(area.width);
    // Below the flow, too, its key leads back.
    let back = |hint| if app.view == View::Flow && hint == ("f", "flow") { ("f", "back") } else { hint };
    let mut hints = keymap::hints(app.place()).into_iter().map(back);
    let mut end: Pieces = Vec::new();
    if !app.overlay.asks()
        && let Some((key, word)) = hints.next()
    {
        end = vec![(key.into(), app.theme.key()), (format!(" {word} "), Style::new())];
    }
    let end_width = text::pieces_width(&end);
    let mut pieces: Pieces = vec![(format!(" {}", app.pending.text()), app.theme.key())];
    let drop = Some(("Esc", "drop")).filter(|_| !app.pending.text().is_empty());
    for (key, word) in drop.into_iter().chain(hints) {
        let hint: Pieces = vec![(key.into(), app.theme.key()), (format!(" {word}  "), Style::new())];
        if text::pieces_width(&pieces) + text::pieces_width(&hint) + end_width > columns {
            break;
        }
        if pieces.len() == 1 && !app.pending.text().is_empty() {
            pieces.push((" ".into(), Style::new()));
        }
        pieces.extend(hint);
    }
    text::write(buffer, area.x, area.y, area.width, &pieces, app.theme.signs().more);
    text::write(buffer, area.right() - end_width as u16, area.y, end_width as u16, &end, app.theme.signs().more);
}
