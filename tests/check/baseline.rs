//! Baselines as people keep them: edited by hand, outlived by what they knew, and read from other captures than they were written from.

use serde_json::Value;

use super::Known;

/// The baseline of `three.pcap`, line by line.
fn written(known: &Known) -> String {
    known.check("check @three.pcap --fail-on note --write-baseline @known.json", 0);
    std::fs::read_to_string(known.path("known.json")).unwrap()
}

#[test]
fn whatever_an_editor_does_to_a_baseline_it_is_read() {
    let known = Known::new();
    let text = written(&known);
    let check = |name: &str, edited: String| {
        std::fs::write(known.path("edited.json"), edited).unwrap();
        let said = known.check("check @three.pcap --fail-on note --baseline @edited.json", 0);
        assert!(
            said.contains("known from the baseline, and not counted: 1 error, 1 warning, 1 note"),
            "{name}: {said}"
        );
    };
    check("as it is", text.clone());
    check("line ends of Windows, blank lines", text.replace('\n', "\r\n\r\n"));
    check("a byte order mark", format!("\u{feff}{text}"));
    check("comments", text.replace("    {\"id\"", "    // known since May\n\n  //\n    {\"id\""));
    check("all in one line", text.replace('\n', " "));
}

#[test]
fn a_wrong_line_is_named() {
    let known = Known::new();
    let text = written(&known);
    let line = 1 + text.lines().position(|line| line.contains("cf.missing")).unwrap();
    for (from, to, expected) in [
        (
            "cf.missing",
            "cf.missin",
            format!(
                "line {line} cannot be understood: cf.missin: no finding has this identifier; did you mean cf.missing?"
            ),
        ),
        ("\"id\":\"cf.", "\"idd\":\"cf.", format!("line {line} cannot be understood: \"idd\" is no key of it")),
        ("\"/led\"", "5", format!("line {line} cannot be understood: \"resource\" is no text")),
        (
            "{\"id\":\"cf.missing\",\"endpoint\":\"10.0.0.9\",\"resource\":\"/led\"}",
            "\"cf.missing\"",
            format!("line {line} cannot be understood: it is no object"),
        ),
        ("\"/led\"}", "\"/led\"},", format!("the baseline is no JSON: trailing comma at line {}", line + 1)),
        ("\"findings\"", "\"finding\"", "\"finding\" is no key of it".into()),
    ] {
        let edited = text.replacen(from, to, 1);
        assert_ne!(edited, text, "{from}");
        std::fs::write(known.path("edited.json"), &edited).unwrap();
        // The same lines whatever ends them, and with comments above.
        for edited in [edited.clone(), edited.replace('\n', "\r\n")] {
            std::fs::write(known.path("edited.json"), &edited).unwrap();
            let error = known.check("check @three.pcap --baseline @edited.json", 2);
            assert!(error.contains(&expected), "{error} is not {expected}");
        }
    }
    let commented = format!("// one\n// two\n{}", text.replace("cf.missing", "cf.missin"));
    std::fs::write(known.path("edited.json"), commented).unwrap();
    let error = known.check("check @three.pcap --baseline @edited.json", 2);
    assert!(error.contains(&format!("line {} cannot", line + 2)), "{error}");
}

#[test]
fn what_is_gone_is_told_and_nothing_else() {
    let known = Known::new();
    let text = written(&known);
    let more = "    {\"id\":\"mid.reuse\",\"endpoint\":\"10.0.0.1:5683\"},\n    {\"id\":\"empty.ping\"},\n    {\"id\":\"cf.missing\",\"resource\":\"/gone\"},\n";
    std::fs::write(known.path("more.json"), text.replacen("    {\"id\"", &format!("{more}    {{\"id\""), 1)).unwrap();
    let gone = "in the baseline, and not met again: 2 kinds\n  mid.reuse, 10.0.0.1:5683\n  cf.missing, /gone\n";
    // Whatever is shown and fails: what is not shown is known all the same.
    for options in ["--fail-on note", "--fail-on error --show error", "--fail-on warn --show warn", "--show note"] {
        let said = known.check(&format!("check @three.pcap --baseline @more.json {options}"), 0);
        assert!(said.contains(gone), "{options}: {said}");
    }
    // Nobody looked for what is ignored, nor in all messages where some were chosen; remarks are looked for where they are shown.
    let said = known.check("check @three.pcap --baseline @more.json --ignore mid.reuse", 0);
    assert!(said.contains("not met again: 1 kind\n  cf.missing, /gone\n"), "{said}");
    for options in ["--endpoint 10.0.0.9", "-Y frame.number>0"] {
        let said = known.check(&format!("check @three.pcap --baseline @more.json {options}"), 0);
        assert!(!said.contains("not met again"), "{said}");
    }
    let said = known.check("check @three.pcap --baseline @more.json --show chat", 0);
    assert!(
        said.contains("not met again: 3 kinds\n  mid.reuse, 10.0.0.1:5683\n  empty.ping\n  cf.missing, /gone\n"),
        "{said}"
    );
    let all: String = (0..15).map(|at| format!("    {{\"id\":\"mid.reuse\",\"resource\":\"/{at}\"}},\n")).collect();
    std::fs::write(known.path("many.json"), text.replacen("    {\"id\"", &format!("{all}    {{\"id\""), 1)).unwrap();
    let said = known.check("check @three.pcap --baseline @many.json", 0);
    assert!(said.contains("not met again: 15 kinds") && said.contains("  mid.reuse, /9\n  and 5 more\n"), "{said}");
}

#[test]
fn a_baseline_holds_for_any_name_of_the_capture_and_any_way_to_read_it() {
    let known = Known::new();
    written(&known);
    let odd = "\u{fc} dir #1%.pcap";
    std::fs::copy(known.path("three.pcap"), known.path("renamed.pcap")).unwrap();
    std::fs::copy(known.path("three.pcap"), known.path(odd)).unwrap();
    known.check("check @renamed.pcap --fail-on note --baseline @known.json", 0);
    let output = super::command("check --fail-on note --baseline")
        .args([known.path("known.json"), known.path(odd)])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    // As one of two pieces.
    known.check("check -r @renamed.pcap -r @clean.pcap --fail-on note --baseline @known.json", 0);
    for input in [std::fs::File::open(known.path("three.pcap")).unwrap(), known.packed()] {
        let output = super::command("check -T json --fail-on note --baseline")
            .arg(known.path("known.json"))
            .arg("-")
            .stdin(input)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let value: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((&value["frames"], &value["known"]["error"]), (&5.into(), &1.into()));
    }
    known.check("check @packed.pcap.gz --fail-on note --baseline @known.json", 0);
}
