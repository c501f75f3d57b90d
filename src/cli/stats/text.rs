//! `stats` as text, made for reading at 80 columns: what does not fit a line goes on in the next one.

use std::io::{self, Write};

use super::groups::Sum;
use super::times::Times;
use super::{Stats, findings, rows, share};
use crate::cli::without;
use crate::coap::{Code, escape};
use crate::render::time::duration;
use crate::render::wrap::wrap;

/// Columns.
const WIDTH: usize = 80;
/// Rows that a table shows.
const LISTED: usize = 10;
/// Columns of a name before its number.
const NAME: usize = 26;
/// Columns of the numbers of a row of a table.
const NUMBERS: usize = 49;

impl Stats<'_> {
    pub(super) fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        let summary = self.summary;
        for (name, value) in rows(summary) {
            writeln!(out, "{:<NAME$} {value:>12}", name.replace('_', " "))?;
        }
        writeln!(out, "{:<NAME$} {:>12}", "endpoints", self.sums.heard())?;
        if let Some((first, last)) = summary.first_time.zip(summary.last_time) {
            writeln!(
                out,
                "{:<NAME$} {:>12}  from the first frame to the last",
                "duration",
                duration(last.saturating_sub(first))
            )?;
        }
        if let Some(rate) = self.retransmission_rate() {
            let what = "of the Confirmable messages are repeats";
            writeln!(out, "{:<NAME$} {:>12}  {what}", "retransmission rate", percent(rate))?;
        }
        if summary.counters.evicted > 0 {
            let what = "exchanges and observations that the cap on memory ended";
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
        without::advice(summary).map_or(Ok(()), |advice| writeln!(out, "\n{advice}"))
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
        writeln!(out, "\nround trip, first copy of a request to its first answer ({} exchanges)", times.count)?;
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
        writeln!(out, "  {:>8} {:>9} {:>9} {:>7}  sender", "messages", "shortest", "longest", "growth")?;
        for waits in self.waits.iter().take(LISTED) {
            let growth = waits.growth.map_or_else(|| "-".into(), |growth| format!("x {growth:.1}"));
            let (shortest, longest) = (duration(waits.shortest), duration(waits.longest));
            let numbers = format!("  {:>8} {shortest:>9} {longest:>9} {growth:>7}", waits.messages);
            beside(&numbers, &self.endpoint(waits.sender), out)?;
        }
        more(self.waits.len(), "--json lists more", out)
    }

    fn resources_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let rows = self.resources.iter().map(|(id, sum)| {
            let name = self.sums.resources.get(id.0 as usize - 1).map_or("", |name| &**name);
            (sum, escape::text(name).into_owned())
        });
        table("resources", "resource", self.resources.len(), rows, out)
    }

    fn pairs_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let rows = self
            .pairs
            .iter()
            .map(|pair| (&pair.sum, format!("{} > {}", self.endpoint(pair.client), self.endpoint(pair.server))));
        table("pairs of endpoints", "client > server", self.all_pairs, rows, out)
    }

    fn observations_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut rows: Vec<_> = self.sums.observations().filter(|observed| observed.is_live).collect();
        if rows.is_empty() {
            return Ok(());
        }
        rows.sort_by_key(|observed| std::cmp::Reverse(observed.notifications));
        let ends: Vec<String> = self.ends().iter().map(|(end, count)| format!("{end} {count}")).collect();
        writeln!(out, "\nobservations, by notifications")?;
        for line in wrap(&format!("how they ended: {}", ends.join(", ")), WIDTH - 2) {
            writeln!(out, "  {line}")?;
        }
        writeln!(out, "  {:>7} {:>7} {:>7}  resource, client > server", "notif.", "skipped", "late")?;
        for observed in rows.iter().take(LISTED) {
            let name = (observed.resource.0 as usize).checked_sub(1).and_then(|at| self.sums.resources.get(at));
            let name = name.map_or("?", |name| &**name);
            let (client, server) = (self.endpoint(observed.client), self.endpoint(observed.server));
            let text = format!("{}, {client} > {server}", escape::text(name));
            let numbers = format!("  {:>7} {:>7} {:>7}", observed.notifications, observed.gaps, observed.stale);
            beside(&numbers, &text, out)?;
        }
        more(rows.len(), "-T json of `print --table observations` lists all", out)
    }
}

fn code_name(code: Code) -> String {
    code.name().map_or_else(|| code.to_string(), |name| format!("{code} {name}"))
}

/// A table of sums: the first rows, and how many there are besides.
fn table<'a>(
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
    let heads = ["exch.", "repeats", "unansw.", "p50", "p95", "max"];
    writeln!(out, "{}  {name}", numbers(heads.map(str::to_owned)))?;
    for (sum, text) in rows.take(LISTED) {
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
        beside(&numbers(cells), &text, out)?;
    }
    more(count, "--json lists more", out)
}

fn numbers([exchanges, repeats, unanswered, p50, p95, max]: [String; 6]) -> String {
    format!("  {exchanges:>7} {repeats:>7} {unanswered:>7} {p50:>7} {p95:>7} {max:>7}")
}

/// Numbers, and beside them a text that goes on below where it is long.
fn beside(numbers: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
    let left = numbers.len() + 2;
    let mut before = format!("{numbers}  ");
    for line in wrap(text, WIDTH.saturating_sub(left.max(NUMBERS / 2))) {
        writeln!(out, "{before}{line}")?;
        before = " ".repeat(left);
    }
    Ok(())
}

fn more(count: usize, way: &str, out: &mut dyn Write) -> io::Result<()> {
    if count > LISTED { writeln!(out, "  and {} more ({way})", count - LISTED) } else { Ok(()) }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
