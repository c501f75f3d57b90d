//! `coapscope explain`: one message byte by byte, for whoever learns the format.

use std::io::{self, Read, Write};
use std::path::Path;

use anyhow::{Context as _, bail};

use super::hex_text::{self, HexError};
use super::print::paint;
use super::{Context, ExplainArgs, ExplainFormat, enclosed, input, named, several};
use crate::coap::draft::{self, other_reading};
use crate::coap::{Finding, Message, count};
use crate::payload::{self, About};
use crate::pipeline::{Fetcher, Pipeline, Step, visit_alone};
use crate::render::annotated::{self, Detail};
use crate::render::json::explained;
use crate::render::paint::{Ink, Paint};
use crate::render::sheet::{self, Sheet};
use crate::render::{
    Known, NodeKind, evidence_layer, frame_number, message_tree, no_frame, tree, why_read_so, wrap::wrap,
};
use crate::store::{Store, Update, View};
use crate::tracking::RecordId;

/// Bytes of the longest message: what a UDP datagram can carry.
const LONGEST: usize = 65_535;
/// Bytes of text in which it is looked for: a dump takes some ten characters for each byte.
const TEXT: u64 = 1 << 20;
/// Columns of the text form.
const WIDTH: usize = 80;

/// Explain the message that the arguments name.
///
/// # Errors
/// Where the bytes are not hexadecimal, the capture has no such message, or the form does not exist.
pub fn run(args: &ExplainArgs, context: &mut Context<'_>) -> anyhow::Result<()> {
    let paint = paint(args.color);
    match args.frame {
        Some(frame) => from_capture(args, frame, paint, context),
        _ => {
            let typed = hex_text::parse(&text_of(args)?).context("explain")?;
            let bytes = &typed.bytes;
            if bytes.len() > LONGEST {
                bail!(
                    "explain: {} bytes are more than one message can have ({LONGEST}); give one message",
                    bytes.len()
                );
            }
            let options = input::pipeline_options(&args.reading)?;
            if several::are_messages(&typed, &options) {
                return Err(HexError::Several).context("explain");
            }
            let bytes = match enclosed::message(bytes, &options) {
                Some((inside, what)) => {
                    context.tell(&format!("explain: {what}"));
                    inside
                }
                None => bytes,
            };
            let today = Message::decode_as(bytes, options.tokens.mode());
            // As a capture of this one message would be read.
            let message = draft::alone(&today).map_or(today, |mode| Message::decode_as(bytes, mode));
            let mut findings = [message.findings(), payload::findings(&message)].concat();
            visit_alone(&message, &mut |finding| findings.push(finding));
            let explained = Explained { message, findings, view: None };
            explained.print(args.format, paint, context)
        }
    }
}

/// The text of the bytes: the arguments, or standard input.
fn text_of(args: &ExplainArgs) -> anyhow::Result<String> {
    if args.hex.is_empty() {
        bail!(
            "explain: no message is given; give its bytes in hexadecimal, `-` for standard input, or -r FILE --frame N"
        );
    }
    if args.hex.len() == 1 && args.hex.first().is_some_and(|only| only == "-") {
        let mut bytes = Vec::new();
        let mut input = io::stdin().lock().take(TEXT + 1);
        input.read_to_end(&mut bytes).context("explain: standard input cannot be read")?;
        if bytes.len() as u64 > TEXT {
            bail!(
                "explain: standard input holds more than one message can ({LONGEST} bytes); give the hex of one message"
            );
        }
        return Ok(String::from_utf8_lossy(&bytes).into_owned());
    }
    if let Some(file) = args.hex.iter().find(|word| Path::new(word).is_file()) {
        bail!("explain: {} is a file; name the capture and the frame: -r FILE --frame N", Path::new(file).display());
    }
    let words: Vec<String> = args.hex.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    Ok(words.join(" "))
}

/// A message of a capture, with what relates it to others.
fn from_capture(args: &ExplainArgs, frame: u64, paint: Paint, context: &mut Context<'_>) -> anyhow::Result<()> {
    let opened = input::open(&args.read, false, &args.reading)?;
    let name = opened.name;
    let mut pipeline = Pipeline::new(opened.source, input::pipeline_options(&args.reading)?);
    let mut store = Store::default();
    let mut update = Update::default();
    loop {
        let step = pipeline.step(&mut update);
        context.warn(&update.warnings);
        context.progress(&update.summary.progress);
        store.apply(std::mem::take(&mut update));
        match step {
            Step::More => {}
            Step::Pending => pipeline.wait(super::WAIT),
            Step::Ended => break,
        }
    }
    context.progress_done();
    let (id, _) = named::record(&store, frame, &name)?;
    let mut fetcher = Fetcher::new(opened.reader, args.reading.checksums);
    let view = fetcher.view(&store, id)?.with_context(|| format!("{name}: frame {frame} cannot be read again"))?;
    if !view.is_message() {
        let evidence = evidence_layer(&view);
        if evidence.name == "DTLS" || evidence.quotes_dtls {
            let (protocol, says) = (evidence.name, evidence.summary);
            bail!("{name}: frame {frame} holds no CoAP message that can be read, but DTLS ({protocol}: {says})");
        }
    }
    let explained = Explained { message: view.message, findings: view.findings(), view: Some(&view) };
    explained.print(args.format, paint, context)
}

struct Explained<'a> {
    message: Message<'a>,
    findings: Vec<Finding>,
    view: Option<&'a View<'a>>,
}

impl Explained<'_> {
    fn print(&self, format: ExplainFormat, paint: Paint, context: &mut Context<'_>) -> anyhow::Result<()> {
        match format {
            ExplainFormat::Text => {}
            ExplainFormat::Json => context.out.json(),
            _ => context.out.data(),
        }
        let out = &mut context.out;
        let written = match format {
            ExplainFormat::Text => self.text(paint, out),
            ExplainFormat::Json => {
                let frame = |id| self.frame(id);
                writeln!(out, "{}", explained(&self.message, self.view, &self.findings, &frame))
            }
            ExplainFormat::Markdown => sheet::markdown(&self.sheet(), out),
            ExplainFormat::Html => sheet::html(&self.sheet(), out),
            ExplainFormat::Svg => sheet::svg(&self.sheet(), out),
            ExplainFormat::Latex => sheet::latex(&self.sheet(), out),
        };
        Ok(written.and_then(|()| context.out.flush())?)
    }

    /// What stands before the headline where the message is not there itself.
    fn quoted(&self) -> String {
        let evidence = self.view.filter(|view| !view.is_message()).map(evidence_layer);
        evidence.map_or_else(String::new, |layer| format!("Quoted by {} ({}): ", layer.name, layer.summary))
    }

    /// All of it for a handout.
    fn sheet(&self) -> Sheet {
        let sheet =
            Sheet::of(&self.message, self.view.map(View::about), self.known(), &self.findings, &|id| self.frame(id));
        sheet.quoted(self.quoted())
    }

    /// What the capture tells of the message.
    fn known(&self) -> Vec<String> {
        let Some(view) = self.view else { return Vec::new() };
        let root = tree(view, Known::Later);
        let facts = root.children.last().into_iter().flat_map(|layer| &layer.children);
        let facts = facts.filter(|node| node.kind == NodeKind::Generated);
        facts.map(|node| node.text().trim_matches(['[', ']']).to_owned()).collect()
    }

    /// Frame of a record, for findings that name one.
    fn frame(&self, id: RecordId) -> String {
        self.view.map_or_else(|| no_frame(id), |view| frame_number(view.store, id))
    }

    fn text(&self, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
        reading(&self.message, &self.quoted(), self.view.map(View::about), paint, out)?;
        section("What is known of it", &self.known(), paint, out)?;
        if !self.findings.is_empty() {
            writeln!(out, "{}", paint.paint(Ink::Heading, "What is odd, or worth knowing"))?;
            writeln!(out)?;
            for line in annotated::finding_lines(&self.findings, &|id| self.frame(id), paint) {
                writeln!(out, "{line}")?;
            }
            writeln!(out)?;
        }
        let Some(other) = other_reading(&self.message) else { return Ok(()) };
        let heading = format!("The other reading: {}", other.mode().name());
        section(&heading, &[why_read_so(other.mode()).to_owned()], paint, out)?;
        reading(&other, "", None, paint, out)
    }
}

/// Headline, behind what stands before it, figure of the header, and every field.
fn reading(
    message: &Message<'_>,
    before: &str,
    about: Option<About<'_>>,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    let headline = before.to_owned() + &message_tree(message).value;
    let length = count(message.bytes().len(), "byte");
    let cut = if message.is_cut() { " captured, the rest was cut off" } else { "" };
    for line in wrap(&format!("{headline}, {length}{cut}"), WIDTH) {
        writeln!(out, "{}", paint.paint(Ink::Heading, &line))?;
    }
    writeln!(out)?;
    let figure = annotated::header_figure(message);
    for line in &figure {
        writeln!(out, "      {line}")?;
    }
    if !figure.is_empty() {
        writeln!(out)?;
    }
    for line in annotated::lines_about(message, about, Detail::Teach, paint) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn section(heading: &str, paragraphs: &[String], paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    if paragraphs.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}\n", paint.paint(Ink::Heading, heading))?;
    for paragraph in paragraphs {
        for (index, line) in wrap(paragraph, WIDTH - 4).iter().enumerate() {
            writeln!(out, "{}{line}", if index == 0 { "  " } else { "    " })?;
        }
    }
    writeln!(out)
}
