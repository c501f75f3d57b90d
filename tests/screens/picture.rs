//! A frame as text, what of it has a style, and what holds for every one.

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::Color;

/// The rows of a frame.
pub(super) fn text(buffer: &Buffer) -> String {
    let rows = buffer.content().chunks(usize::from(buffer.area.width));
    let rows = rows.map(|row| {
        let mut line = String::new();
        let mut covered = 0;
        for cell in row {
            // The cell behind a wide sign is part of it.
            if covered == 0 {
                line.push_str(cell.symbol());
                covered = unicode_width::UnicodeWidthStr::width(cell.symbol()).max(1);
            }
            covered -= 1;
        }
        line.trim_end().to_owned()
    });
    rows.collect::<Vec<_>>().join("\n")
}

/// What has a style: its row, its first column, its colours and modifiers, its text.
pub(super) fn styles(buffer: &Buffer) -> String {
    let mut lines = Vec::new();
    for (y, row) in buffer.content().chunks(usize::from(buffer.area.width)).enumerate() {
        let look = |cell: &Cell| (cell.fg, cell.bg, cell.modifier);
        let mut x = 0;
        for run in row.chunk_by(|one, next| look(one) == look(next)) {
            let text: String = run.iter().map(Cell::symbol).collect();
            let (foreground, background, modifier) = look(&run[0]);
            if (foreground, background) != (Color::Reset, Color::Reset) || !modifier.is_empty() {
                lines.push(format!("{y:>2},{x:<2} {foreground:?} on {background:?} {modifier:?}: {}", text.trim_end()));
            }
            x += run.len();
        }
    }
    lines.join("\n").replace("Reset", "default")
}

/// What holds for every frame, whatever it shows.
pub(super) fn check_frame(frame: &str, width: u16, height: u16) {
    for row in frame.lines() {
        let columns = unicode_width::UnicodeWidthStr::width(row);
        assert!(columns <= usize::from(width), "a row is {columns} columns wide, the screen {width}:\n{frame}");
    }
    if width >= 40 && height >= 8 {
        let last = frame.lines().last().unwrap_or_default();
        let other = ["Enter find", "Enter apply", "Enter go", "Enter save", "y replace", "q end"]
            .iter()
            .any(|hint| last.contains(hint));
        assert!(last.ends_with("? help") || other, "{width}x{height}: no way to help in\n{frame}");
    }
}
