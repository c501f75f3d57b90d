//! The selected message looked at: its tree as a flat list of items with folds, its bytes, and the cursor in both.

use std::collections::HashMap;
use std::ops::Range;

use super::arrange::arrange;
use crate::coap::{Severity, Span};
use crate::pipeline::Fetcher;
use crate::render::{self, Known, Node, NodeKind, Place};
use crate::store::Store;
use crate::tracking::RecordId;

/// A node of the tree, with its place in the flat list.
#[derive(Clone, Debug)]
pub struct Item {
    /// How deep it stands; 0 at the top.
    pub depth: usize,
    /// The item that it stands in.
    pub(super) parent: Option<usize>,
    /// The item behind the last one below it.
    end: usize,
    /// What finds the same field in another message.
    path: String,
    /// The line to draw.
    pub text: String,
    /// The value in it, escaped.
    pub value: String,
    /// The name of its field.
    pub name: String,
    /// Its name for a reader.
    pub label: String,
    /// Where its bits lie.
    pub place: Option<Place>,
    /// RFC and section.
    pub reference: String,
    /// One sentence.
    pub explanation: String,
    /// Worst severity at or below it.
    pub severity: Option<Severity>,
    /// What kind of line it is.
    pub kind: NodeKind,
    /// The message that it points to.
    pub target: Option<RecordId>,
    /// It is unfolded.
    pub open: bool,
}

impl Item {
    /// It has items below it.
    pub fn has_children(&self, index: usize) -> bool {
        self.end > index + 1
    }
}

/// What is known of the selected message.
#[derive(Debug, Default)]
pub struct Detail {
    /// Which record it is.
    id: Option<RecordId>,
    /// Why it could not be read, one line.
    pub error: Option<String>,
    /// All items, in the order they are drawn.
    pub items: Vec<Item>,
    /// The items that no fold hides.
    pub visible: Vec<usize>,
    /// The selected item, an index into `items`.
    pub cursor: usize,
    /// The field that the user chose last: selected in every message that has it.
    wanted: Option<String>,
    /// The first row drawn, an index into `visible`.
    pub top: usize,
    /// Rows of the pane.
    pub page: usize,
    /// Columns of the pane.
    pub columns: usize,
    /// The captured frame.
    frame: Vec<u8>,
    /// The message.
    message: Vec<u8>,
    /// Where the message stands in the frame.
    coap_offset: Option<usize>,
    /// The whole frame is to be shown.
    pub whole: bool,
    /// The byte under the cursor.
    pub byte: usize,
    /// The first row of bytes drawn.
    pub byte_top: usize,
    /// Rows of the pane of bytes, and bytes a row.
    pub byte_page: (usize, usize),
    /// Folds that the user changed, by path.
    folds: HashMap<String, bool>,
    /// All folds are set to this where the user said so.
    all: Option<bool>,
    /// What is shown must be read again.
    stale: bool,
}

impl Detail {
    /// What is shown may have changed.
    pub fn forget(&mut self) {
        self.stale = true;
    }

    /// Show this record, reading it where that is needed.
    pub fn show(&mut self, id: Option<RecordId>, fetcher: &mut Fetcher, store: &Store) {
        if self.id == id && !self.stale {
            return;
        }
        let same = self.id == id;
        let (byte, top, byte_top) = (self.byte, self.top, self.byte_top);
        self.stale = false;
        self.id = id;
        self.error = None;
        self.items.clear();
        self.frame.clear();
        self.message.clear();
        if let Some(id) = id {
            match fetcher.view(store, id) {
                Ok(Some(view)) => {
                    self.frame.extend_from_slice(view.frame.bytes);
                    self.message.extend_from_slice(view.message.bytes());
                    self.coap_offset = view.coap_offset;
                    let root = arrange(render::tree(&view, Known::Later));
                    flatten(&root, "", 0, None, &mut self.items);
                }
                Ok(None) => self.error = Some("it has left the memory; it is still in the file".into()),
                Err(error) => self.error = Some(error.to_string()),
            }
        }
        self.apply_folds();
        let wanted = self.wanted.as_ref().and_then(|path| self.items.iter().position(|item| item.path == *path));
        self.cursor = wanted.unwrap_or_else(|| self.message_item());
        self.unhide(self.cursor);
        if same {
            (self.byte, self.top, self.byte_top) = (byte, top, byte_top);
        } else {
            self.byte_top = 0;
            self.follow_item();
        }
        self.scroll();
    }

    /// What was worked out about the message, each without its brackets.
    pub fn known(&self) -> impl Iterator<Item = &str> {
        let known = self
            .items
            .iter()
            .skip(self.message_item())
            .filter(|item| item.kind == NodeKind::Generated && item.depth == 1);
        known.filter(|item| item.label != "URI").map(|item| item.text.trim_matches(['[', ']']))
    }

    /// The item of the CoAP layer.
    fn message_item(&self) -> usize {
        self.items
            .iter()
            .position(|item| {
                item.depth == 0 && item.kind == NodeKind::Layer && matches!(item.place, Some(Place::Message(_)))
            })
            .unwrap_or(0)
    }

    /// What the bytes of the message are, in a word: of evidence they need not be CoAP.
    pub fn message_word(&self) -> &'static str {
        match self.items.get(self.message_item()).map(|item| item.label.as_str()) {
            Some("Datagram Transport Layer Security") => "DTLS",
            _ => "CoAP",
        }
    }

    fn apply_folds(&mut self) {
        for item in &mut self.items {
            item.open = self.folds.get(&item.path).copied().or(self.all).unwrap_or(item.open);
        }
        self.refresh();
    }

    /// Work out which items no fold hides.
    fn refresh(&mut self) {
        self.visible.clear();
        let mut index = 0;
        while let Some(item) = self.items.get(index) {
            self.visible.push(index);
            index = if item.open { index + 1 } else { item.end };
        }
    }

    /// Unfold what hides an item.
    fn unhide(&mut self, index: usize) {
        let mut parent = self.items.get(index).and_then(|item| item.parent);
        let mut changed = false;
        while let Some(item) = parent.and_then(|index| self.items.get_mut(index)) {
            changed |= !std::mem::replace(&mut item.open, true);
            parent = item.parent;
        }
        if changed {
            self.refresh();
        }
    }

    /// Row of the cursor among the visible ones.
    fn row(&self) -> usize {
        self.visible.iter().position(|index| *index == self.cursor).unwrap_or(0)
    }

    /// The selected item.
    pub fn item(&self) -> Option<&Item> {
        self.items.get(self.cursor)
    }

    /// The user chose an item.
    fn choose(&mut self, index: usize) {
        self.cursor = index;
        self.wanted = self.item().map(|item| item.path.clone());
    }

    /// Move the cursor in the tree by rows.
    pub fn step(&mut self, rows: isize) {
        let row = self.row().saturating_add_signed(rows).min(self.visible.len().saturating_sub(1));
        self.choose(self.visible.get(row).copied().unwrap_or(0));
        self.follow_item();
        self.scroll();
    }

    /// Fold or unfold the selected item.
    pub fn fold(&mut self, open: bool) {
        if let Some(item) = self.items.get_mut(self.cursor) {
            item.open = open;
            self.folds.insert(item.path.clone(), open);
        }
        self.refresh();
        self.scroll();
    }

    /// Fold or unfold everything.
    pub fn fold_all(&mut self, open: bool) {
        self.folds.clear();
        self.all = Some(open);
        self.apply_folds();
        // What is hidden now stands in something that is not; where nothing is selected there is nothing to be found.
        while !self.visible.contains(&self.cursor)
            && let Some(parent) = self.items.get(self.cursor).and_then(|item| item.parent)
        {
            self.cursor = parent;
        }
        self.scroll();
    }

    /// Left: fold, or go to the item above; false where neither can be.
    pub fn left(&mut self) -> bool {
        let Some(item) = self.items.get(self.cursor) else { return false };
        if item.open && item.has_children(self.cursor) {
            self.fold(false);
        } else if let Some(parent) = item.parent {
            self.choose(parent);
            self.follow_item();
            self.scroll();
        } else {
            return false;
        }
        true
    }

    /// Right: unfold, or go to the first item below; false where there is none.
    pub fn right(&mut self) -> bool {
        let Some(item) = self.items.get(self.cursor) else { return false };
        if !item.has_children(self.cursor) {
            return false;
        }
        if item.open {
            self.step(1);
        } else {
            self.fold(true);
        }
        true
    }

    /// The bytes of the pane are those of the frame: because the user said so, or since the selected field lies below CoAP.
    pub fn shows_frame(&self) -> bool {
        self.whole || matches!(self.item().and_then(|item| item.place), Some(Place::Frame(_)))
    }

    /// The bytes of the pane.
    pub fn bytes(&self) -> &[u8] {
        if self.shows_frame() { &self.frame } else { &self.message }
    }

    /// The message's bytes.
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// Where the message begins in the frame.
    pub fn coap_offset(&self) -> Option<usize> {
        self.coap_offset
    }

    /// A place as a span of the bytes of the pane.
    fn shown(&self, place: Place) -> Option<Span> {
        if self.shows_frame() {
            place.in_frame(self.coap_offset)
        } else {
            matches!(place, Place::Message(_)).then(|| place.span())
        }
    }

    /// The span of the selected item in the bytes of the pane.
    pub fn marked(&self) -> Option<Span> {
        self.item()?.place.and_then(|place| self.shown(place)).filter(|span| span.bits > 0)
    }

    /// The bytes of the selected item.
    pub fn marked_bytes(&self) -> &[u8] {
        self.marked()
            .and_then(|span| self.bytes().get(clamped(span.byte_range(), self.bytes().len())))
            .unwrap_or_default()
    }

    /// Put the byte cursor where the selected item begins.
    fn follow_item(&mut self) {
        self.byte = self.marked().map_or(0, |span| span.byte_range().start);
        self.scroll_bytes();
    }

    /// Switch between message and whole frame; the selection stays.
    pub fn toggle_whole(&mut self) {
        self.whole = !self.whole;
        self.follow_item();
    }

    /// Move the byte cursor, and select the narrowest field that holds the byte. Coming from what is wider than the fields of its byte, a step
    /// to the side first goes down to these.
    pub fn move_byte(&mut self, by: isize) {
        let last = self.bytes().len().saturating_sub(1);
        if by.abs() != 1 || self.fields_at(self.byte).any(|(index, _)| index == self.cursor) {
            self.byte = self.byte.saturating_add_signed(by).min(last);
        }
        let whole = self.shows_frame();
        if let Some(found) = self.narrowest(self.byte) {
            self.choose(found);
            self.unhide(found);
            // The bytes stay those that the cursor moves in: what was found in the frame may lie in the message.
            if whole != self.shows_frame() {
                self.whole = whole;
            }
            self.scroll();
        }
        self.scroll_bytes();
    }

    /// The items that hold a bit of the byte and have none below them that does, and how many bits they have.
    fn fields_at(&self, byte: usize) -> impl Iterator<Item = (usize, u32)> {
        let bits = move |item: &Item| {
            let span = item.place.and_then(|place| self.shown(place))?;
            let is_field = !matches!(item.kind, NodeKind::Finding | NodeKind::Reading) && span.bits > 0;
            (is_field && span.byte_range().contains(&byte)).then_some(span.bits)
        };
        let below = |index: usize, item: &Item| self.items.get(index + 1..item.end).unwrap_or_default();
        let is_last = move |index: usize, item: &Item| !below(index, item).iter().any(|item| bits(item).is_some());
        let all = self.items.iter().enumerate();
        all.filter_map(move |(index, item)| Some((index, bits(item).filter(|_| is_last(index, item))?)))
    }

    /// The one of them with the fewest bits, of equal ones the first.
    fn narrowest(&self, byte: usize) -> Option<usize> {
        self.fields_at(byte).min_by_key(|(index, bits)| (*bits, *index)).map(|(index, _)| index)
    }

    /// The fields of the byte under the cursor, where it has several: each as its line in the tree.
    pub fn shared_byte(&self) -> Vec<&str> {
        let fields = self.fields_at(self.byte).filter_map(|(index, _)| self.items.get(index));
        let fields: Vec<&str> =
            fields.filter(|item| item.kind != NodeKind::Generated).map(|item| item.text.as_str()).collect();
        if fields.len() > 1 { fields } else { Vec::new() }
    }

    /// Keep the cursor of the tree on the pane.
    pub fn scroll(&mut self) {
        self.top = scrolled(self.top, self.row(), self.page, self.visible.len());
    }

    /// Keep the byte cursor on the pane.
    pub fn scroll_bytes(&mut self) {
        let (rows, per_row) = (self.byte_page.0, self.byte_page.1.max(1));
        self.byte_top = scrolled(self.byte_top, self.byte / per_row, rows, self.bytes().len().div_ceil(per_row));
    }
}

/// A range inside of `length`.
fn clamped(range: Range<usize>, length: usize) -> Range<usize> {
    range.start.min(length)..range.end.min(length)
}

/// The first row to draw, so that `row` is among `page` rows of `all`.
pub fn scrolled(top: usize, row: usize, page: usize, all: usize) -> usize {
    let page = page.max(1);
    let highest = row.saturating_sub(page - 1);
    top.clamp(highest, row.max(highest)).min(all.saturating_sub(page))
}

fn flatten(node: &Node, path: &str, depth: usize, parent: Option<usize>, items: &mut Vec<Item>) {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for child in &node.children {
        let index = items.len();
        let nth = seen.entry(&child.name).or_default();
        let path = format!("{path}/{}#{nth}", child.name);
        *nth += 1;
        let open = depth == 0 && matches!(child.place, Some(Place::Message(_)))
            || child.kind == NodeKind::Generated
            || render::unfolds(child);
        items.push(Item {
            depth,
            parent,
            end: index + 1,
            path: path.clone(),
            text: child.text(),
            value: child.value.clone(),
            name: child.name.to_string(),
            label: child.label.to_string(),
            place: child.place,
            reference: child.reference.to_string(),
            explanation: child.explanation.to_string(),
            severity: child.severity,
            kind: child.kind,
            target: child.target,
            open,
        });
        flatten(child, &path, depth + 1, Some(index), items);
        let end = items.len();
        if let Some(item) = items.get_mut(index) {
            item.end = end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_stays_on_the_pane() {
        for (top, row, page, all, expected) in [
            (0, 0, 5, 20, 0),
            (0, 7, 5, 20, 3),
            (9, 7, 5, 20, 7),
            (18, 19, 5, 20, 15),
            (3, 2, 0, 4, 2),
            (4, 0, 9, 3, 0),
            (0, 0, 1, 0, 0),
        ] {
            assert_eq!(scrolled(top, row, page, all), expected, "{top} {row} {page} {all}");
        }
    }
}
