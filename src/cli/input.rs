//! What the user wants read, opened: files, standard input, the built-in capture, interfaces.

#[cfg(feature = "live")]
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::{FileArgs, InputArgs, ReadingArgs, When};
use crate::capture::spool::Spool;
use crate::capture::{self, Input, OpenOptions, Opened, Until};
use crate::coap::{Parameters, TokenPolicy};
use crate::pipeline::{PipelineOptions, Ports};
use crate::tracking::TrackerOptions;

/// The lab session that opens when no file is named. `captures/README.md` tells its story.
const BUILT_IN: &[u8] = include_bytes!("../../captures/lab-session.pcap");
/// What it is called on the screen and in messages.
pub const BUILT_IN_NAME: &str = "built-in lab session";
/// Nanoseconds in a second.
const SECOND: f64 = 1e9;
/// Share of the machine's memory that messages may take.
#[cfg(feature = "tui")]
const SHARE: u64 = 4;

impl FileArgs {
    /// The files that were named behind this subcommand.
    ///
    /// # Errors
    /// Where none was.
    pub fn paths(&self, subcommand: &str) -> anyhow::Result<&[PathBuf]> {
        Some(named(&self.file, &self.read)).filter(|paths| !paths.is_empty()).with_context(|| {
            format!("no capture is named; name one, or `-` for standard input: coapscope {subcommand} FILE")
        })
    }
}

impl InputArgs {
    /// The files that were named, if any.
    pub fn paths(&self) -> &[PathBuf] {
        named(&self.file, &self.read)
    }

    /// More may come while what is there is shown: from standard input, or because the user said so.
    pub fn may_grow(&self) -> bool {
        self.follow || self.paths().iter().any(|path| path == Path::new("-"))
    }
}

/// FILE, or all of `-r`.
fn named<'a>(file: &'a Option<PathBuf>, read: &'a [PathBuf]) -> &'a [PathBuf] {
    file.as_ref().map_or(read, std::slice::from_ref)
}

/// Open files, or standard input for `-`; several are merged by time. `follow`: at their end wait for more.
///
/// # Errors
/// One line that says what, which file, why, and what to do.
pub fn open(paths: &[PathBuf], follow: bool, reading: &ReadingArgs) -> anyhow::Result<Opened> {
    let until = crate::signals::end_pipes(paths.iter().map(PathBuf::as_path));
    open_until(paths, follow, reading, until)
}

/// The same for the screen, to which Ctrl-C is a key.
///
/// # Errors
/// As for [`open`].
#[cfg(feature = "tui")]
pub fn open_for_screen(paths: &[PathBuf], follow: bool, reading: &ReadingArgs) -> anyhow::Result<Opened> {
    open_until(paths, follow, reading, None)
}

fn open_until(paths: &[PathBuf], follow: bool, reading: &ReadingArgs, until: Option<Until>) -> anyhow::Result<Opened> {
    let inputs = named_inputs(paths);
    if inputs.iter().filter(|input| **input == Input::StandardInput).count() > 1 {
        bail!("-r -: standard input can be read once only");
    }
    if follow && paths.len() > 1 {
        bail!(
            "--follow: {} files are named, and only one can be followed: merged by time, each would wait for the next frame of the others",
            paths.len()
        );
    }
    Ok(capture::open_all(&inputs, &OpenOptions { spool: reading.spool.clone(), follow, until })?)
}

/// What the names mean: `-` is standard input.
pub fn named_inputs(paths: &[PathBuf]) -> Vec<Input> {
    let input = |path: &PathBuf| {
        if path == Path::new("-") { Input::StandardInput } else { Input::Path(path.to_owned()) }
    };
    paths.iter().map(input).collect()
}

/// Open the built-in capture.
///
/// # Errors
/// Where its working copy cannot be written.
pub fn open_built_in(reading: &ReadingArgs) -> anyhow::Result<Opened> {
    let folder = &reading.spool;
    let copy = || -> std::io::Result<_> {
        let (mut writer, reader) = Spool::create(folder)?;
        std::io::Write::write_all(&mut writer, BUILT_IN)?;
        writer.commit()?;
        Ok(reader)
    };
    let reader = copy().with_context(|| {
        format!("{}: cannot hold the built-in capture; name another folder with --spool", folder.display())
    })?;
    Ok(capture::open_spool(reader, BUILT_IN_NAME))
}

/// How the pipeline is to read.
///
/// # Errors
/// Where an argument makes no sense.
pub fn pipeline_options(reading: &ReadingArgs) -> anyhow::Result<PipelineOptions> {
    Ok(PipelineOptions {
        ports: Ports::with(ports(reading)?),
        tokens: match reading.extended_tokens {
            When::Auto => TokenPolicy::Auto,
            When::On => TokenPolicy::On,
            When::Off => TokenPolicy::Off,
        },
        checksums: reading.checksums,
        payloads: true,
        tracker: TrackerOptions { parameters: parameters(reading), ..TrackerOptions::default() },
    })
}

/// All ports that are taken for CoAP, as ranges, for the kernel filter.
///
/// # Errors
/// Where a decode-as rule cannot be understood.
#[cfg(feature = "live")]
pub fn port_ranges(reading: &ReadingArgs) -> anyhow::Result<Vec<RangeInclusive<u16>>> {
    let mut ranges = vec![5683..=5684, 61616..=61631];
    ranges.extend(ports(reading)?.into_iter().map(|port| port..=port));
    Ok(ranges)
}

fn ports(reading: &ReadingArgs) -> anyhow::Result<Vec<u16>> {
    let mut ports = reading.ports.clone();
    for rule in &reading.decode_as {
        ports.push(decode_as(rule)?);
    }
    Ok(ports)
}

/// The port of `udp.port==N,coap`.
fn decode_as(rule: &str) -> anyhow::Result<u16> {
    let refuse = || format!("-d {rule}: cannot be understood; the form is udp.port==N,coap");
    let (left, protocol) = rule.split_once(',').with_context(refuse)?;
    let (field, port) = left.split_once("==").with_context(refuse)?;
    if field.trim() != "udp.port" || !protocol.trim().eq_ignore_ascii_case("coap") {
        bail!("-d {rule}: only udp.port can be decoded, and only as coap: udp.port==N,coap");
    }
    port.trim().parse().ok().with_context(|| format!("-d {rule}: {} is no port; ports are 0 to 65535", port.trim()))
}

/// The arguments have passed [`super::values`].
fn parameters(reading: &ReadingArgs) -> Parameters {
    let nanoseconds = |seconds: f64| (seconds * SECOND) as i64;
    Parameters {
        ack_timeout: nanoseconds(reading.ack_timeout),
        ack_random_factor: reading.ack_random_factor,
        max_retransmit: reading.max_retransmit,
        nstart: reading.nstart,
        default_leisure: nanoseconds(reading.default_leisure),
        probing_rate: reading.probing_rate,
        ..Parameters::default()
    }
}

/// Bytes that messages may take in memory: `--memory`, else a quarter of the machine's.
#[cfg(feature = "tui")]
pub fn memory(reading: &ReadingArgs) -> usize {
    reading.memory.unwrap_or_else(|| usize::try_from(machine_memory() / SHARE).unwrap_or(usize::MAX))
}

/// Memory of the machine in bytes; a modest guess where it cannot be read.
#[cfg(feature = "tui")]
fn machine_memory() -> u64 {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kilobytes = text
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kilobytes.map_or(2 << 30, |kilobytes| kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decode_as_rules() {
        assert_eq!(decode_as("udp.port==9999,coap").unwrap(), 9999);
        assert_eq!(decode_as("udp.port == 9999, CoAP").unwrap(), 9999);
        for rule in ["udp.port==9999", "tcp.port==1,coap", "udp.port==70000,coap", "udp.port==1,dtls", ""] {
            assert!(decode_as(rule).is_err(), "{rule}");
        }
    }
}
