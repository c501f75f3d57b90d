//! The fields of a message as lines, and which lines of two messages belong together.

use crate::render::{Node, NodeKind, Place};

/// Lines of a message that are compared: the first ones.
pub const MOST: usize = 1000;
/// Bytes that are told of a line that says the same in other bytes.
const SHOWN: usize = 8;
/// What two lines that belong together are worth: more where they are the same.
const ALIKE: u32 = 1;
const SAME: u32 = 3;

/// A field, or a member of the payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What is compared with what: the field, and how deep it stands.
    key: (String, usize),
    /// Name of the field.
    pub label: String,
    /// The line to draw.
    pub text: String,
    /// Bytes of the value, where it is made of whole bytes.
    bytes: Option<Vec<u8>>,
}

impl Line {
    /// How deep it stands; 0 for a field of the message.
    pub const fn depth(&self) -> usize {
        self.key.1
    }

    /// It says the same in the same bytes.
    fn is_same(&self, other: &Self) -> bool {
        (&self.key, &self.text, &self.bytes) == (&other.key, &other.text, &other.bytes)
    }
}

/// The lines of a message's tree, whose root stands for the frame: all fields, of options and of the header no parts, of the payload all
/// members. Then how many there are besides.
pub fn lines(root: &Node, message: &[u8]) -> (Vec<Line>, usize) {
    let mut lines = Vec::new();
    let layers = root.children.iter().filter(|node| matches!(node.place, Some(Place::Message(_))));
    layers.for_each(|layer| add(layer, 0, message, &mut lines));
    let beyond = lines.len().saturating_sub(MOST);
    lines.truncate(MOST);
    (lines, beyond)
}

fn add(node: &Node, depth: usize, message: &[u8], lines: &mut Vec<Line>) {
    for field in node.children.iter().filter(|field| field.kind == NodeKind::Field && field.place.is_some()) {
        let text = field.text();
        // Bits are told by their value.
        let text = text.strip_prefix(&format!("{} = ", field.pattern)).map(str::to_owned).unwrap_or(text);
        let key = (format!("{} {}", field.name, field.label), depth);
        lines.push(Line { key, label: field.label.to_string(), text, bytes: bytes(field, message) });
        if field.name.starts_with("coapscope.payload") {
            add(field, depth + 1, message, lines);
        }
    }
}

/// Bytes of a field's value. None of bits, and of an option without a value: the first byte of an option says also how far the one before is.
fn bytes(field: &Node, message: &[u8]) -> Option<Vec<u8>> {
    let is_part = |node: &&Node| ["coap.opt.delta", "coap.opt.length"].contains(&node.name.as_ref());
    let value = match field.children.iter().find(is_part) {
        Some(_) => field.children.iter().find(|child| child.label == "Option Value")?,
        None => field,
    };
    let span = value.place.filter(|_| value.pattern.is_empty())?.span();
    message.get(span.byte_range()).map(<[u8]>::to_vec)
}

/// Lines of two messages that belong together: the place in each, or in one alone; and whether they differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Place in the first message.
    pub first: Option<usize>,
    /// Place in the second.
    pub second: Option<usize>,
    /// They do not say the same.
    pub differs: bool,
}

/// Adds their bytes to lines that say the same in other bytes: else nobody sees why they count as different.
pub fn tell_bytes(first: &mut [Line], second: &mut [Line], pairs: &[Pair]) {
    for pair in pairs.iter().filter(|pair| pair.differs) {
        let lines = pair.first.and_then(|at| first.get_mut(at)).zip(pair.second.and_then(|at| second.get_mut(at)));
        let Some((one, other)) = lines.filter(|(one, other)| one.text == other.text && one.bytes != other.bytes) else {
            continue;
        };
        for line in [one, other] {
            let bytes = line.bytes.as_deref().filter(|bytes| !bytes.is_empty());
            let shown = bytes.map(|bytes| {
                let more = if bytes.len() > SHOWN { " ..." } else { "" };
                let shown: Vec<String> = bytes.iter().take(SHOWN).map(|byte| format!("{byte:02x}")).collect();
                shown.join(" ") + more
            });
            line.text += &format!(" [{}]", shown.unwrap_or_else(|| "no bytes".into()));
        }
    }
}

/// Lines side by side so that as many as possible say the same, and of the others as many as possible are of the same field.
pub fn pairs(first: &[Line], second: &[Line]) -> Vec<Pair> {
    let (rows, columns) = (first.len(), second.len());
    let worth = |one: usize, other: usize| match (first.get(one), second.get(other)) {
        (Some(one), Some(other)) if one.is_same(other) => SAME,
        (Some(one), Some(other)) if one.key == other.key => ALIKE,
        _ => 0,
    };
    // What the lines from a place on are worth at most, for each place in both.
    let mut best = vec![0u32; (rows + 1) * (columns + 1)];
    let at = |row: usize, column: usize| row * (columns + 1) + column;
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            let get = |row, column| best.get(at(row, column)).copied().unwrap_or_default();
            let together = match worth(row, column) {
                0 => 0,
                worth => worth + get(row + 1, column + 1),
            };
            let most = together.max(get(row + 1, column)).max(get(row, column + 1));
            if let Some(cell) = best.get_mut(at(row, column)) {
                *cell = most;
            }
        }
    }
    let get = |row, column| best.get(at(row, column)).copied().unwrap_or_default();
    let (mut row, mut column, mut pairs) = (0, 0, Vec::new());
    while row < rows || column < columns {
        let worth = worth(row, column);
        if worth > 0 && get(row, column) == worth + get(row + 1, column + 1) {
            pairs.push(Pair { first: Some(row), second: Some(column), differs: worth != SAME });
            (row, column) = (row + 1, column + 1);
        } else if row < rows && (column == columns || get(row, column) == get(row + 1, column)) {
            pairs.push(Pair { first: Some(row), second: None, differs: true });
            row += 1;
        } else {
            pairs.push(Pair { first: None, second: Some(column), differs: true });
            column += 1;
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(first: &str, second: &str, expected: &str) {
        let lines = |text: &str| -> Vec<Line> {
            let line = |word: &str| Line {
                key: (word.chars().take(1).collect(), 0),
                label: String::new(),
                text: word.to_owned(),
                bytes: None,
            };
            text.split_whitespace().map(line).collect()
        };
        let (one, other) = (lines(first), lines(second));
        let word =
            |lines: &[Line], place: Option<usize>| place.map_or("-".to_owned(), |place| lines[place].text.clone());
        let shown: Vec<String> = pairs(&one, &other)
            .iter()
            .map(|pair| {
                let sign = if pair.differs { '*' } else { '=' };
                format!("{}{sign}{}", word(&one, pair.first), word(&other, pair.second))
            })
            .collect();
        assert_eq!(shown.join(" "), expected, "{first} | {second}");
    }

    #[test]
    fn lines_that_say_the_same_stand_side_by_side() {
        check("", "", "");
        check("a1 b1", "a1 b1", "a1=a1 b1=b1");
        check("a1 m1 t1", "a1 m2 t1", "a1=a1 m1*m2 t1=t1");
        // An option that one has and the other has not.
        check("a1 u1 u2 u3", "a1 u1 u3", "a1=a1 u1=u1 u2*- u3=u3");
        check("a1 u3", "a1 u1 u2 u3", "a1=a1 -*u1 -*u2 u3=u3");
        check("a1 q1", "a1 u1", "a1=a1 q1*- -*u1");
        check("a1", "", "a1*-");
        check("", "a1 b1", "-*a1 -*b1");
    }
}
