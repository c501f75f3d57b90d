//! Where a key works, and under which heading the help page has it.

/// Where a key works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Places(pub(super) u16);

impl Places {
    /// The message list.
    pub const LIST: Self = Self(1);
    /// The tree.
    pub const TREE: Self = Self(2);
    /// The bytes.
    pub const BYTES: Self = Self(4);
    /// The help page.
    pub const HELP: Self = Self(8);
    /// A line to type in.
    pub const PROMPT: Self = Self(16);
    /// The question whether to end.
    pub const CONFIRM: Self = Self(32);
    /// The line in which a filter is typed.
    pub const FILTER: Self = Self(128);
    /// The line in which a frame number is typed.
    pub const GO_TO: Self = Self(2048);
    /// The ladder.
    pub const FLOW: Self = Self(64);
    /// The table of exchanges.
    pub const EXCHANGES: Self = Self(256);
    /// The table of observations.
    pub const OBSERVATIONS: Self = Self(512);
    /// The table of findings.
    pub const FINDINGS: Self = Self(4096);
    /// What is below one of these tables.
    pub const FACTS: Self = Self(1024);
    /// The line in which a file is named.
    pub const SAVE: Self = Self(8192);
    /// The question whether a file is to be replaced.
    pub const REPLACE: Self = Self(16384);
    /// Two messages that are compared.
    pub const COMPARED: Self = Self(32768);
    /// Both tables.
    pub const TABLES: Self = Self(256 | 512);
    /// Where a table is seen: all of them, and what is below them.
    pub const SORTED: Self = Self(256 | 512 | 1024 | 4096);
    /// The panes.
    pub const PANES: Self = Self(1 | 2 | 4 | 64 | 256 | 512 | 1024 | 4096);
    /// Everywhere that scrolls.
    pub const SCROLL: Self = Self(1 | 2 | 4 | 8 | 64 | 256 | 512 | 1024 | 4096 | 32768);
    /// Everywhere.
    pub const ALL: Self = Self(0xffff);

    /// Whether they have a place in common.
    pub const fn meet(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// Heading on the help page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    /// Moving about.
    Move,
    /// From message to message.
    Messages,
    /// Tree and bytes.
    Look,
    /// The views.
    Views,
    /// The ladder.
    Flow,
    /// Time and live captures.
    Time,
    /// The rest.
    Program,
    /// While something is asked.
    Asked,
}

/// Headings in the order of the help page.
pub const GROUPS: [(Group, &str); 8] = [
    (Group::Move, "Move"),
    (Group::Views, "Views"),
    (Group::Messages, "From message to message"),
    (Group::Look, "Tree and bytes"),
    (Group::Flow, "Flow: who said what to whom"),
    (Group::Time, "Time"),
    (Group::Program, "Program"),
    (Group::Asked, "While something is asked"),
];
