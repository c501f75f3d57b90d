//! The keys: one table, from which the keyboard, the hints in the last line and the help page follow.

use super::action::{Action, FlowAction, Jump, Motion, Sort, View};
use super::places::{Group, Places};

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// Keys by name, as [`name`](super::pending::name) spells them; two characters are typed one after the other, and where the action has a
    /// letter the second may be any.
    pub keys: &'static [&'static str],
    /// What they do.
    pub action: Action,
    /// Where they do it.
    pub places: Places,
    /// Heading on the help page.
    pub group: Group,
    /// Hint in the last line: its rank (the smallest first), key and word.
    pub hint: Option<(u8, &'static str, &'static str)>,
    /// Sentence on the help page; empty where another row says it.
    pub help: &'static str,
}

const fn row(
    keys: &'static [&'static str],
    action: Action,
    places: Places,
    group: Group,
    help: &'static str,
) -> Binding {
    Binding { keys, action, places, group, hint: None, help }
}

const fn hinted(row: Binding, rank: u8, key: &'static str, word: &'static str) -> Binding {
    Binding { hint: Some((rank, key, word)), ..row }
}

use Action as A;
use FlowAction as F;
use Group as Gr;
use Jump as J;
use Motion as M;
use Places as P;
use Sort as S;
use View as V;

/// All keys. The first row that fits key and place counts.
pub const KEYS: &[Binding] = &[
    hinted(row(&["j", "Down"], A::Move(M::Down), P::SCROLL, Gr::Move, "down"), 1, "j/k", "move"),
    row(&["k", "Up"], A::Move(M::Up), P::SCROLL, Gr::Move, "up"),
    row(&["PgDn"], A::Move(M::PageDown), P::SCROLL, Gr::Move, "a page down"),
    row(&["PgUp", "C-b"], A::Move(M::PageUp), P::SCROLL, Gr::Move, "a page up"),
    row(&["C-d"], A::Move(M::HalfDown), P::SCROLL, Gr::Move, "half a page down"),
    row(&["C-u"], A::Move(M::HalfUp), P::SCROLL, Gr::Move, "half a page up"),
    row(&["g", "Home"], A::Move(M::First), P::SCROLL, Gr::Move, "to the first"),
    row(&["G", "End"], A::Move(M::Last), P::SCROLL, Gr::Move, "to the last, and follow the newest"),
    row(
        &["0", "6", "7", "8", "9"],
        A::Count,
        P::SCROLL,
        Gr::Move,
        "begin a count, which is shown: 05j goes 5 down, 03] 3 problems on, 020G to message 20; 1 to 5 alone are views",
    ),
    row(
        &["h", "Left"],
        A::Move(M::Left),
        P(2 | 4),
        Gr::Move,
        "fold, or to the field above; in the bytes one to the left",
    ),
    row(
        &["l", "Right"],
        A::Move(M::Right),
        P(2 | 4),
        Gr::Move,
        "unfold, or into the field; in the bytes one to the right",
    ),
    hinted(
        row(
            &["Enter"],
            A::In,
            P::PANES,
            Gr::Move,
            "in: the tree, the field, its bytes; on a related message, go there",
        ),
        2,
        "Enter",
        "open",
    ),
    row(&["Esc"], A::Out, P::SCROLL, Gr::Move, "out one level; in the list, take the filter away"),
    hinted(row(&["Tab"], A::NextPane, P::PANES, Gr::Move, "the next pane"), 3, "Tab", "pane"),
    row(&["S-Tab"], A::PreviousPane, P::PANES, Gr::Move, "the pane before"),
    hinted(
        row(&["J"], A::Jump(J::Next), P::PANES, Gr::Messages, "the next message, from any pane"),
        9,
        "J/K",
        "message",
    ),
    row(&["K"], A::Jump(J::Previous), P::PANES, Gr::Messages, "the message before, from any pane"),
    hinted(
        row(
            &["]"],
            A::Jump(J::NextProblem),
            P::PANES,
            Gr::Messages,
            "the next problem: a warning, an error, a retransmission",
        ),
        4,
        "]",
        "problem",
    ),
    row(&["["], A::Jump(J::PreviousProblem), P::PANES, Gr::Messages, "the problem before"),
    hinted(
        row(&["}"], A::Jump(J::NextInExchange), P::PANES, Gr::Messages, "the next message of the same exchange"),
        5,
        "}",
        "exchange",
    ),
    row(&["{"], A::Jump(J::PreviousInExchange), P::PANES, Gr::Messages, "the message before in the same exchange"),
    hinted(
        row(&["("], A::Jump(J::Cause), P::PANES, Gr::Messages, "the message that this one answers or repeats"),
        6,
        "( )",
        "related",
    ),
    row(&[")"], A::Jump(J::Answer), P::PANES, Gr::Messages, "the message that answers this one"),
    row(&["Backspace", "C-o"], A::Jump(J::Back), P::PANES, Gr::Messages, "back to where the last jump began"),
    hinted(row(&["C-f"], A::Find, P::PANES, Gr::Messages, "find a text in what the messages show"), 7, "C-f", "find"),
    hinted(
        row(&["/"], A::Filter, P::PANES, Gr::Messages, "show only some: a filter in Wireshark's language"),
        3,
        "/",
        "filter",
    ),
    row(
        &["="],
        A::FilterTo,
        P(1 | 2 | 4 | 256 | 512 | 1024 | 4096),
        Gr::Messages,
        "only this exchange; in the tree only this value of the field",
    ),
    row(&["!"], A::FilterOut, P::PANES, Gr::Messages, "all but this exchange; in the tree all but this value"),
    row(&["n"], A::FindNext, P::PANES, Gr::Messages, "find on"),
    row(&["N"], A::FindPrevious, P::PANES, Gr::Messages, "find backwards"),
    row(&["D"], A::DecodeOffered, P::PANES, Gr::Messages, "decode the other port that looks like CoAP, too"),
    row(&["zR"], A::UnfoldAll, P(1 | 2 | 4), Gr::Look, "unfold everything"),
    row(&["zM"], A::FoldAll, P(1 | 2 | 4), Gr::Look, "fold everything"),
    hinted(
        row(
            &["f"],
            A::ToFlow,
            P(1 | 2 | 4 | 256 | 512 | 1024 | 4096),
            Gr::Views,
            "to the flow, on the selected message, and back",
        ),
        3,
        "f",
        "flow",
    ),
    hinted(row(&["f"], A::ToFlow, P::FLOW, Gr::Views, ""), 3, "f", "back"),
    hinted(row(&["1"], A::Show(V::Messages), P::PANES, Gr::Views, "the messages"), 2, "1-5", "views"),
    row(&["2"], A::Show(V::Flow), P::PANES, Gr::Views, "the flow: who said what to whom, one row a message"),
    row(
        &["3"],
        A::Show(V::Exchanges),
        P::PANES,
        Gr::Views,
        "the exchanges: state, copies, time, and why it took so long",
    ),
    row(
        &["4"],
        A::Show(V::Observations),
        P::PANES,
        Gr::Views,
        "the observations: freshness, gaps, what was stale, and why",
    ),
    row(
        &["5"],
        A::Show(V::Findings),
        P::PANES,
        Gr::Views,
        "the findings, the worst first, and the verdict on who sent them",
    ),
    hinted(row(&["o"], A::Sort(S::Next), P::TABLES, Gr::Views, "sort a table by its next column"), 4, "o", "sort"),
    row(&["O"], A::Sort(S::Reverse), P::SORTED, Gr::Views, "the other way round"),
    row(&["o"], A::Sort(S::Next), P(1024 | 4096), Gr::Views, ""),
    row(&["b"], A::Sort(S::Group), P(1024 | 4096), Gr::Views, ""),
    hinted(
        row(&["b"], A::Sort(S::Group), P::TABLES, Gr::Views, "group a table by its next column, or not"),
        5,
        "b",
        "group",
    ),
    row(&[":"], A::GoTo, P::PANES, Gr::Messages, "go to a frame by its number"),
    hinted(
        row(&["ma"], A::Mark('a'), P::PANES, Gr::Messages, "mark this message: m and any letter; again takes it away"),
        11,
        "m '",
        "marks",
    ),
    hinted(
        row(
            &["Space"],
            A::Pick,
            P(1 | 2 | 4 | 64),
            Gr::Messages,
            "compare: Space on one message, Space on another; Space or Esc leaves",
        ),
        7,
        "Space",
        "compare",
    ),
    hinted(row(&["Space"], A::Out, P::COMPARED, Gr::Messages, ""), 2, "Space", "back"),
    row(&["'a"], A::ToMark('a'), P::PANES, Gr::Messages, "to the message with a mark: ' and its letter"),
    row(
        &["''"],
        A::Jump(J::Before),
        P::PANES,
        Gr::Messages,
        "to where the last jump began (also g and G), and to and fro",
    ),
    hinted(row(&["Enter"], A::Accept, P::GO_TO, Gr::Asked, "go there"), 1, "Enter", "go"),
    hinted(row(&["Esc"], A::Cancel, P::GO_TO, Gr::Asked, ""), 2, "Esc", "drop"),
    hinted(
        row(&["="], A::Flow(F::Scope), P::FLOW, Gr::Flow, "only the exchange of this message, or all messages again"),
        4,
        "=",
        "this exchange",
    ),
    hinted(row(&["h", "Left"], A::Move(M::Left), P::FLOW, Gr::Flow, "lanes farther to the left"), 8, "h/l", "lanes"),
    row(&["l", "Right"], A::Move(M::Right), P::FLOW, Gr::Flow, "lanes farther to the right"),
    hinted(row(&["P"], A::Flow(F::Ports), P::FLOW, Gr::Flow, "one lane a host, or one an endpoint"), 6, "P", "ports"),
    row(&["H"], A::Flow(F::Hide), P::FLOW, Gr::Flow, "hide the lane that this message comes from"),
    row(&["A"], A::Flow(F::ShowLanes), P::FLOW, Gr::Flow, "show all lanes again"),
    hinted(
        row(&["zi"], A::Flow(F::Idle), P::FLOW, Gr::Flow, "pauses to scale, or long ones as one row"),
        7,
        "zi",
        "pauses",
    ),
    row(
        &["zb"],
        A::Flow(F::Blocks),
        P::FLOW,
        Gr::Flow,
        "block transfers as one row, or block by block; Enter opens one",
    ),
    row(&["zR"], A::Flow(F::Fold(false)), P::FLOW, Gr::Flow, "unfold everything"),
    row(&["zM"], A::Flow(F::Fold(true)), P::FLOW, Gr::Flow, "fold everything"),
    hinted(
        row(&["x"], A::WholeFrame, P::PANES, Gr::Look, "bytes of the CoAP message, or of the whole frame"),
        8,
        "x",
        "frame",
    ),
    row(&["y"], A::Copy, P::PANES, Gr::Look, "copy: the message in hex, the field as text, its bytes in hex"),
    row(&["\\"], A::Zoom, P::PANES, Gr::Look, "this pane alone, or all again"),
    row(&["+"], A::Grow, P::PANES, Gr::Look, "a larger message list"),
    row(&["-"], A::Shrink, P::PANES, Gr::Look, "a smaller message list"),
    hinted(
        row(&["t"], A::CycleTime, P::PANES, Gr::Time, "next time format: relative, delta, clock, date, UTC, epoch"),
        10,
        "t",
        "time",
    ),
    row(&["d"], A::Delta, P::PANES, Gr::Time, "time since the message before, or back; not in tables"),
    row(&["r"], A::Reference, P::PANES, Gr::Time, "count time from this message, or from the first again"),
    row(&["F"], A::Follow, P::PANES, Gr::Time, "follow the newest message, or stay"),
    row(&["p"], A::Freeze, P::PANES, Gr::Time, "freeze what is shown; the capture goes on"),
    hinted(
        row(&["Enter"], A::Accept, P::FILTER, Gr::Asked, "filter by what was typed; nothing typed shows all"),
        1,
        "Enter",
        "apply",
    ),
    hinted(row(&["Tab"], A::Complete, P::FILTER, Gr::Asked, "put in what is proposed"), 3, "Tab", "complete"),
    hinted(row(&["Up"], A::Older, P::FILTER, Gr::Asked, "an older filter"), 4, "Up", "older"),
    row(&["Down"], A::Newer, P::FILTER, Gr::Asked, "a newer filter"),
    hinted(row(&["Esc"], A::Cancel, P::FILTER, Gr::Asked, ""), 2, "Esc", "drop"),
    hinted(row(&["Enter"], A::Accept, P::PROMPT, Gr::Asked, "find what was typed"), 1, "Enter", "find"),
    hinted(row(&["Up"], A::Recall, P::PROMPT, Gr::Asked, "change what was typed before"), 3, "Up", "change the last"),
    hinted(row(&["Esc"], A::Cancel, P::PROMPT, Gr::Asked, "drop what was typed"), 2, "Esc", "drop"),
    hinted(
        row(&["q", "y", "Enter"], A::Quit, P::CONFIRM, Gr::Asked, "end, although the capture is not saved"),
        1,
        "q",
        "end",
    ),
    hinted(row(&["Esc", "n"], A::Cancel, P::CONFIRM, Gr::Asked, "go on"), 2, "Esc", "go on"),
    hinted(
        row(&["q"], A::Leave, P::LIST, Gr::Program, "end; in the other panes and here, out one level"),
        4,
        "q",
        "quit",
    ),
    hinted(row(&["q"], A::Leave, P(2 | 4 | 8 | 64 | 256 | 512 | 1024 | 4096 | 32768), Gr::Program, ""), 4, "q", "out"),
    row(&["C-c"], A::Quit, P::ALL, Gr::Program, "end at once"),
    hinted(
        row(
            &["s"],
            A::Save,
            P::PANES,
            Gr::Program,
            "save what is shown: as .pcapng the frames, as .txt what stands there: lines, table, flow, or from the tree this message",
        ),
        9,
        "s",
        "save",
    ),
    hinted(
        row(&["Enter"], A::Accept, P::SAVE, Gr::Asked, "save in this file; one that is there is asked about"),
        1,
        "Enter",
        "save",
    ),
    hinted(row(&["Esc"], A::Cancel, P::SAVE, Gr::Asked, ""), 2, "Esc", "drop"),
    hinted(row(&["y"], A::Accept, P::REPLACE, Gr::Asked, "replace the file"), 1, "y", "replace"),
    hinted(row(&["Esc", "n"], A::Cancel, P::REPLACE, Gr::Asked, ""), 2, "Esc", "another name"),
    row(&["C-z"], A::Suspend, P::ALL, Gr::Program, "stop until the shell's fg"),
    row(&["C-l"], A::Redraw, P::ALL, Gr::Program, "draw the screen again"),
    hinted(row(&["?", "F1"], A::Help, P::SCROLL, Gr::Program, "this page, or back"), 0, "?", "help"),
];

/// The hints for a place, the most wanted first; the way to help leads.
pub fn hints(place: Places) -> Vec<(&'static str, &'static str)> {
    let mut hints: Vec<_> = KEYS.iter().filter(|row| row.places.meet(place)).filter_map(|row| row.hint).collect();
    hints.sort_by_key(|(rank, ..)| *rank);
    hints.into_iter().map(|(_, key, word)| (key, word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_key_is_bound_twice_in_one_place() {
        let all = [
            Places::LIST,
            Places::TREE,
            Places::BYTES,
            Places::HELP,
            Places::PROMPT,
            Places::CONFIRM,
            Places::FILTER,
            Places::FLOW,
            Places::EXCHANGES,
            Places::OBSERVATIONS,
            Places::FINDINGS,
            Places::FACTS,
            Places::COMPARED,
        ];
        for place in all {
            let mut seen = HashSet::new();
            for name in KEYS.iter().filter(|row| row.places.meet(place)).flat_map(|row| row.keys) {
                assert!(seen.insert(name), "{name} is bound twice in {place:?}");
            }
        }
    }

    #[test]
    fn every_row_is_helpful() {
        for row in KEYS {
            assert!(!row.keys.is_empty(), "{row:?}");
            let said = KEYS.iter().any(|other| other.action == row.action && !other.help.is_empty());
            assert!(said, "the help page does not tell of {row:?}");
            assert!(super::super::places::GROUPS.iter().any(|(group, _)| *group == row.group));
        }
        assert_eq!(hints(Places::LIST).first(), Some(&("?", "help")));
    }
}
