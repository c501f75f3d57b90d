//! The columns of notifications: where there is room as wide as on any wide screen, else as wide as their texts, and given up by priority.

use crate::tui::view::text::{self, left, right};

/// Texts of a row, one a column.
pub(super) type Cells = [String; COLUMNS.len()];

/// Places of cells that others change.
pub(super) const ORDER: usize = 6;
const VALUE: usize = 7;
const RULE: usize = 8;

const TIME: &str = "Time";

/// Head; whether it stands on the right; columns where there is room; when it is given up, the highest first, 0 never.
const COLUMNS: [(&str, bool, usize, u8); 9] = [
    ("#", true, 6, 0),
    (TIME, true, 9, 2),
    ("T", false, 3, 6),
    ("Observe", true, 8, 0),
    ("Step", true, 6, 5),
    ("Gap", true, 8, 4),
    ("Order", false, 10, 0),
    ("Value", false, 23, 3),
    ("Rule", false, 0, 0),
];
/// Columns that values have at least, unless all are shorter.
const LEAST: usize = 5;

/// The heads as a row; `since`: what times count from, where that is not the first frame.
pub(super) fn heads(since: Option<&str>) -> Cells {
    COLUMNS.map(|(name, ..)| since.filter(|_| name == TIME).unwrap_or(name).to_owned())
}

/// Columns of each on so many; 0 for one that is given up. Rules have what is left, behind all others.
pub(super) fn widths(rows: &[Cells], columns: usize) -> [usize; COLUMNS.len()] {
    let mut own = COLUMNS.map(|(name, ..)| name.len());
    for row in rows {
        own.iter_mut().zip(row).for_each(|(own, cell)| *own = (*own).max(text::width(cell)));
    }
    let value = own[VALUE].min(COLUMNS[VALUE].2);
    (own[VALUE], own[RULE]) = (value.min(LEAST), 0);
    let used = |widths: &[usize]| 1 + widths.iter().filter(|width| **width > 0).map(|width| width + 1).sum::<usize>();
    let mut widths = own;
    widths.iter_mut().zip(COLUMNS).for_each(|(width, (_, _, full, _))| *width = (*width).max(full));
    widths[VALUE] = own[VALUE];
    let is_roomy = used(&widths) <= columns + 1;
    if !is_roomy {
        widths = own;
    }
    let mut given_up: Vec<(u8, usize)> = COLUMNS.iter().enumerate().map(|(at, column)| (column.3, at)).collect();
    given_up.sort_unstable();
    while used(&widths) > columns + 1
        && let Some((1.., at)) = given_up.pop()
    {
        widths.iter_mut().skip(at).take(1).for_each(|width| *width = 0);
    }
    if widths[VALUE] > 0 {
        let room = (columns + 1).saturating_sub(used(&widths));
        let most = if is_roomy { COLUMNS[VALUE].2 } else { value };
        widths[VALUE] = (widths[VALUE] + room).min(most.max(widths[VALUE]));
    }
    widths
}

/// A row in one line.
pub(super) fn line(cells: &Cells, widths: &[usize; COLUMNS.len()], more: char) -> String {
    let mut line = String::new();
    for ((cell, width), (_, on_right, ..)) in
        cells.iter().zip(widths).zip(COLUMNS).filter(|((_, width), _)| **width > 0)
    {
        line.push(' ');
        line.push_str(&if on_right { right(cell, *width, more) } else { left(cell, *width, more) });
    }
    format!("{line} {}", cells[RULE]).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_most_stays() {
        let cells = |texts: [&str; 9]| texts.map(str::to_owned);
        let rows = [
            cells(["39", "45.791", "NON", "6", "+2", "5.80 s", "gap till #40", "GET registers", ""]),
            cells(["40", "46.394", "NON", "5", "-1", "603 ms", "STALE", "ON", ""]),
        ];
        for (columns, expected) in [(30, " 39       6 gap till #40"), (40, " 39 45.791       6 gap till #40 GET reg~")]
        {
            let widths = widths(&rows, columns);
            let line = line(&rows[0], &widths, '~');
            assert!(line.len() <= columns, "{columns}: {line}");
            assert_eq!(line, expected, "{columns} {widths:?}");
        }
    }
}
