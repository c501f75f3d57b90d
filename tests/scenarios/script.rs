//! Reads scenario files.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::Path;

use coapscope::coap::DecodeMode;
use coapscope::frame::{Endpoint, is_known_time};

/// One scenario.
pub struct Script {
    pub name: String,
    pub steps: Vec<Step>,
}

/// One line of a scenario.
pub enum Step {
    /// A message arrives.
    Message(Sent),
    /// An ICMP error quotes an earlier message: version of IP, type and code.
    Icmp { time: i64, quoted: usize, icmp: [u8; 3], bare: bool },
    /// Time passes without a message.
    Advance { time: i64 },
    /// The capture ends.
    End,
    /// Something that must hold at the end.
    Claim { line: usize, words: Vec<String> },
}

/// A message with all that the tracker is told.
#[derive(Clone)]
pub struct Sent {
    pub time: i64,
    pub source: Endpoint,
    pub destination: Endpoint,
    pub multicast: bool,
    pub ip_id: u16,
    pub hop_limit: u8,
    pub interface: u16,
    pub cut: bool,
    /// How it is read.
    pub mode: DecodeMode,
    pub bytes: Vec<u8>,
}

impl Script {
    /// The scenarios of a file: each begins with a line `== title`.
    pub fn read_all(path: &Path, text: &str) -> Vec<Self> {
        let file = path.file_stem().unwrap().to_string_lossy().into_owned();
        let mut reader = Reader::default();
        let mut scripts: Vec<Self> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.split(" # ").next().unwrap_or_default().trim();
            if line.is_empty() || line.starts_with("# ") || line == "#" {
                continue;
            }
            if let Some(title) = line.strip_prefix("== ") {
                scripts.push(Self { name: format!("{file}: {title}"), steps: Vec::new() });
                reader = Reader::default();
                continue;
            }
            let script = scripts.last_mut().unwrap_or_else(|| panic!("{file} begins without `== title`"));
            let step =
                reader.step(index + 1, line).unwrap_or_else(|why| panic!("{file} line {}: {why}: {line}", index + 1));
            script.steps.push(step);
        }
        scripts
    }
}

/// What is carried from line to line.
#[derive(Default)]
struct Reader {
    time: i64,
    sent: Vec<Sent>,
}

type Outcome<T> = Result<T, String>;

impl Reader {
    fn step(&mut self, line: usize, text: &str) -> Outcome<Step> {
        let words = split(text);
        let first = words.first().ok_or("empty")?;
        if !first.starts_with(|c: char| c.is_ascii_digit() || "+-?".contains(c)) {
            return Ok(Step::Claim { line, words });
        }
        let time = self.time(first)?;
        if is_known_time(time) {
            self.time = time;
        }
        match words.get(1).map(String::as_str) {
            Some("icmp") => {
                let bare = words.last().is_some_and(|word| word == "bare");
                let icmp = match words.get(3).filter(|word| *word != "bare") {
                    None => [4, 3, 3],
                    Some(kind) => icmp(kind)?,
                };
                Ok(Step::Icmp { time, quoted: number_sign(words.get(2))?, icmp, bare })
            }
            Some("advance") => Ok(Step::Advance { time }),
            Some("end") => Ok(Step::End),
            Some("again") => {
                let original = self.sent.get(number_sign(words.get(2))?).ok_or("no such message")?.clone();
                self.message(Sent { time, ip_id: 0, hop_limit: 64, ..original }, &words[3..])
            }
            Some(way) => {
                let (source, destination, multicast) = direction(way)?;
                let sent = Sent {
                    time,
                    source,
                    destination,
                    multicast,
                    ip_id: 0,
                    hop_limit: 64,
                    interface: 0,
                    cut: false,
                    mode: DecodeMode::Rfc7252,
                    bytes: Vec::new(),
                };
                self.message(sent, &words[2..])
            }
            None => Err("nothing after the time".into()),
        }
    }

    fn message(&mut self, mut sent: Sent, words: &[String]) -> Outcome<Step> {
        let mut rest = Vec::new();
        let mut keep = None;
        for word in words {
            match word.split_once('=') {
                Some(("ipid", value)) => sent.ip_id = parse(value)?,
                Some(("hop", value)) => sent.hop_limit = parse(value)?,
                Some(("if", value)) => sent.interface = parse(value)?,
                Some(("as", "draft-12")) => sent.mode = DecodeMode::Draft12,
                Some(("cut", value)) => keep = Some(parse::<usize>(value)?),
                _ => rest.push(word.as_str()),
            }
        }
        if !rest.is_empty() {
            sent.bytes = encode(&rest)?;
        }
        if let Some(keep) = keep {
            if keep >= sent.bytes.len() {
                return Err(format!("cut={keep} cuts nothing off {} bytes", sent.bytes.len()));
            }
            sent.bytes.truncate(keep);
            sent.cut = true;
        }
        self.sent.push(sent.clone());
        Ok(Step::Message(sent))
    }

    /// `12.5` since the start, `+0.1` since the line before, `?` for a frame without a time.
    fn time(&self, word: &str) -> Outcome<i64> {
        if word == "?" {
            return Ok(i64::MIN);
        }
        let (base, seconds) = match word.strip_prefix('+') {
            Some(rest) => (self.time, rest),
            None => (START, word),
        };
        let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
        let nanoseconds: i64 = parse(&format!("{fraction:0<9}"))?;
        let negative = whole.starts_with('-');
        let whole = parse::<i64>(whole)? * 1_000_000_000;
        Ok(base + if negative { whole - nanoseconds } else { whole + nanoseconds })
    }
}

/// 2026-11-23T08:00:00Z.
const START: i64 = 1_795_420_800_000_000_000;

/// Splits at spaces, but not in quotes.
fn split(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quoted) = (String::new(), false);
    for character in text.chars() {
        match character {
            '"' => {
                quoted = !quoted;
                word.push(character);
            }
            ' ' if !quoted => words.extend((!word.is_empty()).then(|| std::mem::take(&mut word))),
            _ => word.push(character),
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

/// `v4/3/3`: version of IP, type and code of an ICMP error.
fn icmp(text: &str) -> Outcome<[u8; 3]> {
    let parts: Vec<u8> = text.trim_start_matches('v').split('/').map(parse).collect::<Outcome<_>>()?;
    parts.try_into().map_err(|_| format!("expected v4/type/code or v6/type/code: {text}"))
}

fn parse<T: std::str::FromStr>(text: &str) -> Outcome<T> {
    text.parse().map_err(|_| format!("not a number: {text}"))
}

/// `#3` is the third message: index 2.
pub fn number_sign(word: Option<&String>) -> Outcome<usize> {
    let number: usize = parse(word.and_then(|word| word.strip_prefix('#')).ok_or("expected #number")?)?;
    number.checked_sub(1).ok_or_else(|| "messages count from 1".into())
}

/// `c1>s1`, `c1<s1`: names are a letter (c client, s server, g group) and a number, with `:port` for another port.
fn direction(text: &str) -> Outcome<(Endpoint, Endpoint, bool)> {
    let (left, right, swap) = match (text.split_once('>'), text.split_once('<')) {
        (Some((left, right)), _) => (left, right, false),
        (_, Some((left, right))) => (left, right, true),
        _ => return Err(format!("expected c1>s1 or c1<s1: {text}")),
    };
    let (from, to) = if swap { (right, left) } else { (left, right) };
    Ok((endpoint(from)?, endpoint(to)?, to.starts_with('g')))
}

fn endpoint(name: &str) -> Outcome<Endpoint> {
    let (host, port) = name.split_once(':').map_or((name, None), |(host, port)| (host, Some(port)));
    let number: u8 = parse(&host[1..])?;
    let (address, usual) = match &host[..1] {
        "c" => (IpAddr::from([10, 1, 0, number]), 40_000 + u16::from(number)),
        "s" => (IpAddr::from([10, 0, 0, number]), 5683),
        "g" => (IpAddr::from([224, 0, 1, 186 + number]), 5683),
        _ => return Err(format!("unknown endpoint {name}")),
    };
    Ok(Endpoint { address, port: port.map_or(Ok(usual), parse)?, scope: 0 })
}

/// The bytes of `CON 4097 cafe GET /path?query key=value "payload"`, `ACK 4097`, or `hex 4001...`.
pub fn encode(words: &[&str]) -> Outcome<Vec<u8>> {
    if let ["hex", rest @ ..] = words {
        return hex(&rest.concat());
    }
    let [kind, message_id, rest @ ..] = words else { return Err("expected a type and a message ID".into()) };
    let kind =
        ["CON", "NON", "ACK", "RST"].iter().position(|name| name == kind).ok_or(format!("not a type: {kind}"))? as u8;
    let message_id: u16 = parse(message_id)?;
    let (token, code, rest) = match rest {
        [] => (Vec::new(), 0, rest),
        [token, code, rest @ ..] => (if *token == "-" { Vec::new() } else { hex(token)? }, code_of(code)?, rest),
        [odd] => return Err(format!("expected a token (or -) and a code: {odd}")),
    };
    let mut bytes = vec![0x40 | kind << 4, code, (message_id >> 8) as u8, message_id as u8];
    match token.len() {
        length @ 0..=12 => bytes[0] |= length as u8,
        length => {
            bytes[0] |= 13;
            bytes.push(length as u8 - 13);
        }
    }
    bytes.extend(token);
    let (mut options, mut payload) = (Vec::new(), None);
    for word in rest {
        match word.strip_prefix('"').and_then(|word| word.strip_suffix('"')) {
            Some(text) => payload = Some(text.to_owned()),
            None if word.starts_with("payload=") => payload = Some("x".repeat(parse(&word[8..])?)),
            None => options.extend(option(word)?),
        }
    }
    options.sort_by_key(|(number, _)| *number);
    let mut last = 0;
    for (number, value) in options {
        push_option(&mut bytes, number - last, &value);
        last = number;
    }
    if let Some(payload) = payload {
        bytes.push(0xff);
        bytes.extend(payload.bytes());
    }
    Ok(bytes)
}

fn push_option(bytes: &mut Vec<u8>, delta: u16, value: &[u8]) {
    let nibble = |number: usize| match number {
        0..13 => (number as u8, vec![]),
        13..269 => (13, vec![(number - 13) as u8]),
        _ => (14, ((number - 269) as u16).to_be_bytes().to_vec()),
    };
    let ((delta, more), (length, rest)) = (nibble(usize::from(delta)), nibble(value.len()));
    bytes.push(delta << 4 | length);
    bytes.extend(more.iter().chain(&rest).chain(value));
}

fn option(word: &str) -> Outcome<Vec<(u16, Vec<u8>)>> {
    if let Some(path) = word.strip_prefix('/') {
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        let segments = path.split('/').filter(|_| !path.is_empty()).map(|part| (11, part.into()));
        let arguments = query.into_iter().flat_map(|query| query.split('&')).map(|part| (15, part.into()));
        return Ok(segments.chain(arguments).collect());
    }
    let (name, value) = word.split_once('=').ok_or(format!("not an option: {word}"))?;
    let numbers = HashMap::from([
        ("obs", 6u16),
        ("cf", 12),
        ("max-age", 14),
        ("accept", 17),
        ("qblock1", 19),
        ("block2", 23),
        ("block1", 27),
        ("size2", 28),
        ("qblock2", 31),
        ("size1", 60),
        ("no-response", 258),
    ]);
    let value = match name {
        "etag" => return Ok(vec![(4, hex(value)?)]),
        "echo" => return Ok(vec![(252, hex(value)?)]),
        "oscore" => return Ok(vec![(9, hex(value)?)]),
        "block1" | "block2" | "qblock1" | "qblock2" => {
            let parts: Vec<u32> = value.split('/').map(parse).collect::<Outcome<_>>()?;
            let [number, more, size] = parts[..] else { return Err("expected number/more/size".into()) };
            number << 4 | more << 3 | (size.trailing_zeros() - 4)
        }
        _ if numbers.contains_key(name) => parse(value)?,
        _ => return Ok(vec![(parse(name)?, hex(value)?)]),
    };
    let bytes = value.to_be_bytes();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    Ok(vec![(numbers[name], bytes[zeros..].to_vec())])
}

fn code_of(text: &str) -> Outcome<u8> {
    let methods = ["GET", "POST", "PUT", "DELETE", "FETCH", "PATCH", "IPATCH"];
    if let Some(index) = methods.iter().position(|name| *name == text) {
        return Ok(index as u8 + 1);
    }
    let (class, detail) = text.split_once('.').ok_or(format!("not a code: {text}"))?;
    Ok(parse::<u8>(class)? << 5 | parse::<u8>(detail)?)
}

fn hex(text: &str) -> Outcome<Vec<u8>> {
    let digits: Vec<_> =
        text.chars().map(|c| c.to_digit(16).ok_or(format!("not hex: {text}"))).collect::<Outcome<_>>()?;
    if digits.len() % 2 == 1 {
        return Err(format!("odd number of hex digits: {text}"));
    }
    Ok(digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect())
}
