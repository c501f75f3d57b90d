//! Where the panes are: three of them where there is room, one at a time where there is not.

use ratatui::layout::Rect;

use crate::tui::action::View;
use crate::tui::app::Pane;

/// Columns and rows below which only a sentence is shown.
pub const SMALLEST: (u16, u16) = (40, 8);
/// Rows from which three panes are shown.
const THREE: u16 = 16;
/// Rows of the list at least, with its heads.
const LEAST: u16 = 3;
/// Columns from which tree and bytes stand side by side.
pub const BESIDE: u16 = 104;

/// The screen divided. Absent panes are not shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Panes {
    /// The first line.
    pub title: Rect,
    /// Column heads and messages.
    pub list: Option<Rect>,
    /// Its rule and the tree.
    pub tree: Option<Rect>,
    /// Its rule and the bytes.
    pub bytes: Option<Rect>,
    /// What explains the selection; no rows where there is no room.
    pub explain: Rect,
    /// The last line.
    pub hints: Rect,
    /// Tree and bytes stand side by side.
    pub beside: bool,
    /// Rows that the list has more than by itself.
    pub shift: i16,
    /// Rows that it could have fewer, and more.
    pub limits: (u16, u16),
}

/// What a table and the pane below it have to show, once that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// Rows, without the heads.
    pub rows: usize,
    /// One of them is marked, of which the pane below tells.
    pub is_marked: bool,
}

/// Divide the screen. `None` where it is too small for panes.
pub fn divide(area: Rect, focus: Pane, zoomed: bool, shift: i16, view: View, table: Option<Table>) -> Option<Panes> {
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        return None;
    }
    let row = |y: u16, height: u16| Rect { x: area.x, y: area.y + y, width: area.width, height };
    let explain = match area.height {
        ..20 => 1,
        20..24 => 2,
        _ => 3,
    };
    let body = area.height - 2 - explain;
    let mut panes = Panes {
        title: row(0, 1),
        explain: row(1 + body, explain),
        hints: row(area.height - 1, 1),
        shift,
        ..Panes::default()
    };
    if zoomed || area.height < THREE {
        let whole = Some(row(1, body));
        match focus {
            Pane::List => panes.list = whole,
            Pane::Bytes if view.is_table() => panes.tree = whole,
            Pane::Tree => panes.tree = whole,
            Pane::Bytes => panes.bytes = whole,
        }
        return Some(panes);
    }
    if view.is_table() {
        let list = panes.share(table_rows(body, table), body - 4);
        panes.list = Some(row(1, list));
        panes.tree = Some(row(1 + list, body - list));
        return Some(panes);
    }
    if area.width >= BESIDE {
        panes.beside = true;
        let share = if view == View::Flow { body * 2 / 3 } else { body / 2 };
        let list = panes.share(share, body - 4);
        panes.list = Some(row(1, list));
        let lower = row(1 + list, body - list);
        let tree = lower.width * 11 / 20;
        panes.tree = Some(Rect { width: tree, ..lower });
        panes.bytes = Some(Rect { x: lower.x + tree, width: lower.width - tree, ..lower });
    } else if view == View::Flow {
        // A ladder needs rows: below it is one pane, the one that was asked for last.
        let list = panes.share(body * 2 / 3, body - 3);
        panes.list = Some(row(1, list));
        let below = Some(row(1 + list, body - list));
        if focus == Pane::Bytes { panes.bytes = below } else { panes.tree = below }
    } else {
        let bytes = 1 + (body / 7).max(2);
        let list = panes.share((body - bytes) * 9 / 16, body - bytes - 3);
        panes.list = Some(row(1, list));
        panes.tree = Some(row(1 + list, body - bytes - list));
        panes.bytes = Some(row(1 + body - bytes, bytes));
    }
    Some(panes)
}

/// Rows of a table with its heads, of so many: a third, but no more than it fills; and as many as it fills where nothing is told below it.
fn table_rows(body: u16, table: Option<Table>) -> u16 {
    const FEWEST: u16 = 4;
    let third = (body / 3).max(FEWEST);
    let Some(table) = table else { return third };
    let filled = u16::try_from(table.rows + 1).unwrap_or(u16::MAX);
    filled.clamp(FEWEST, if table.is_marked { third } else { (body - FEWEST).max(FEWEST) })
}

impl Panes {
    /// Rows of the list: so many by itself, and what the user gave to it or took from it, within limits that are told.
    fn share(&mut self, own: u16, most: u16) -> u16 {
        let most = most.max(LEAST);
        let rows = own.saturating_add_signed(self.shift).clamp(LEAST, most);
        self.shift = rows.cast_signed() - own.cast_signed();
        self.limits = (rows - LEAST, most - rows);
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_takes_no_row_that_it_does_not_fill() {
        let rows = |rows, is_marked| table_rows(31, Some(Table { rows, is_marked }));
        assert_eq!(
            (table_rows(31, None), rows(200, true), rows(9, true), rows(5, true), rows(0, true)),
            (10, 10, 10, 6, 4)
        );
        assert_eq!((rows(200, false), rows(15, false), rows(2, false)), (27, 16, 4));
        assert_eq!(table_rows(7, Some(Table { rows: 200, is_marked: false })), 4);
    }

    #[test]
    fn panes_never_overlap_and_fill_the_screen() {
        for width in (1..250).step_by(3) {
            for height in 1..80 {
                let table = |rows, is_marked| Some(Table { rows, is_marked });
                for (focus, zoomed, shift, view, table) in [
                    (Pane::List, false, 0, View::Messages, None),
                    (Pane::Tree, false, -100, View::Messages, None),
                    (Pane::Bytes, false, 100, View::Messages, None),
                    (Pane::Tree, true, 3, View::Messages, None),
                    (Pane::List, false, 0, View::Flow, None),
                    (Pane::Bytes, false, -9, View::Flow, None),
                    (Pane::List, false, 0, View::Exchanges, None),
                    (Pane::Bytes, true, -50, View::Observations, None),
                    (Pane::Tree, false, 2, View::Observations, table(1, true)),
                    (Pane::List, false, 0, View::Findings, table(9, false)),
                    (Pane::List, false, -3, View::Findings, table(100_000, false)),
                ] {
                    let area = Rect::new(0, 0, width, height);
                    let Some(panes) = divide(area, focus, zoomed, shift, view, table) else {
                        assert!(width < SMALLEST.0 || height < SMALLEST.1);
                        continue;
                    };
                    let all = [
                        Some(panes.title),
                        panes.list,
                        panes.tree,
                        panes.bytes,
                        Some(panes.explain),
                        Some(panes.hints),
                    ];
                    let cells: u32 = all.iter().flatten().map(|pane| pane.area()).sum();
                    assert_eq!(cells, area.area(), "{width}x{height} {focus:?} {zoomed} {shift}: {panes:?}");
                    assert!(all.iter().flatten().all(|pane| area.union(*pane) == area && pane.height > 0));
                }
            }
        }
    }
}
