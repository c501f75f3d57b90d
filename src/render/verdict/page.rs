//! Verdicts as text for a terminal of 80 columns, and as Markdown for whoever made the device.

use super::insight::insight;
use super::{Case, Charge, Exhibit, Person};
use crate::coap::{Severity, escape};
use crate::field;
use crate::render::wrap::wrap;
use crate::tracking::{EndpointId, ResourceId};

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

/// What endpoints and resources are called.
pub struct Page<'a> {
    /// An endpoint, and what part it played.
    pub endpoint: &'a dyn Fn(EndpointId) -> (String, String),
    /// Path and query of a resource, as it came from the wire.
    pub resource: &'a dyn Fn(ResourceId) -> Option<String>,
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

/// The verdict in a sentence.
fn sentence(person: &Person) -> String {
    let count = |severity| person.charges.iter().filter(|charge| charge.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warn));
    let rules = |count: usize| if count == 1 { "1 rule".to_owned() } else { format!("{count} rules") };
    match (errors, warnings) {
        (0, 0) => "Nothing in this capture shows that it breaks a rule.".into(),
        (0, _) => format!("It breaks no rule outright; it is probably at fault by {}.", rules(warnings)),
        (_, 0) => format!("It breaks {} of the protocol.", rules(errors)),
        _ => format!("It breaks {} of the protocol, and is probably at fault by {}.", rules(errors), rules(warnings)),
    }
}

fn times(count: u64) -> String {
    if count == 1 { "once".into() } else { format!("{count} times") }
}

impl Page<'_> {
    /// The verdict on one endpoint, line by line.
    pub fn lines(&self, person: &Person, form: Form) -> Vec<String> {
        let (name, part) = (self.endpoint)(person.endpoint);
        let mut lines = match form {
            Form::Text => wrap(&format!("{name}: {part}"), WIDTH),
            Form::Markdown => vec![format!("## {name}"), String::new(), format!("{}.", capital(&part))],
        };
        match form {
            Form::Text => push(&mut lines, 2, &sentence(person)),
            Form::Markdown => lines.extend([String::new(), format!("**{}**", sentence(person))]),
        }
        let mut above = None;
        for charge in &person.charges {
            if above.replace(charge.severity) != Some(charge.severity) {
                self.head(heading(charge.severity), form, &mut lines);
            }
            self.charge(charge, form, &mut lines);
        }
        if !person.acquitted.is_empty() {
            self.head(ACQUITTED, form, &mut lines);
            if form == Form::Markdown {
                lines.push(String::new());
            }
            for charge in &person.acquitted {
                let text = format!("{}: {}", self.head_line(charge), frames(charge));
                match form {
                    Form::Text => push_hanging(&mut lines, 4, 7, &text),
                    Form::Markdown => lines.push(format!("- {}", markdown(&text))),
                }
            }
        }
        lines
    }

    fn head(&self, text: &str, form: Form, lines: &mut Vec<String>) {
        match form {
            Form::Text => push(lines, 2, text),
            Form::Markdown => lines.extend([String::new(), format!("### {text}")]),
        }
    }

    /// "error  ack.changed, 2 times, on /led".
    fn head_line(&self, charge: &Charge) -> String {
        let severity = field::severity(charge.severity);
        format!("{severity:<5}  {}, {}{}", charge.rule.id(), times(charge.count), self.about(charge))
    }

    fn charge(&self, charge: &Charge, form: Form, lines: &mut Vec<String>) {
        let row = charge.rule.row();
        let reference =
            charge.cases.first().map_or(row.reference, |case| case.finding.reference()).trim_start_matches('-');
        let source = if reference.is_empty() { String::new() } else { format!(" ({reference})") };
        let teaching = format!("{}{source}", row.teaching);
        let shown = if form == Form::Text { SHOWN } else { charge.cases.len() };
        let cases = charge.cases.iter().take(shown).map(|case| self.case(case));
        let more = charge.count - charge.cases.len().min(shown) as u64;
        let more = (more > 0).then(|| format!("and {more} more"));
        match form {
            Form::Text => {
                push_hanging(lines, 4, 7, &self.head_line(charge));
                push(lines, 11, &teaching);
                if let Some(insight) = insight(charge) {
                    push(lines, 11, insight);
                }
                cases.chain(more).for_each(|case| push_hanging(lines, 11, 2, &format!("- {case}")));
            }
            Form::Markdown => {
                let (severity, about) = (field::severity(charge.severity), markdown(&self.about(charge)));
                lines.push(String::new());
                lines.push(format!("**`{}`**, {severity}, {}{about}", row.id, times(charge.count)));
                lines.extend([String::new(), teaching]);
                lines.extend(insight(charge).into_iter().flat_map(|text| [String::new(), text.to_owned()]));
                lines.push(String::new());
                lines.extend(cases.chain(more).map(|case| format!("- {}", markdown(&case))));
            }
        }
    }

    /// ", on /led and /time".
    fn about(&self, charge: &Charge) -> String {
        let names: Vec<String> = charge.resources.iter().filter_map(|id| (self.resource)(*id)).collect();
        let shown: Vec<_> = names.iter().take(NAMED).map(|name| escape::text(name)).collect();
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
        let to = (self.endpoint)(exhibit.destination).0;
        if !exhibit.has_header {
            return format!("Frame {}, to {to}", exhibit.frame);
        }
        let code = if exhibit.code.is_empty() { "Empty".into() } else { exhibit.code.to_string() };
        let kind = exhibit.message_type.abbreviation();
        format!("Frame {}: {kind} {code}, Message ID {}, to {to}", exhibit.frame, exhibit.message_id)
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

/// Add text in lines of the width, each behind so many spaces.
fn push(lines: &mut Vec<String>, indent: usize, text: &str) {
    push_hanging(lines, indent, 0, text);
}

/// The same; all lines but the first stand further right.
fn push_hanging(lines: &mut Vec<String>, indent: usize, hang: usize, text: &str) {
    for (at, line) in wrap(text, WIDTH - indent - hang).into_iter().enumerate() {
        let space = " ".repeat(if at == 0 { indent } else { indent + hang });
        lines.push(format!("{space}{line}"));
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
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
