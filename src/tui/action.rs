//! What a key can ask for.

/// A movement of the cursor in whichever pane has the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Motion {
    /// Rows down.
    Down,
    /// Rows up.
    Up,
    /// Pages down.
    PageDown,
    /// Pages up.
    PageUp,
    /// Half pages down.
    HalfDown,
    /// Half pages up.
    HalfUp,
    /// To the first row, or with a count to the message of that number.
    First,
    /// To the last row, or with a count to the message of that number.
    Last,
    /// Fold, or a byte to the left.
    Left,
    /// Unfold, or a byte to the right.
    Right,
}

impl Motion {
    /// Where it leads from row `from` of `count`, gone so many times, by pages of `page` rows (2 at least); behind the last where it goes too
    /// far. `None` for one to a side.
    pub fn row(self, from: usize, times: usize, page: usize, count: usize) -> Option<usize> {
        let down = |rows: usize| from.saturating_add(rows.saturating_mul(times));
        let up = |rows: usize| from.saturating_sub(rows.saturating_mul(times));
        Some(match self {
            Self::Down => down(1),
            Self::Up => up(1),
            Self::PageDown => down(page - 1),
            Self::PageUp => up(page - 1),
            Self::HalfDown => down(page / 2),
            Self::HalfUp => up(page / 2),
            Self::First => 0,
            Self::Last => count.saturating_sub(1),
            Self::Left | Self::Right => return None,
        })
    }
}

/// A related message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Jump {
    /// The next message, from any pane.
    Next,
    /// The message before.
    Previous,
    /// The next message of the same exchange.
    NextInExchange,
    /// The message before in the same exchange.
    PreviousInExchange,
    /// The next message with a problem.
    NextProblem,
    /// The message with a problem before.
    PreviousProblem,
    /// The message that this one answers or repeats.
    Cause,
    /// The message that answers this one.
    Answer,
    /// Where the last jump started that was not gone back.
    Back,
    /// Where the last jump started, and from there to where it led.
    Before,
}

/// What stands in the upper pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum View {
    /// The message list.
    #[default]
    Messages,
    /// The ladder.
    Flow,
    /// The table of exchanges.
    Exchanges,
    /// The table of observations.
    Observations,
    /// The table of findings.
    Findings,
}

impl View {
    /// A table with facts below it.
    pub const fn is_table(self) -> bool {
        matches!(self, Self::Exchanges | Self::Observations | Self::Findings)
    }
}

/// How the rows of a table are to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sort {
    /// By the next column.
    Next,
    /// The other way round.
    Reverse,
    /// In groups by the next column, or in none.
    Group,
}

/// What a key of the ladder asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FlowAction {
    /// The ports of a host share a lane, or have their own.
    Ports,
    /// Hide the lane that the selected message comes from.
    Hide,
    /// Show all lanes again.
    ShowLanes,
    /// Pauses as one row, or to scale.
    Idle,
    /// Block transfers as one row, or block by block.
    Blocks,
    /// Fold everything, or unfold it.
    Fold(bool),
    /// Only the exchange of the selected message, or all messages again.
    Scope,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Begin a count, with the digit that was typed.
    Count,
    /// Move the cursor.
    Move(Motion),
    /// Select a related message.
    Jump(Jump),
    /// Go in one level: from the list to the tree, unfold, to the bytes.
    In,
    /// Go out one level.
    Out,
    /// Go out one level; at the top, end.
    Leave,
    /// End at once.
    Quit,
    /// Focus the next pane.
    NextPane,
    /// Focus the pane before.
    PreviousPane,
    /// Follow the newest message, or stop following.
    Follow,
    /// Freeze what is shown, or thaw it.
    Freeze,
    /// The next time format.
    CycleTime,
    /// Times as deltas, or back.
    Delta,
    /// Times relative to the selected message, or back.
    Reference,
    /// Ask for a text to find.
    Find,
    /// Ask for a filter.
    Filter,
    /// Only what is like the selection.
    FilterTo,
    /// All but what is like the selection.
    FilterOut,
    /// An older filter.
    Older,
    /// A newer filter.
    Newer,
    /// What is proposed.
    Complete,
    /// Find on.
    FindNext,
    /// Find backwards.
    FindPrevious,
    /// Decode what looks like CoAP on another port.
    DecodeOffered,
    /// Unfold everything.
    UnfoldAll,
    /// Fold everything.
    FoldAll,
    /// The focused pane alone, or all again.
    Zoom,
    /// More rows for the list.
    Grow,
    /// Fewer rows for the list.
    Shrink,
    /// The bytes of the message, or of the whole frame.
    WholeFrame,
    /// Copy to the clipboard.
    Copy,
    /// Ask for a file to save in.
    Save,
    /// Show this view.
    Show(View),
    /// The ladder, or back to the view before.
    ToFlow,
    /// In a table.
    Sort(Sort),
    /// Ask for the number of a frame to go to.
    GoTo,
    /// Mark the selected message with this letter, or take the mark away.
    Mark(char),
    /// Pick the selected message to be compared, or compare it with the one that is.
    Pick,
    /// Go to the message with this mark.
    ToMark(char),
    /// In the ladder.
    Flow(FlowAction),
    /// Show or hide the help page.
    Help,
    /// Stop the program until the shell continues it.
    Suspend,
    /// Draw everything again.
    Redraw,
    /// Take what was typed.
    Accept,
    /// Type on from what was typed before.
    Recall,
    /// Drop what was typed.
    Cancel,
}

impl Action {
    /// It can be done so many times.
    pub const fn takes_count(self) -> bool {
        matches!(self, Self::Move(_) | Self::Jump(_))
    }

    /// The same with another letter; `None` where it has none.
    pub const fn with(self, letter: char) -> Option<Self> {
        match self {
            Self::Mark(_) => Some(Self::Mark(letter)),
            Self::ToMark(_) => Some(Self::ToMark(letter)),
            _ => None,
        }
    }
}
