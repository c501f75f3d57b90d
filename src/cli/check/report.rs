//! What `check` found, ready to be written; and as one JSON object.

use std::collections::HashSet;
use std::io::{self, Write};
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::baseline::Known;
use super::gather::Findings;
use crate::coap::Severity;
use crate::field;
use crate::render::json::line;
use crate::render::verdict::{self, Case, Group, Key};

/// All severities, the worst first.
pub(super) const SEVERITIES: [Severity; 4] = [Severity::Error, Severity::Warn, Severity::Note, Severity::Chat];

/// The outcome of a check.
pub(super) struct Report<'a> {
    /// The captures.
    pub captures: &'a [PathBuf],
    pub findings: &'a Findings,
    /// The endpoints of which only what they sent was judged; none for all.
    pub endpoints: &'a [String],
    /// What was found, in the order of the keys.
    pub groups: Vec<(Key, Group<'a>)>,
    /// Those that the baseline knows.
    pub known: HashSet<Key>,
    /// There is a baseline: its lines that nothing was met of; none where not all of the capture was looked at.
    pub baseline: Option<Option<Vec<&'a Known>>>,
    pub level: Severity,
    pub show: Severity,
    pub failed: bool,
}

/// The places in these sources, each once; `-` stands for none.
fn each_once(references: &[&str]) -> String {
    let mut places: Vec<&str> = Vec::new();
    for place in references.iter().flat_map(|reference| reference.split("; ")) {
        if !places.contains(&place) {
            places.push(place);
        }
    }
    if places.len() > 1 {
        places.retain(|place| *place != "-");
    }
    places.join("; ")
}

impl Report<'_> {
    /// The groups that are shown, by endpoint, the worst first.
    pub fn shown(&self) -> Vec<(Key, Group<'_>)> {
        let groups = self.groups.iter().copied();
        let mut shown: Vec<(Key, Group<'_>)> = groups.filter(|(key, _)| key.severity >= self.show).collect();
        shown.sort_by_key(|(key, _)| (std::cmp::Reverse(key.severity), key.rule, key.endpoint, key.resource));
        shown
    }

    /// How many findings of each severity, worst first: new ones, or known ones.
    pub fn counts(&self, known: bool) -> [u64; 4] {
        // Mostly none is known.
        let groups = if self.known.is_empty() { &[][..] } else { &self.groups };
        let mut of_known = [0; 4];
        for (key, group) in groups.iter().filter(|(key, _)| self.known.contains(key)) {
            if let Some(count) = of_known.get_mut(key.severity as usize) {
                *count += group.count;
            }
        }
        let mut counts = self.findings.tally.counts();
        if known {
            counts = of_known;
        } else {
            counts.iter_mut().zip(of_known).for_each(|(count, known)| *count -= known);
        }
        counts.reverse();
        counts
    }

    /// Lines of the baseline that nothing was met of, where there is one and all was looked at.
    pub fn unmet(&self) -> Option<&[&Known]> {
        self.baseline.as_ref()?.as_deref()
    }

    /// The names of the captures, as text.
    pub fn captures(&self) -> Vec<String> {
        self.captures.iter().map(|path| path.display().to_string()).collect()
    }

    /// One JSON object in one line.
    ///
    /// # Errors
    /// Where the output cannot be written.
    pub fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let counts = |known| {
            let pairs = SEVERITIES.iter().zip(self.counts(known));
            pairs.map(|(severity, count)| (field::severity(*severity).to_owned(), json!(count))).collect::<Map<_, _>>()
        };
        let object = json!({
            "capture": self.captures(),
            "frames": self.findings.summary.frames,
            "coap_messages": self.findings.summary.coap_messages,
            "judged": {
                "passed_by_filter": self.findings.passed.map(|passed| passed.messages),
                "sent_by": (!self.endpoints.is_empty()).then_some(self.endpoints),
            },
            "fail_on": field::severity(self.level),
            "failed": self.failed,
            "new": counts(false),
            "known": counts(true),
            "ignored": self.findings.ignored,
            "known_but_not_met": self.unmet().map(<[_]>::len),
        });
        // There may be many: they are written one by one.
        let head = line(&object);
        write!(out, "{},\"findings\":[", head.strip_suffix('}').unwrap_or(&head))?;
        for (at, (key, group)) in self.shown().iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(out, "{comma}{}", line(&self.finding(key, group)))?;
        }
        writeln!(out, "]}}")
    }

    fn finding(&self, key: &Key, group: &Group<'_>) -> Value {
        let row = key.rule.row();
        let (teachings, references): (Vec<_>, Vec<_>) = verdict::said(key.rule, group.cases.iter()).into_iter().unzip();
        json!({
            "id": row.id,
            "severity": field::severity(key.severity),
            "endpoint": self.findings.endpoint(key.endpoint),
            "resource": self.findings.resource(key.resource),
            "count": group.count,
            "known": self.known.contains(key),
            "its_doing": key.is_its_doing(),
            "reference": each_once(&references.concat()),
            "text": teachings.join(" "),
            "cases": group.cases.iter().map(|case| self.case(case)).collect::<Vec<_>>(),
            "cases_left_out": group.count.saturating_sub(group.cases.len() as u64),
        })
    }

    fn case(&self, case: &Case) -> Value {
        let detail = case.detail();
        json!({
            "frame": case.message.frame,
            "to": self.findings.endpoint(case.message.destination),
            "other_frame": case.other.map(|other| other.frame),
            "detail": (!detail.is_empty()).then_some(detail),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_named_once() {
        for (references, expected) in [
            (&["-"][..], "-"),
            (&["RFC 1 section 2", "RFC 1 section 2"], "RFC 1 section 2"),
            (&["RFC 1 section 2; RFC 3", "-", "RFC 3"], "RFC 1 section 2; RFC 3"),
        ] {
            assert_eq!(each_once(references), expected);
        }
    }
}
