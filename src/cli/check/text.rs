//! `check` as text and as Markdown: a verdict on each endpoint.

use std::io::{self, Write};

use super::devices::Devices;
use super::report::{Report, SEVERITIES};
use crate::cli::without;
use crate::coap::{Severity, count, escape};
use crate::field;
use crate::render::verdict::{Device, Form, Group, Key, Page, Part, Person, code};
use crate::tracking::{EndpointId, ResourceId};

/// Lines of the baseline that the text tells of.
const UNMET: usize = 10;
/// Endpoints that the text tells of; the others are counted.
const LISTED: usize = 20;

impl Report<'_> {
    /// Verdicts for the terminal.
    ///
    /// # Errors
    /// Where the output cannot be written.
    pub fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        let (people, count) = Person::first(self.new_groups(), LISTED);
        for person in &people {
            for line in self.page(None, &|page| page.lines(person, Form::Text)) {
                writeln!(out, "{line}")?;
            }
            writeln!(out)?;
        }
        if count > people.len() {
            writeln!(
                out,
                "and {} endpoints more: -T json tells of all, --endpoint ADDRESS:PORT of one\n",
                count - people.len()
            )?;
        }
        self.trailer(out)
    }

    /// Verdicts for whoever made the devices: one a device, whatever ports it speaks from.
    ///
    /// # Errors
    /// Where the output cannot be written.
    pub fn markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "# Verdict on {}\n", code(&self.names()))?;
        writeln!(
            out,
            "{}, judged by coapscope {}. Frame numbers count from 1, as in Wireshark.",
            self.judged().replacen("what ", "What ", 1),
            env!("CARGO_PKG_VERSION")
        )?;
        let devices = Devices::of(&self.findings.endpoints, self.endpoints);
        let people = Person::devices(self.new_groups(), &|id| devices.of_endpoint(id));
        let is_clean = people.is_empty();
        let title = |id: EndpointId| self.title(&devices.members(id));
        let port = |id: EndpointId| devices.port(id);
        for person in people {
            writeln!(out)?;
            let device = Device { title: &title, port: &port };
            for line in self.page(Some(device), &|page| page.lines(&person, Form::Markdown)) {
                writeln!(out, "{line}")?;
            }
        }
        if is_clean {
            match self.left_by(true) {
                Some(judged) => writeln!(out, "\nNothing was found in {judged}.")?,
                None => writeln!(out, "\nNothing was found.")?,
            }
        }
        Ok(())
    }

    /// What is new and shown.
    fn new_groups(&self) -> impl Iterator<Item = (Key, Group<'_>)> {
        let is_new = |key: &Key| key.severity >= self.show && !self.known.contains(key);
        self.groups.iter().copied().filter(move |(key, _)| is_new(key))
    }

    /// What a device is called, and what part its endpoints played.
    fn title(&self, members: &[EndpointId]) -> (String, String) {
        let endpoints = members.iter().filter_map(|id| Some((*id, self.findings.endpoints.get(id.0 as usize)?)));
        let parts: Vec<_> = endpoints.map(|(id, endpoint)| (endpoint, self.findings.part(id))).collect();
        match parts.as_slice() {
            [(endpoint, part)] => (endpoint.to_string(), self.of_whole(part.words(), &[*part])),
            parts => {
                let name = parts.first().map_or_else(String::new, |(endpoint, _)| endpoint.address.to_string());
                let parts: Vec<_> = parts.iter().map(|(endpoint, part)| (endpoint.port, *part)).collect();
                let all: Vec<Part> = parts.iter().map(|(_, part)| *part).collect();
                (name, self.of_whole(Part::words_of_all(&parts), &all))
            }
        }
    }

    /// The requests are all that were captured, whatever the display filter lets through.
    fn of_whole(&self, words: String, parts: &[Part]) -> String {
        if self.is_filtered() { Part::of_whole(words, parts) } else { words }
    }

    /// The display filter left something out.
    fn is_filtered(&self) -> bool {
        self.findings.passed.is_some_and(|passed| !passed.is_all)
    }

    /// What was judged where that is not all that was found: "what -Y and the baseline leave". `shown`: of what is shown.
    fn left_by(&self, shown: bool) -> Option<String> {
        let why = [
            (self.is_filtered(), "-Y"),
            (self.findings.ignored > 0, "--ignore"),
            (!self.known.is_empty(), "the baseline"),
            (shown && self.show > Severity::Warn, "--show"),
        ];
        let why: Vec<&str> = why.iter().filter(|(is_so, _)| *is_so).map(|(_, why)| *why).collect();
        match why.split_last()? {
            (only, []) => Some(format!("what {only} leaves")),
            (last, others) => Some(format!("what {} and {last} leave", others.join(", "))),
        }
    }

    fn page(&self, device: Option<Device<'_>>, lines: &dyn Fn(&Page<'_>) -> Vec<String>) -> Vec<String> {
        let endpoint = |id: EndpointId| {
            let part = self.findings.part(id);
            (self.findings.endpoint(id), self.of_whole(part.words(), &[part]))
        };
        let resource = |id: ResourceId| self.findings.resource(id).map(str::to_owned);
        let judged = self.left_by(true);
        lines(&Page { endpoint: &endpoint, resource: &resource, judged: judged.as_deref(), device })
    }

    /// What was judged: all, or what the user chose of it.
    fn judged(&self) -> String {
        let summary = &self.findings.summary;
        let (frames, all) = (count(summary.frames, "frame"), count(summary.coap_messages, "CoAP message"));
        let of_all = match self.findings.passed {
            Some(passed) => {
                let evidence = match passed.evidence {
                    0 => String::new(),
                    1 => " and 1 frame that speaks of one".into(),
                    count => format!(" and {count} frames that speak of one"),
                };
                let messages = count(passed.messages, "CoAP message");
                format!("{messages}{evidence} let through by -Y, of {} in {frames}", summary.coap_messages)
            }
            None if self.endpoints.is_empty() => return format!("{frames}, {all}"),
            None => format!("{all}, {frames}"),
        };
        if self.endpoints.is_empty() {
            return of_all;
        }
        let endpoints: Vec<_> = self.endpoints.iter().map(|one| escape::visible(one)).collect();
        format!("what {} sent of {of_all}", endpoints.join(" and "))
    }

    fn names(&self) -> String {
        escape::visible(&self.captures().join(", ")).into_owned()
    }

    /// The lines that stand last, where a pipeline's log ends.
    fn trailer(&self, out: &mut dyn Write) -> io::Result<()> {
        let summary = &self.findings.summary;
        if let Some(nothing) = without::line(&self.names(), summary) {
            writeln!(out, "{nothing}")?;
        }
        let shown = |known: bool| -> Vec<String> {
            let counts = SEVERITIES.iter().zip(self.counts(known));
            let told =
                counts.filter(|(severity, number)| **severity >= self.show.min(self.level) && (!known || *number > 0));
            told.map(|(severity, number)| count(number, noun(*severity))).collect()
        };
        writeln!(out, "{}: {} in {}", self.names(), shown(false).join(", "), self.judged())?;
        let known = shown(true);
        if !known.is_empty() {
            writeln!(out, "known from the baseline, and not counted: {}", known.join(", "))?;
        }
        if let Some(unmet @ [_, ..]) = self.unmet() {
            writeln!(out, "in the baseline, and not met again: {}", count(unmet.len() as u64, "kind"))?;
            for known in unmet.iter().take(UNMET) {
                writeln!(out, "  {}", known.words())?;
            }
            if unmet.len() > UNMET {
                writeln!(out, "  and {} more", unmet.len() - UNMET)?;
            }
        }
        if self.findings.ignored > 0 {
            writeln!(out, "left out by --ignore: {}", self.findings.ignored)?;
        }
        let level = field::severity(self.level);
        let worse = if level == "error" { "" } else { " or worse" };
        if summary.coap_messages == 0 {
            return writeln!(out, "nothing was judged: there is no CoAP message in it");
        }
        if self.findings.passed.is_some_and(|passed| passed.messages + passed.evidence == 0) {
            return writeln!(out, "nothing was judged: -Y lets nothing through");
        }
        match self.failed {
            true => writeln!(out, "failed: there are findings of severity {level}{worse}"),
            false => match self.left_by(false) {
                Some(judged) => writeln!(out, "passed: in {judged} there is no finding of severity {level}{worse}"),
                None => writeln!(out, "passed: there is no finding of severity {level}{worse}"),
            },
        }
    }
}

fn noun(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warn => "warning",
        Severity::Note => "note",
        Severity::Chat => "remark",
    }
}
