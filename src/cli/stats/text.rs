//! `stats` as text, made for reading at 80 columns: what does not fit a line goes on in the next one.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::groups::Sum;
use super::times::Times;
use super::{Stats, findings, rows, share};
use crate::cli::without;
use crate::coap::{Code, count, escape};
use crate::render::time::duration;
use crate::render::wrap::{fit, wrap};

/// Columns.
const WIDTH: usize = 80;
/// Rows that a table shows.
pub(super) const LISTED: usize = 10;
/// Columns of a name before its number.
const NAME: usize = 26;
/// Columns that a name beside its numbers has at least; where there are fewer, it stands below them.
const BESIDE: usize = 28;
/// Columns of a name that is told in full.
const LONGEST: usize = 400;

impl Stats<'_> {
    pub(super) fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        let summary = self.summary;
        for (name, value) in rows(summary) {
            writeln!(out, "{:<NAME$} {value:>12}", name.replace('_', " "))?;
        }
        writeln!(out, "{:<NAME$} {:>12}", "endpoints", self.sums.heard())?;
        let (took, what) = match summary.duration() {
            Some(took) => (duration(took), "from the first frame to the last"),
            None => ("unknown".to_owned(), "a time is missing, or goes back"),
        };
        if summary.frames > 0 {
            writeln!(out, "{:<NAME$} {took:>12}  {what}", "duration")?;
        }
        if let Some(rate) = self.retransmission_rate() {
            let what = "of CON repeat a request or a response";
            writeln!(out, "{:<NAME$} {:>12}  {what}", "retransmission rate", percent(rate))?;
        }
        if summary.counters.evicted > 0 {
            let what = "message IDs, exchanges, observations and bodies that the cap on memory ended before their time";
            writeln!(out, "{:<NAME$} {:>12}", "evicted", summary.counters.evicted)?;
            writeln!(out, "  ({what})")?;
        }
        if summary.secrets > 0 {
            writeln!(out, "{:<NAME$} {:>12}  blocks with keys in the capture", "decryption secrets", summary.secrets)?;
        }
        writeln!(out, "\nfindings")?;
        for (name, count) in findings(summary) {
            writeln!(out, "  {name:<24} {count:>12}")?;
        }
        self.bytes(out)?;
        self.codes_text(out)?;
        self.round_trips(out)?;
        self.waits_text(out)?;
        self.resources_text(out)?;
        self.pairs_text(out)?;
        self.observations_text(out)?;
        without::list(summary, LISTED, out)?;
        for line in
            without::advice(summary).iter().flat_map(|advice| std::iter::once(String::new()).chain(wrap(advice, WIDTH)))
        {
            writeln!(out, "{line}")?;
        }
        Ok(())
    }

    fn bytes(&self, out: &mut dyn Write) -> io::Result<()> {
        let sizes = &self.summary.sizes;
        if sizes.messages == 0 {
            return Ok(());
        }
        writeln!(out, "\nbytes of the messages that came whole in one frame ({})", sizes.messages)?;
        let part = |bytes: u64| share(bytes, sizes.frames).map(percent).unwrap_or_default();
        let own = sizes.coap - sizes.payload;
        let below = sizes.frames.saturating_sub(sizes.coap);
        for (name, bytes, what) in [
            ("payload", sizes.payload, ""),
            ("CoAP around it", own, "  header, token, options"),
            ("layers below", below, "  UDP, IP and link layer"),
            ("on the wire", sizes.frames, ""),
        ] {
            writeln!(out, "  {name:<24} {bytes:>12}  {:>7}{what}", part(bytes))?;
        }
        Ok(())
    }

    fn codes_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let counts = self.sums.codes.iter().zip(0_u8..=255).filter(|(count, _)| **count > 0);
        let mut rows: Vec<(u64, Code)> = counts.map(|(count, code)| (*count, Code(code))).collect();
        if rows.is_empty() {
            return Ok(());
        }
        rows.sort_by_key(|(count, code)| (std::cmp::Reverse(*count), code.0));
        writeln!(out, "\nmessages by code")?;
        for (count, code) in rows {
            let name = if code.is_empty() { "0.00 (ACK, RST or ping)".to_owned() } else { code_name(code) };
            writeln!(out, "  {name:<30} {count:>6}")?;
        }
        Ok(())
    }

    fn round_trips(&self, out: &mut dyn Write) -> io::Result<()> {
        let Some(times) = self.times else { return Ok(()) };
        writeln!(
            out,
            "\nround trip, first copy of a request to its first answer ({})",
            count(times.count, "exchange")
        )?;
        for (name, time) in
            [("min", times.min), ("p50", times.p50), ("p95", times.p95), ("p99", times.p99), ("max", times.max)]
        {
            writeln!(out, "  {name:<24} {:>12}", duration(time))?;
        }
        Ok(())
    }

    fn waits_text(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.waits.is_empty() {
            return Ok(());
        }
        writeln!(out, "\nwaits before a repeat, as the capture shows them (ACK_TIMEOUT is the shortest")?;
        writeln!(out, "first wait or less; each wait should be twice the one before)")?;
        let rows = self.waits.iter().take(LISTED).map(|waits| {
            let growth = waits.growth.map_or_else(|| "-".into(), |growth| format!("x {growth:.1}"));
            let cells = [waits.messages.to_string(), duration(waits.shortest), duration(waits.longest), growth];
            (cells, self.endpoint(waits.sender))
        });
        table(["messages", "shortest", "longest", "growth"], "sender", rows, out)?;
        more(self.waits.len(), "--json lists more", out)
    }

    fn resources_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let rows = self.resources.iter().map(|(id, sum)| {
            let name = self.resource(*id).unwrap_or_default();
            (sum, limited(&escape::text(name)))
        });
        sums("resources", "resource", self.resources.len(), rows, out)?;
        match (self.resources.len(), self.without_resource()) {
            (0, _) | (_, 0) => Ok(()),
            (_, without) => writeln!(out, "  and {} whose resource is not known", count(without, "exchange")),
        }
    }

    fn pairs_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let rows = self
            .pairs
            .iter()
            .map(|pair| (&pair.sum, format!("{} > {}", self.endpoint(pair.client), self.endpoint(pair.server))));
        sums("pairs of endpoints", "client > server", self.all_pairs, rows, out)
    }

    fn observations_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let all = self.sums.observations().count();
        if all == 0 {
            return Ok(());
        }
        let mut ends: Vec<String> = self.ends().iter().map(|(end, count)| format!("{end} {count}")).collect();
        let overheard = self.sums.observations().filter(|observed| !observed.accepted).count();
        if overheard > 0 {
            ends.push(format!("not known how they began {overheard}"));
        }
        writeln!(out, "\nobservations, by notifications")?;
        for line in wrap(&format!("how they ended: {}", ends.join(", ")), WIDTH - 2) {
            writeln!(out, "  {line}")?;
        }
        let lines = self.observed(LISTED).map(|observed| {
            let name = self.resource(observed.resource).unwrap_or("?");
            let (client, server) = (self.endpoint(observed.client), self.endpoint(observed.server));
            let text = format!("{}, {client} > {server}", limited(&escape::text(name)));
            ([observed.notifications, observed.gaps, observed.late].map(|count| count.to_string()), text)
        });
        table(["notif.", "gaps", "late"], "resource, client > server", lines, out)?;
        more(all, "--json lists more", out)
    }
}

fn code_name(code: Code) -> String {
    code.name().map_or_else(|| code.to_string(), |name| format!("{code} {name}"))
}

/// A table of sums: the first rows, and how many there are besides.
fn sums<'a>(
    what: &str,
    name: &str,
    count: usize,
    rows: impl Iterator<Item = (&'a Sum, String)>,
    out: &mut dyn Write,
) -> io::Result<()> {
    if count == 0 {
        return Ok(());
    }
    writeln!(out, "\n{what}, by exchanges")?;
    let rows = rows.take(LISTED).map(|(sum, text)| {
        let time =
            |pick: fn(&Times) -> i64| sum.times.as_ref().map_or_else(|| "-".into(), |times| duration(pick(times)));
        let cells = [
            sum.exchanges.to_string(),
            sum.retransmissions.to_string(),
            sum.unanswered().to_string(),
            time(|times| times.p50),
            time(|times| times.p95),
            time(|times| times.max),
        ];
        (cells, text)
    });
    table(["exch.", "repeats", "unansw.", "p50", "p95", "max"], name, rows, out)?;
    more(count, "--json lists more", out)
}

/// Rows of numbers, each column as wide as it has to be, and what they are of: beside them, or below where too little room is left.
fn table<const N: usize>(
    heads: [&str; N],
    name: &str,
    rows: impl Iterator<Item = ([String; N], String)>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let rows: Vec<([String; N], String)> = rows.collect();
    let mut widths = heads.map(|head| head.len().max(7));
    for (cells, _) in &rows {
        for (width, cell) in widths.iter_mut().zip(cells) {
            *width = (*width).max(cell.width());
        }
    }
    let line = |cells: &[String]| {
        let cells = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:>width$}"));
        format!("  {}", cells.collect::<Vec<_>>().join(" "))
    };
    let left = widths.iter().sum::<usize>() + N + 3;
    let is_beside = left + BESIDE <= WIDTH;
    let indent = if is_beside { left } else { 6 };
    // Numbers that no capture has yet go on in a second line.
    let above = |cells: &[String]| match line(cells) {
        fits if fits.width() <= WIDTH => vec![fits],
        _ => wrap(&cells.join(" "), WIDTH - 2).iter().map(|part| format!("  {part}")).collect(),
    };
    let space = " ".repeat(indent);
    let heads = heads.map(str::to_owned);
    if is_beside {
        writeln!(out, "{}  {name}", line(&heads))?;
    } else {
        writeln!(out, "{}\n{space}{name}", above(&heads).join("\n"))?;
    }
    for (cells, text) in rows {
        let mut before = match is_beside {
            true => format!("{}  ", line(&cells)),
            false => format!("{}\n{space}", above(&cells).join("\n")),
        };
        for part in wrap(&text, WIDTH - indent) {
            writeln!(out, "{before}{part}")?;
            before = space.clone();
        }
    }
    Ok(())
}

/// A name; of a very long one the beginning, and how long it is.
fn limited(name: &str) -> String {
    match fit(name, LONGEST) {
        whole if whole.len() == name.len() => name.to_owned(),
        shown => format!("{shown}.. ({} characters)", name.chars().count()),
    }
}

fn more(count: usize, way: &str, out: &mut dyn Write) -> io::Result<()> {
    if count > LISTED { writeln!(out, "  and {} more ({way})", count - LISTED) } else { Ok(()) }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_keep_to_their_columns() {
        let long = "[2001:db88:1111:2222:3333:4444:5555:6666]:65000 > [2001:db88:1111:2222:3333:4444:5555:7777]:5683";
        for (count, time, name) in [
            (1, 1_500_000, "/a"),
            (4_294_967_295, 1_500_000, long),
            (4_294_967_295, 999_999_999_999_999_999, long),
            (12, 999_999_999_999_999_999, long),
            (
                12,
                0,
                "\u{65e5}\u{672c}\u{8a9e}\u{65e5}\u{672c}\u{8a9e}\u{65e5}\u{672c}\u{8a9e}\u{65e5}\u{672c}\u{8a9e}\u{65e5}\u{672c}",
            ),
        ] {
            let sum = Sum { exchanges: count, retransmissions: count, times: Times::of(&mut [time]), ..Sum::default() };
            let mut out = Vec::new();
            sums("things", "client > server", 1, std::iter::once((&sum, name.to_owned())), &mut out).unwrap();
            let text = String::from_utf8(out).unwrap();
            assert!(text.lines().all(|line| line.width() <= WIDTH), "{text}");
            let words: Vec<&str> = text.split_whitespace().collect();
            for part in [&*format!("{count} {count} {count} {0} {0} {0}", duration(time)), "client > server"] {
                assert!(words.join(" ").contains(part), "{part} is not in {text}");
            }
            let all = text.replace(char::is_whitespace, "");
            assert!(all.contains(&name.replace(' ', "")), "{name} is not in {text}");
        }
    }

    #[test]
    fn names_that_are_cut_say_so() {
        assert_eq!(limited(&"x".repeat(LONGEST)), "x".repeat(LONGEST));
        assert_eq!(limited(&"x".repeat(LONGEST + 1)), format!("{}.. (401 characters)", "x".repeat(LONGEST)));
    }
}
