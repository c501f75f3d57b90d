//! Other programs read what is printed.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{coapscope, folder, peer, printed, root};

const CAPTURE: &str = "captures/lab/04-retransmit-libcoap.client.pcap";

/// What a program prints of this input.
fn through(program: &Path, arguments: &[&str], input: &str) -> String {
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn jq_reads_json_without_surprises() {
    if !peer(Path::new("jq"), &["--version"]) {
        return;
    }
    for capture in
        ["captures/lab-session.pcap", "captures/lab/07-formats.pcap", "captures/lab/11-malformed-libcoap.pcap"]
    {
        let text = printed(&["print", "-T", "json", capture]);
        // What jq prints is what it read: no key twice, no number that it bends.
        let again = through(Path::new("jq"), &["-c", "."], &text);
        assert_eq!(again.lines().count(), text.lines().count());
        for (ours, theirs) in text.lines().zip(again.lines()) {
            let keys = |line: &str| line.matches("\":").count();
            assert_eq!(keys(ours), keys(theirs), "{ours}\n{theirs}");
        }
    }
    let python = Path::new("python3");
    if peer(python, &["--version"]) {
        let folder = folder("jq");
        for capture in
            ["captures/lab-session.pcap", "captures/lab/07-formats.pcap", "captures/lab/11-malformed-libcoap.pcap"]
        {
            let (own, again) = (folder.join("own"), folder.join("again"));
            let text = printed(&["print", "-T", "json", capture]);
            fs::write(&own, &text).unwrap();
            fs::write(&again, through(Path::new("jq"), &["-c", "."], &text)).unwrap();
            let script = "
import json, sys
def once(pairs):
    assert len({key for key, _ in pairs}) == len(pairs), pairs
    return dict(pairs)
own, again = ([json.loads(line, object_pairs_hook=once) for line in open(name)] for name in sys.argv[1:])
assert own == again, [pair for pair in zip(own, again) if pair[0] != pair[1]][0]
print(len(own))";
            let files = [own.to_str().unwrap(), again.to_str().unwrap()];
            let lines = through(python, &[&["-c", script][..], &files].concat(), "");
            assert_eq!(lines.trim(), text.lines().count().to_string(), "{capture}");
        }
        fs::remove_dir_all(folder).unwrap();
    }
    let text = printed(&["print", "-T", "json", CAPTURE]);
    let retransmitted = through(Path::new("jq"), &["-c", "select(.transmission > 1) | .frame.number"], &text);
    assert_eq!(retransmitted.lines().count(), 10);
}

/// A capture with formulas on the wire.
fn formulas() -> Vec<u8> {
    let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 101, 0, 0, 0];
    for (number, text) in ["=cmd|' /C calc'!A0", "@SUM(1)", "+1,\"2\"", "-3\n4", "\tx", "plain"].iter().enumerate() {
        let mut message = vec![0x40, 1, 0, number as u8, 0xbd, (text.len() - 13.min(text.len())) as u8];
        if text.len() < 13 {
            message.truncate(4);
            message.push(0xb0 | text.len() as u8);
        }
        message.extend(text.as_bytes());
        let length = (message.len() + 28) as u32;
        for word in [1_700_000_000, number as u32, length, length] {
            file.extend(word.to_le_bytes());
        }
        file.extend([0x45, 0, 0, length as u8, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        file.extend([0x9c, 0x40, 0x16, 0x33, 0, (length - 20) as u8, 0, 0]);
        file.extend(message);
    }
    file
}

#[test]
fn python_reads_csv_and_finds_no_formula() {
    let python = Path::new("python3");
    if !peer(python, &["--version"]) {
        return;
    }
    let folder = folder("formulas");
    let file = folder.join("formulas.pcap");
    fs::write(&file, formulas()).unwrap();
    let fields = ["-e", "frame.number", "-e", "coap.opt.uri_path", "-e", "coapscope.rtt"];
    let csv = printed(&[&["print", "-T", "csv", file.to_str().unwrap()][..], &fields].concat());
    let script = "import csv,sys,json; print(json.dumps(list(csv.reader(sys.stdin))))";
    let rows: Value = serde_json::from_str(&through(python, &["-c", script], &csv)).unwrap();
    let cells: Vec<&str> = rows.as_array().unwrap().iter().skip(1).map(|row| row[1].as_str().unwrap()).collect();
    assert_eq!(cells, ["'=cmd|' /C calc'!A0", "'@SUM(1)", "'+1,\"2\"", "'-3\\n4", "\\tx", "plain"]);
    for table in ["exchanges", "observations", "bodies", "findings", "resources"] {
        let csv = printed(&["print", "--table", table, "-T", "csv", file.to_str().unwrap()]);
        let rows: Value = serde_json::from_str(&through(python, &["-c", script], &csv)).unwrap();
        let rows = rows.as_array().unwrap();
        let columns = rows[0].as_array().unwrap().len();
        for row in rows {
            assert_eq!(row.as_array().unwrap().len(), columns, "{row}");
            let begins =
                |sign: char| row.as_array().unwrap().iter().any(|cell| cell.as_str().unwrap().starts_with(sign));
            assert!(!['=', '+', '-', '@'].into_iter().any(begins), "{row}");
        }
    }
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn duckdb_counts_what_stats_counts() {
    let python = root().join(".venv/bin/python");
    if !peer(&python, &["-c", "import duckdb"]) {
        return;
    }
    let folder = folder("duckdb");
    for capture in ["captures/lab-session.pcap", CAPTURE, "captures/lab/04-duplicates.client.pcap"] {
        let (json, csv) = (folder.join("messages.ndjson"), folder.join("resources.csv"));
        fs::write(&json, printed(&["print", "-T", "json", capture])).unwrap();
        fs::write(&csv, printed(&["print", "--table", "resources", "-T", "csv", capture])).unwrap();
        let script = "
import duckdb, json, sys
messages = f\"read_json('{sys.argv[1]}', format='newline_delimited', union_by_name=true)\"
by_resource = duckdb.sql(f\"select resource, count(*) from {messages} where kind = 'message' and retransmission_of is not null and role <> 'ping' group by resource order by 1\").fetchall()
requests = duckdb.sql(f\"select count(*) from {messages} where retransmission_of is not null and coap.code like '0.%' and coap.code <> '0.00'\").fetchall()[0][0]
table = duckdb.sql(f\"select resource, exchanges, retransmissions from read_csv('{sys.argv[2]}') where retransmissions > 0 order by 1\").fetchall()
of_requests = duckdb.sql(f\"select resource, count(*) from {messages} where kind = 'message' and retransmission_of is not null and coap.code like '0.%' and coap.code <> '0.00' group by resource order by 1\").fetchall()
print(json.dumps([by_resource, requests, table, of_requests]))";
        let arguments = ["-c", script, json.to_str().unwrap(), csv.to_str().unwrap()];
        let answer: Value = serde_json::from_str(&through(&python, &arguments, "")).unwrap();
        let stats: Value = serde_json::from_str(&printed(&["stats", "--json", capture])).unwrap();
        let sum = |rows: &Value, at: usize| -> u64 {
            rows.as_array().unwrap().iter().map(|row| row[at].as_u64().unwrap()).sum()
        };
        assert_eq!(sum(&answer[0], 1), stats["retransmissions"].as_u64().unwrap(), "{capture}: {answer}");
        assert_eq!(sum(&answer[2], 2), answer[1].as_u64().unwrap(), "{capture}: {answer}");
        let mut of_stats: Vec<(&str, u64)> = stats["resources"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| (row["resource"].as_str().unwrap(), row["retransmissions"].as_u64().unwrap()))
            .filter(|(_, retransmissions)| *retransmissions > 0)
            .collect();
        of_stats.sort_unstable();
        let of_query: Vec<(&str, u64)> = answer[3]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| (row[0].as_str().unwrap(), row[1].as_u64().unwrap()))
            .collect();
        assert_eq!(of_query, of_stats, "{capture}");
        for row in answer[2].as_array().unwrap() {
            let of_stats = stats["resources"].as_array().unwrap().iter().find(|one| one["resource"] == row[0]).unwrap();
            assert_eq!(row[1], of_stats["exchanges"], "{capture}: {row}");
        }
    }
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_table_holds_what_the_filter_let_through() {
    let rows = |filter: &str| {
        printed(&["print", "--table", "exchanges", "-T", "json", "-Y", filter, "captures/lab-session.pcap"])
            .lines()
            .count()
    };
    assert_eq!((rows("coap"), rows("coap.retransmitted"), rows("coap.code == 4.04")), (26, 3, 1));
    let text = printed(&["print", "--table", "resources", "captures/lab-session.pcap"]);
    assert!(text.starts_with("resource"), "{text}");
    let alarm = text.lines().nth(1).unwrap();
    assert!(alarm.starts_with("/alarm"), "{text}");
    let output =
        coapscope(&["print", "--table", "observations", "-c", "1", "captures/lab-session.pcap"]).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 2);
}
