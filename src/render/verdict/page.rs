//! Verdicts as text for a terminal of 80 columns, and as Markdown for whoever made the device.

use super::insight::insight;
use super::{Case, Charge, Exhibit, Person};
use crate::coap::{Severity, escape};
use crate::field;
use crate::render::wrap::wrap;
use crate::tracking::{EndpointId, RecordId, ResourceId};

/// Columns of the text.
const WIDTH: usize = 80;
/// Cases that the text shows of a charge.
const SHOWN: usize = 3;
/// Resources that are named of a charge.
const NAMED: usize = 4;

/// How a verdict is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For the terminal.
    Text,
    /// For a mail, an issue, a report.
    Markdown,
}

/// How the endpoints of a device are told as one.
pub struct Device<'a> {
    /// What the device is called, by the endpoint that stands for it, and what part it played.
    pub title: &'a dyn Fn(EndpointId) -> (String, String),
    /// The port that an endpoint sends from, where its device has several.
    pub port: &'a dyn Fn(EndpointId) -> Option<u16>,
}

/// What endpoints and resources are called.
pub struct Page<'a> {
    /// An endpoint, and what part it played.
    pub endpoint: &'a dyn Fn(EndpointId) -> (String, String),
    /// Path and query of a resource, as it came from the wire.
    pub resource: &'a dyn Fn(ResourceId) -> Option<String>,
    /// What was judged, where something was left out: "what -Y leaves".
    pub judged: Option<&'a str>,
    /// Where not each endpoint has a verdict of its own.
    pub device: Option<Device<'a>>,
}

/// The heading that charges of a severity stand under.
fn heading(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "Breaks the protocol",
        Severity::Warn => "Probably a fault, or against what the protocol recommends",
        Severity::Note => "Allowed, but unusual",
        Severity::Chat => "Worth knowing",
    }
}

/// What stands on an endpoint's messages without being its fault.
const ACQUITTED: &str = "Seen on its messages, but not shown to be its doing";

/// The verdict in a sentence, on what was judged where that is not all.
fn sentence(person: &Person, judged: Option<&str>) -> String {
    let count = |severity| person.charges.iter().filter(|charge| charge.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warn));
    let rules = |count: usize| if count == 1 { "1 rule".to_owned() } else { format!("{count} rules") };
    let it = judged.map_or_else(|| "It".to_owned(), |judged| format!("In {judged} it"));
    match (errors, warnings) {
        (0, 0) => format!("Nothing in {} shows that it breaks a rule.", judged.unwrap_or("this capture")),
        (0, _) => format!("{it} breaks no rule outright; it is probably at fault by {}.", rules(warnings)),
        (_, 0) => format!("{it} breaks {} of the protocol.", rules(errors)),
        _ => format!("{it} breaks {} of the protocol, and is probably at fault by {}.", rules(errors), rules(warnings)),
    }
}

fn times(count: u64) -> String {
    if count == 1 { "once".into() } else { format!("{count} times") }
}

/// A paragraph of a verdict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// How far it stands to the right, and its lines after the first further than that.
    pub indent: (usize, usize),
    /// What it says.
    pub text: String,
    /// For its colour.
    pub severity: Option<Severity>,
    /// The message that it is about.
    pub record: Option<RecordId>,
}

impl Item {
    fn new(indent: usize, hang: usize, text: impl Into<String>) -> Self {
        Self { indent: (indent, hang), text: text.into(), severity: None, record: None }
    }

    /// Its lines, of so many columns.
    pub fn lines(&self, width: usize) -> Vec<String> {
        let (indent, hang) = self.indent;
        let lines = wrap(&self.text, width.saturating_sub(indent + hang)).into_iter().enumerate();
        let space = |at: usize| " ".repeat(if at == 0 { indent } else { indent + hang });
        lines.map(|(at, line)| format!("{}{line}", space(at))).collect()
    }
}

impl Page<'_> {
    /// The verdict on one endpoint, line by line.
    pub fn lines(&self, person: &Person, form: Form) -> Vec<String> {
        match form {
            Form::Text => self.items(person).iter().flat_map(|item| item.lines(WIDTH)).collect(),
            Form::Markdown => self.markdown(person),
        }
    }

    fn title(&self, person: &Person) -> (String, String) {
        let title = self.device.as_ref().map_or(self.endpoint, |device| device.title);
        title(person.endpoint)
    }

    /// The verdict on one endpoint, paragraph by paragraph.
    pub fn items(&self, person: &Person) -> Vec<Item> {
        let (name, part) = self.title(person);
        let mut items =
            vec![Item::new(0, 2, format!("{name}: {part}")), Item::new(2, 0, sentence(person, self.judged))];
        let mut above = None;
        for charge in &person.charges {
            if above.replace(charge.severity) != Some(charge.severity) {
                items.push(Item::new(2, 0, heading(charge.severity)));
            }
            self.charge(charge, &mut items);
        }
        if !person.acquitted.is_empty() {
            items.push(Item::new(2, 0, ACQUITTED));
            items.extend(person.acquitted.iter().map(|charge| {
                let text = format!("{}: {}", self.head_line(charge), frames(charge));
                let record = charge.cases.first().map(|case| case.message.record);
                Item { severity: Some(charge.severity), record, ..Item::new(4, 7, text) }
            }));
        }
        items
    }

    fn charge(&self, charge: &Charge, items: &mut Vec<Item>) {
        items.push(Item { severity: Some(charge.severity), ..Item::new(4, 7, self.head_line(charge)) });
        items.push(Item::new(11, 0, super::sentences(charge.rule, charge.cases.iter())));
        items.extend(insight(charge).map(|text| Item::new(11, 0, text)));
        for case in charge.cases.iter().take(SHOWN) {
            let text = format!("- {}", self.case(case));
            items.push(Item { record: Some(case.message.record), ..Item::new(11, 2, text) });
        }
        items.extend(more(charge, SHOWN).map(|text| Item::new(11, 2, format!("- {text}"))));
    }

    fn markdown(&self, person: &Person) -> Vec<String> {
        let (name, part) = self.title(person);
        let mut lines = vec![format!("## {name}"), String::new(), format!("{}.", capital(&part))];
        lines.extend([String::new(), format!("**{}**", markdown(&sentence(person, self.judged)))]);
        let mut above = None;
        for charge in &person.charges {
            if above.replace(charge.severity) != Some(charge.severity) {
                lines.extend([String::new(), format!("### {}", heading(charge.severity))]);
            }
            let (severity, about) = (field::severity(charge.severity), self.about(charge, Form::Markdown));
            lines.push(String::new());
            lines.push(format!("**`{}`**, {severity}, {}{about}", charge.rule.id(), times(charge.count)));
            lines.extend([String::new(), markdown(&super::sentences(charge.rule, charge.cases.iter()))]);
            lines.extend(insight(charge).into_iter().flat_map(|text| [String::new(), markdown(text)]));
            lines.push(String::new());
            let cases = charge.cases.iter().map(|case| markdown(&self.case(case)));
            lines.extend(cases.chain(more(charge, charge.cases.len())).map(|text| format!("- {text}")));
        }
        if !person.acquitted.is_empty() {
            lines.extend([String::new(), format!("### {ACQUITTED}"), String::new()]);
            lines.extend(person.acquitted.iter().map(|charge| {
                let (severity, id) = (field::severity(charge.severity), charge.rule.id());
                let about = self.about(charge, Form::Markdown);
                format!("- **`{id}`**, {severity}, {}{about}: {}", times(charge.count), frames(charge))
            }));
        }
        lines
    }

    /// "error  ack.changed, 2 times, on /led".
    fn head_line(&self, charge: &Charge) -> String {
        let severity = field::severity(charge.severity);
        format!("{severity:<5}  {}, {}{}", charge.rule.id(), times(charge.count), self.about(charge, Form::Text))
    }

    /// ", on /led and /time".
    fn about(&self, charge: &Charge, form: Form) -> String {
        let names: Vec<String> = charge.resources.iter().filter_map(|id| (self.resource)(*id)).collect();
        let shown = names.iter().take(NAMED).map(|name| match form {
            Form::Text => escape::text(name).into_owned(),
            Form::Markdown => code(&escape::text(name)),
        });
        let shown: Vec<String> = shown.collect();
        match names.len().saturating_sub(NAMED) {
            _ if shown.is_empty() => String::new(),
            0 => format!(", on {}", shown.join(", ")),
            more => format!(", on {} and {more} more", shown.join(", ")),
        }
    }

    fn case(&self, case: &Case) -> String {
        let detail = case.detail();
        let space = if detail.is_empty() { "" } else { " " };
        let message = self.exhibit(&case.message);
        match &case.other {
            Some(other) => format!("{message}.{space}{detail} ({}.)", self.exhibit(other)),
            None => format!("{message}.{space}{detail}"),
        }
    }

    fn exhibit(&self, exhibit: &Exhibit) -> String {
        let port = self.device.as_ref().and_then(|device| (device.port)(exhibit.source));
        let from = port.map(|port| format!(", from port {port}")).unwrap_or_default();
        let to = format!("{from}, to {}", (self.endpoint)(exhibit.destination).0);
        if !exhibit.has_header {
            return format!("Frame {}{to}", exhibit.frame);
        }
        let code = if exhibit.code.is_empty() { "Empty".into() } else { exhibit.code.to_string() };
        let kind = exhibit.message_type.abbreviation();
        format!("Frame {}: {kind} {code}, Message ID {}{to}", exhibit.frame, exhibit.message_id)
    }
}

/// "frames 4, 9 and 3 more".
fn frames(charge: &Charge) -> String {
    let mut numbers: Vec<u32> = charge.cases.iter().map(|case| case.message.frame).collect();
    numbers.dedup();
    let shown: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    let word = if numbers.len() == 1 { "frame" } else { "frames" };
    match charge.count.saturating_sub(charge.cases.len() as u64) {
        0 => format!("{word} {}", shown.join(", ")),
        more => format!("{word} {} and {more} more", shown.join(", ")),
    }
}

/// How many cases there are besides the first so many.
fn more(charge: &Charge, shown: usize) -> Option<String> {
    let more = charge.count - charge.cases.len().min(shown) as u64;
    (more > 0).then(|| format!("and {more} more"))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A text from the wire in Markdown: as code, which holds neither markup nor links, mentions or addresses (CommonMark section 6.1).
pub fn code(text: &str) -> String {
    let longest = text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // Without them a backtick at an end would join the fence, and spaces at both ends would be taken off.
    let space = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) || text.is_empty() { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

/// What would be markup in Markdown, as itself.
fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, '\\' | '`' | '*' | '_' | '<' | '>' | '[' | ']' | '|' | '#' | '&') {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}
