//! The words on an arrow: all of them where there is room, the most telling ones where there is not.

use unicode_width::UnicodeWidthStr;

use super::canvas::{Kind, Part};
use crate::coap::{Code, MessageType, OptionNumber, escape};
use crate::render::content;
use crate::render::line;
use crate::render::wrap;
use crate::store::View;
use crate::tracking::{ObserveOrder, Relation, Role};

/// Characters of payload that an arrow shows at most.
const PREVIEW: usize = 48;
/// Columns that the words take at most where a form has none.
const LONGEST: usize = 160;
/// Columns that a path or payload is never cut below; where they are not left it goes.
const LEAST: usize = 6;
/// Columns from which a path is cut in its middle: the sign for what is left out takes two.
const MIDDLE: usize = 8;
/// Columns that a reader should get at most, where others are to be had.
const WANTED: usize = 18;

/// The words, escaped, each apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label {
    /// The arrow that they are on, for its colour.
    pub arrow: Kind,
    /// The code, for its colour.
    pub class: Code,
    /// `R2` of a retransmission; `again` of another copy.
    pub copy: String,
    /// CON, NON, ACK, RST; for evidence `ICMP` or `DTLS`.
    pub kind: String,
    /// Message ID.
    pub message_id: String,
    /// `GET`, `2.05`, `ping`.
    pub code: String,
    /// The name of a response code: `Content`.
    pub name: String,
    /// `Obs 12`.
    pub observe: String,
    /// Path and query.
    pub path: String,
    /// Block options.
    pub blocks: String,
    /// The payload's beginning.
    pub payload: String,
    /// The token in hex, in brackets.
    pub token: String,
}

impl Label {
    /// The words of a message.
    pub fn new(view: &View<'_>, arrow: Kind) -> Self {
        let record = view.record;
        if !view.is_message() {
            let parts = line::parts(view);
            return Self { kind: parts.message_type, path: parts.summary, arrow, ..Self::default() };
        }
        let mut label = Self { copy: copy(view), arrow, class: record.code, ..Self::default() };
        let Some(header) = view.message.header() else {
            return Self { kind: "?".into(), path: line::parts(view).summary, ..label };
        };
        label.kind = header.message_type.abbreviation().into();
        label.message_id = header.message_id.to_string();
        (label.code, label.name) = code_words(header.code, record.role, header.message_type);
        label.observe =
            view.message.observe().map(|number| observe(record.code, record.role, number)).unwrap_or_default();
        if record.code.is_request() {
            label.path = content::target(&view.message);
        }
        label.blocks = content::blocks(&view.message).join(" ");
        label.payload = payload(view);
        if view.message.fault().is_some() {
            label.payload = "malformed".into();
        }
        let token = view.message.token().unwrap_or_default();
        if !token.is_empty() {
            label.token = format!("[{}]", escape::hex(token));
        }
        label
    }

    /// The same label with each text made into another.
    pub fn map(&self, other: impl Fn(&str) -> String) -> Self {
        Self {
            path: other(&self.path),
            payload: other(&self.payload),
            kind: other(&self.kind),
            name: other(&self.name),
            ..self.clone()
        }
    }

    /// The words in one line, for forms that have no columns; a path that no reader would follow is cut.
    pub fn text(&self) -> String {
        in_line(&self.fit(LONGEST))
    }

    /// The words that fit so many columns, each with what it is; empty where not even the type fits.
    pub fn fit(&self, columns: usize) -> Vec<(String, Part)> {
        CHOICES.iter().find_map(|choice| self.words(choice, columns)).unwrap_or_default()
    }

    /// Columns of the words that a reader should see at least: type, code, what it is about.
    pub fn wanted(&self) -> usize {
        let brief = Choice { cut: false, ..Choice::BRIEF };
        self.words(&brief, usize::MAX).map_or(0, |words| width(&words)).min(WANTED)
    }

    /// The words of a choice, where they fit.
    fn words(&self, choice: &Choice, columns: usize) -> Option<Vec<(String, Part)>> {
        let word = |wanted: bool, text: &str, part| (wanted && !text.is_empty()).then(|| (text.to_owned(), part));
        let head = [
            word(true, &self.copy, Part::Repeat),
            word(true, &self.kind, Part::Arrow(self.arrow)),
            word(choice.message_id, &self.message_id, Part::Plain),
            word(true, &self.code, Part::Code(self.class)),
            word(choice.name, &self.name, Part::Code(self.class)),
            word(choice.observe, &self.observe, Part::Observe),
        ];
        let mut words: Vec<(String, Part)> = head.into_iter().flatten().collect();
        let token = word(choice.token, &self.token, Part::Plain);
        let taken = width(&words) + token.as_ref().map_or(0, |(token, _)| token.width() + 1);
        let room = columns.saturating_sub(taken + 1);
        let about = match (choice.about, self.about(choice.payload)) {
            (false, _) => String::new(),
            (true, about) if !choice.cut || about.width() <= room => about,
            (true, _) => self.shortened(choice.payload, !choice.message_id, room)?,
        };
        words.extend(word(true, &about, Part::Plain));
        // What it is about, and its Observe number, are left out with a sign, if that fits.
        let is_left_out = !choice.about && !self.about(false).is_empty() || !choice.observe && !self.observe.is_empty();
        if is_left_out && width(&words) + 3 <= columns {
            words.push(("..".to_owned(), Part::Plain));
        }
        words.extend(token);
        (width(&words) <= columns).then_some(words)
    }

    /// Path, blocks, and payload where that is wanted.
    fn about(&self, payload: bool) -> String {
        let payload = if payload { self.payload.as_str() } else { "" };
        joined([&self.path, &self.blocks, payload])
    }

    /// The same in fewer columns, its blocks whole: the payload cut at its end, or else the path in its middle. At `last` its end goes, whatever that is.
    fn shortened(&self, payload: bool, last: bool, room: usize) -> Option<String> {
        if payload && !self.payload.is_empty() {
            let kept = self.about(false).width() + LEAST;
            return (room >= kept).then(|| wrap::cut(&self.about(true), room));
        }
        if self.code.is_empty() {
            // Not a path, but what was seen instead of a message.
            return (room >= LEAST).then(|| wrap::cut(&self.path, room));
        }
        let forms = [self.blocks.clone(), content::short_blocks(&self.blocks), content::shortest_blocks(&self.blocks)];
        let with_blocks = forms.into_iter().find_map(|blocks| {
            let left = room.checked_sub(blocks.width() + usize::from(!(blocks.is_empty() || self.path.is_empty())))?;
            let path =
                if left < MIDDLE { wrap::cut(&self.path, left) } else { wrap::cut_middle(&self.path, left, "..") };
            (left >= LEAST.min(self.path.width())).then(|| joined([&path, &blocks, ""]))
        });
        with_blocks.or_else(|| (last && room >= LEAST).then(|| wrap::cut(&self.about(false), room)))
    }
}

/// Path, blocks and payload, as far as there are any.
fn joined(parts: [&str; 3]) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Which words are taken.
struct Choice {
    message_id: bool,
    name: bool,
    observe: bool,
    about: bool,
    payload: bool,
    token: bool,
    /// What it is about may be cut.
    cut: bool,
}

impl Choice {
    const ALL: Self =
        Self { message_id: true, name: true, observe: true, about: true, payload: true, token: true, cut: false };
    const BRIEF: Self =
        Self { message_id: false, name: false, observe: true, about: true, payload: true, token: false, cut: true };
}

/// From all words to a few: what is given up goes in this order.
const CHOICES: [Choice; 10] = [
    Choice::ALL,
    Choice { name: false, ..Choice::ALL },
    Choice { name: false, token: false, ..Choice::ALL },
    Choice { name: false, token: false, cut: true, ..Choice::ALL },
    Choice { name: false, payload: false, token: false, ..Choice::ALL },
    Choice { name: false, payload: false, token: false, cut: true, ..Choice::ALL },
    Choice::BRIEF,
    Choice { payload: false, ..Choice::BRIEF },
    Choice { about: false, ..Choice::BRIEF },
    Choice { about: false, observe: false, ..Choice::BRIEF },
];

fn width(words: &[(String, Part)]) -> usize {
    words.iter().map(|(word, _)| word.width()).sum::<usize>() + words.len().saturating_sub(1)
}

fn in_line(words: &[(String, Part)]) -> String {
    words.iter().map(|(word, _)| word.as_str()).collect::<Vec<_>>().join(" ")
}

fn copy(view: &View<'_>) -> String {
    match view.record.relation() {
        Relation::Retransmits => format!("R{}", view.record.transmission.saturating_sub(1)),
        Relation::Duplicates | Relation::CopyOf => "again".into(),
        _ => String::new(),
    }
}

/// A code in short, and the name that follows it where there is room.
fn code_words(code: Code, role: Role, kind: MessageType) -> (String, String) {
    match (code.name(), role) {
        _ if code.is_empty() => {
            let word = match (role, kind) {
                (Role::Ping, _) => "ping",
                (Role::Pong, _) => "pong",
                // The type says it.
                (_, MessageType::Reset | MessageType::Acknowledgement) => "",
                _ => "empty",
            };
            (word.into(), String::new())
        }
        (Some(name), _) if code.is_request() => (name.into(), String::new()),
        (Some(name), _) => (code.to_string(), name.into()),
        (None, _) => (code.to_string(), code.description().into()),
    }
}

fn observe(code: Code, role: Role, number: u32) -> String {
    match (code.is_request(), number) {
        (true, 0) => "Observe".into(),
        (true, 1) if role == Role::Deregistration => "Observe end".into(),
        // What is not observed cannot end.
        (true, 1) => "Observe 1".into(),
        _ => format!("Obs {number}"),
    }
}

/// The payload's beginning; its format where that is not plain text, its length where it is no text at all. Of one that the capture cut, all of it.
fn payload(view: &View<'_>) -> String {
    let message = &view.message;
    let bytes = message.payload();
    if message.has(OptionNumber::OSCORE) && !bytes.is_empty() {
        let captured = if message.is_cut() { " captured" } else { "" };
        return format!("OSCORE {} B{captured}", bytes.len());
    }
    if bytes.is_empty() || message.is_cut() {
        return content::payload(message, PREVIEW);
    }
    let shown = content::beginning(message, PREVIEW);
    match message.content_format().map(content::format_word) {
        Some(word) if word != "text" => format!("{word} {shown}"),
        None if !shown.starts_with(['"', '{', '[', '<']) => format!("{} B {shown}", bytes.len()),
        _ => shown,
    }
}

/// What stands out about a notification's place among the others, in one word.
pub(super) fn order_word(order: ObserveOrder) -> &'static str {
    match order {
        ObserveOrder::Stale => "stale",
        ObserveOrder::Gap => "gap",
        ObserveOrder::Same => "same number",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_most_stays() {
        let label = Label {
            copy: "R2".into(),
            kind: "CON".into(),
            message_id: "4098".into(),
            code: "PUT".into(),
            path: "/led".into(),
            payload: "json {\"on\":true}".into(),
            token: "[beef]".into(),
            ..Label::default()
        };
        for (columns, expected) in [
            (80, "R2 CON 4098 PUT /led json {\"on\":true} [beef]"),
            (40, "R2 CON 4098 PUT /led json {\"on\":true}"),
            (30, "R2 CON 4098 PUT /led json {\".."),
            (24, "R2 CON 4098 PUT /led"),
            (20, "R2 CON 4098 PUT /led"),
            (16, "R2 CON PUT /led"),
            (15, "R2 CON PUT /led"),
            (13, "R2 CON PUT .."),
            (12, "R2 CON PUT"),
            (5, ""),
        ] {
            let words = label.fit(columns);
            assert!(width(&words) <= columns);
            assert_eq!(in_line(&words), expected, "{columns}");
        }
        let block = Label {
            kind: "CON".into(),
            message_id: "4139".into(),
            code: "PUT".into(),
            path: "/example_data".into(),
            blocks: "Block1 #20/64 more".into(),
            payload: "64 B".into(),
            ..Label::default()
        };
        for (columns, expected) in [
            (45, "CON 4139 PUT /example_data Block1 #20/64 more"),
            (43, "CON 4139 PUT /exam..data Block1 #20/64 more"),
            (37, "CON 4139 PUT /exa..ata Block1 #20/64+"),
            (34, "CON 4139 PUT /exa.. Block1 #20/64+"),
            (30, "CON 4139 PUT /exa.. B1 #20/64+"),
            (25, "CON PUT /exa.. B1 #20/64+"),
            (20, "CON PUT /example_d.."),
        ] {
            assert_eq!(in_line(&block.fit(columns)), expected, "{columns}");
        }
        let notification =
            Label { kind: "ACK".into(), code: "2.05".into(), observe: "Obs 3".into(), ..Label::default() };
        for (columns, expected) in [(14, "ACK 2.05 Obs 3"), (13, "ACK 2.05 .."), (10, "ACK 2.05")] {
            assert_eq!(in_line(&notification.fit(columns)), expected, "{columns}");
        }
        assert_eq!(label.text(), "R2 CON 4098 PUT /led json {\"on\":true} [beef]");
    }
}
