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
    /// Where the last jump started.
    Back,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
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
