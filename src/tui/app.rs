//! The state of the screen, and what an action or an update does to it.

use crossterm::event::KeyEvent;
use tui_input::Input;
use tui_input::backend::crossterm::to_input_request;

use super::action::{Action, View};
use super::again::Awaited;
use super::compare::Compared;
use super::detail::Detail;
use super::event::Sender;
use super::filter_bar::FilterBar;
use super::find::Finder;
use super::findings::Findings;
use super::flow::Flow;
use super::job::{Kept, Saving};
use super::list::List;
use super::marks::Marks;
use super::opening::Opening;
use super::pending::{self, Pending, Pressed};
use super::places::Places;
use super::saving::Files;
use super::tables::Tables;
use super::take::Behind;
use super::theme::Theme;
use super::times::Times;
use crate::coap::Parameters;
use crate::pipeline::Fetcher;
use crate::render::Aliases;
use crate::render::time::TimeFormat;
use crate::store::{Chosen, Store};

/// What is said of a count that is nothing but its beginning.
const NO_COUNT: &str = "0 begins a count: 020G goes to message 20, 03] 3 problems on";
/// Characters of a copied text that are shown.
const QUOTED: usize = 40;

/// A pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Pane {
    /// The message list.
    #[default]
    List,
    /// The tree.
    Tree,
    /// The bytes.
    Bytes,
}

/// What lies over the panes.
#[derive(Debug, Default)]
pub enum Overlay {
    /// Nothing.
    #[default]
    None,
    /// The help page, from this row on.
    Help(usize),
    /// A line to type in.
    Prompt(Input),
    /// The same, for a filter.
    Filter(Input),
    /// The same, for the number of a frame.
    GoTo(Input),
    /// The same, for the name of a file.
    Save(Input),
    /// The question whether the file of this name is to be replaced.
    Replace(String),
    /// The question whether to end.
    Confirm,
}

impl Overlay {
    /// The line that is typed in.
    pub(super) fn input(&mut self) -> Option<&mut Input> {
        match self {
            Self::Prompt(input) | Self::Filter(input) | Self::GoTo(input) | Self::Save(input) => Some(input),
            Self::None | Self::Help(_) | Self::Replace(_) | Self::Confirm => None,
        }
    }

    /// Something is asked where the explanation would be.
    pub fn asks(&self) -> bool {
        !matches!(self, Self::None | Self::Help(_))
    }
}

/// What the loop is to do besides drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    None,
    /// End.
    Quit,
    /// Stop the process until it is continued.
    Suspend,
    /// Draw everything again.
    Redraw,
    /// Put this on the clipboard.
    Copy(String),
    /// Read the capture again, with this port.
    Decode(u16),
}

/// State of the screen.
pub struct App {
    /// All that was loaded.
    pub store: Store,
    /// What is looked at.
    pub opening: Opening,
    /// Colours and signs.
    pub theme: Theme,
    /// The message list.
    pub list: List,
    /// Tree and bytes.
    pub detail: Detail,
    /// The ladder.
    pub flow: Flow,
    /// What stands in the upper pane.
    pub view: View,
    /// The view that Esc goes back to.
    pub(super) before: Vec<View>,
    /// Findings.
    pub findings: Findings,
    /// Exchanges, observations, and what is below them.
    pub tables: Tables,
    /// The pane that keys go to.
    pub focus: Pane,
    /// Only the focused pane is shown.
    pub zoomed: bool,
    /// Rows that the user gave to the list, or took from it.
    pub shift: i16,
    /// Those of them that there is room for, and rows that the list could have fewer, and more.
    pub shared: (i16, (u16, u16)),
    /// What lies over the panes.
    pub overlay: Overlay,
    /// Half-typed keys.
    pub pending: Pending,
    /// Messages that the user marked.
    pub marks: Marks,
    /// The frame of the message that is to be compared with another.
    pub picked: Option<u32>,
    /// Two messages that are compared, shown in the place of the panes.
    pub compared: Option<Compared>,
    /// A line for the user until the next key.
    pub notice: Option<String>,
    /// Times.
    pub times: Times,
    /// Finding.
    pub finder: Finder,
    /// Which messages are shown.
    pub filter: FilterBar,
    /// Names of endpoints.
    pub aliases: Aliases,
    pub(super) fetcher: Fetcher,
    pub(super) make_fetcher: Box<dyn Fn() -> Fetcher>,
    pub(super) events: Sender,
    pub(super) wall: fn() -> i64,
    /// Rows that are no messages, but speak of some.
    pub(super) evidence: Chosen,
    /// What came since the view was frozen.
    pub(super) behind: Option<Behind>,
    /// What was selected before all was read again.
    pub(super) awaited: Awaited,
    /// A file is being written.
    pub(super) saving: Option<Saving>,
    /// Files in which all messages were saved, those up to some.
    pub(super) kept: Vec<Kept>,
    /// What is known of files.
    pub files: Files,
    /// Rows of the help page, known once it was drawn.
    pub help_page: (usize, usize),
    /// Exchanges without a response whose requests had asked for that, counted once the source has ended.
    pub spared: u64,
    /// Exchanges that are known to stay without a response, counted while more comes.
    pub unanswered: u64,
}

impl App {
    /// A screen before the first message.
    pub fn new(
        store: Store,
        opening: Opening,
        theme: Theme,
        times: TimeFormat,
        (parameters, wall): (Parameters, fn() -> i64),
        make_fetcher: Box<dyn Fn() -> Fetcher>,
        events: Sender,
    ) -> Self {
        Self {
            list: List::new(opening.is_followed()),
            notice: opening.notice(),
            store,
            opening,
            theme,
            detail: Detail::default(),
            flow: Flow::new(parameters),
            view: View::default(),
            before: Vec::new(),
            findings: Findings::default(),
            tables: Tables::new(parameters),
            focus: Pane::List,
            zoomed: false,
            shift: 0,
            shared: (0, (0, 0)),
            overlay: Overlay::None,
            pending: Pending::default(),
            marks: Marks::default(),
            picked: None,
            compared: None,
            times: Times::new(times),
            finder: Finder::default(),
            filter: FilterBar::default(),
            aliases: Aliases::default(),
            fetcher: make_fetcher(),
            make_fetcher,
            events,
            help_page: (0, 0),
            spared: 0,
            unanswered: 0,
            saving: None,
            kept: Vec::new(),
            files: Files::default(),
            wall,
            evidence: Chosen::default(),
            behind: None,
            awaited: Awaited::default(),
        }
    }

    /// New messages may still come.
    pub fn grows(&self) -> bool {
        self.opening.grows() && self.store.ended().is_none()
    }

    /// Read what the panes show: the visible rows of the list, the selected message. Their sizes are known by now.
    pub fn prepare(&mut self) {
        self.prepare_list();
        match self.view {
            View::Messages => {}
            View::Flow => self.prepare_flow(),
            View::Exchanges | View::Observations => self.prepare_tables(),
            View::Findings => self.prepare_findings(),
        }
        let tables = &mut self.tables;
        let cells = tables.rows.iter_mut().flat_map(|row| &mut row.cells);
        cells.chain(tables.facts.texts()).for_each(|text| self.theme.show(text));
        self.detail.show(self.list.selected, &mut self.fetcher, &self.store);
        self.detail.scroll();
        self.detail.scroll_bytes();
    }

    /// Tell the user something, until the next key.
    pub(super) fn say(&mut self, text: impl Into<String>) {
        self.notice = Some(text.into());
    }

    /// Tell something besides.
    pub(super) fn say_more(&mut self, text: &str) {
        let before = self.notice.take().map(|notice| format!("{notice}; ")).unwrap_or_default();
        self.say(before + text);
    }

    /// Where keys go.
    pub fn place(&self) -> Places {
        match (&self.overlay, self.focus) {
            (Overlay::Help(_), _) => Places::HELP,
            (Overlay::Prompt(_), _) => Places::PROMPT,
            (Overlay::GoTo(_), _) => Places::GO_TO,
            (Overlay::Filter(_), _) => Places::FILTER,
            (Overlay::Save(_), _) => Places::SAVE,
            (Overlay::Replace(_), _) => Places::REPLACE,
            (Overlay::Confirm, _) => Places::CONFIRM,
            (Overlay::None, _) if self.compared.is_some() => Places::COMPARED,
            (Overlay::None, Pane::List) => match self.view {
                View::Messages => Places::LIST,
                View::Flow => Places::FLOW,
                View::Exchanges => Places::EXCHANGES,
                View::Observations => Places::OBSERVATIONS,
                View::Findings => Places::FINDINGS,
            },
            (Overlay::None, Pane::Tree) if self.view.is_table() => Places::FACTS,
            (Overlay::None, Pane::Tree) => Places::TREE,
            (Overlay::None, Pane::Bytes) => Places::BYTES,
        }
    }

    /// A key was pressed.
    pub fn press(&mut self, key: &KeyEvent) -> Effect {
        let begun = self.pending.text();
        match self.pending.press(key, self.place()) {
            Pressed::Act(action, count) => {
                self.notice = None;
                self.awaited = Awaited::default();
                if count == Some(0) && action.takes_count() {
                    self.say(NO_COUNT);
                    return Effect::None;
                }
                self.act(action, count)
            }
            Pressed::More | Pressed::Dropped => Effect::None,
            Pressed::Nothing => {
                if let Some(input) = self.overlay.input()
                    && let Some(request) = to_input_request(&crossterm::event::Event::Key(*key))
                {
                    input.handle(request);
                } else if let (Some(name), Overlay::None | Overlay::Help(_)) = (pending::name(key), &self.overlay) {
                    let keys = if matches!(self.overlay, Overlay::None) { "? shows the keys" } else { "? closes" };
                    self.say(format!("{begun}{name} does nothing here; {keys}"));
                }
                Effect::None
            }
        }
    }

    /// Do what was asked, so many times where it can be done more than once.
    fn act(&mut self, action: Action, count: Option<usize>) -> Effect {
        match action {
            Action::Count => {}
            Action::Move(motion) => self.motion(motion, count),
            Action::Jump(jump) => self.jump(jump, count.unwrap_or(1)),
            Action::In => self.go_in(),
            Action::Out => self.go_out(),
            Action::Leave => return self.leave(),
            Action::Quit => return Effect::Quit,
            Action::NextPane => self.turn(1),
            Action::PreviousPane => self.turn(2),
            Action::Follow => self.toggle_follow(),
            Action::Freeze => self.toggle_freeze(),
            Action::CycleTime => self.cycle_time(),
            Action::Delta => self.toggle_delta(),
            Action::Reference => self.toggle_reference(),
            Action::Find => self.overlay = Overlay::Prompt(Input::default()),
            Action::Recall => self.overlay = Overlay::Prompt(Input::new(self.finder.text.clone())),
            Action::Filter => self.open_filter(),
            Action::FilterTo => self.filter_by_selection(false),
            Action::FilterOut => self.filter_by_selection(true),
            Action::Older => self.recall_filter(true),
            Action::Newer => self.recall_filter(false),
            Action::Complete => self.complete_filter(),
            Action::FindNext => self.find(false),
            Action::FindPrevious => self.find(true),
            Action::UnfoldAll => self.fold_all(true),
            Action::FoldAll => self.fold_all(false),
            Action::Zoom => self.zoom(),
            Action::Grow => self.share(1),
            Action::Shrink => self.share(-1),
            Action::WholeFrame => self.toggle_frame(),
            Action::Copy => return self.copied(),
            Action::Save => self.ask_where(),
            Action::Show(view) => self.ask_for(view),
            Action::ToFlow => self.toggle_flow(),
            Action::Sort(sort) => self.sort(sort),
            Action::GoTo => self.overlay = Overlay::GoTo(Input::default()),
            Action::Mark(letter) => self.mark(letter),
            Action::ToMark(letter) => self.go_to_mark(letter),
            Action::Pick => self.pick(),
            Action::Flow(action) => self.act_in_flow(action),
            Action::Help => {
                self.overlay = if matches!(self.overlay, Overlay::Help(_)) { Overlay::None } else { Overlay::Help(0) }
            }
            Action::DecodeOffered => return self.decode_offered(),
            Action::Suspend => return Effect::Suspend,
            Action::Redraw => return Effect::Redraw,
            Action::Accept => self.accept(),
            Action::Cancel => self.overlay = self.asked_before(),
        }
        Effect::None
    }

    /// The bytes of the message or of the whole frame, where bytes are to be seen.
    fn toggle_frame(&mut self) {
        if self.view.is_table() {
            return self.say("no bytes stand here; Enter leads to those of the message");
        }
        let before = self.detail.shows_frame();
        self.detail.toggle_whole();
        let now = self.detail.shows_frame();
        if before == now {
            self.say("a field below CoAP is selected: its bytes are those of the frame");
        } else if self.detail.byte_page.0 == 0 {
            let message = format!("{} message", self.detail.message_word());
            let which = if now { "whole frame" } else { &message };
            self.say(format!("bytes are those of the {which}; Tab leads to them"));
        }
    }

    fn accept(&mut self) {
        match self.overlay {
            Overlay::Filter(_) => return self.accept_filter(),
            Overlay::Save(_) => return self.accept_file(),
            Overlay::Replace(_) => return self.replace_file(),
            _ => {}
        }
        if let Overlay::GoTo(input) = &self.overlay {
            // What is no number stays, with what is wrong below it.
            if let Ok(frame) = frame_number(input.value()) {
                self.overlay = Overlay::None;
                self.go_to_frame(frame);
            }
            return;
        }
        if let Overlay::Prompt(input) = std::mem::take(&mut self.overlay) {
            // Nothing typed: what was looked for before.
            if !input.value().is_empty() {
                self.finder.text = input.value().to_owned();
            }
            self.find(false);
        }
    }

    fn copied(&mut self) -> Effect {
        let (what, text) = match (self.focus, self.detail.item()) {
            (Pane::List, _) => ("the message in hex, for `coapscope explain`", hex(self.detail.message())),
            (Pane::Tree, _) if self.view.is_table() => ("the line", self.tables.facts.line().unwrap_or_default()),
            (Pane::Tree, Some(item)) => ("the field as text", item.text.clone()),
            (Pane::Bytes, Some(_)) => ("the field's bytes in hex", hex(self.detail.marked_bytes())),
            (_, None) => return Effect::None,
        };
        if text.is_empty() {
            self.say("nothing to copy here");
            return Effect::None;
        }
        let mut shown: String = text.chars().take(QUOTED).collect();
        if shown.len() < text.len() {
            shown.push_str(&format!("{} ({} characters)", self.theme.signs().more, text.chars().count()));
        }
        self.say(format!("copied {what}: {shown}"));
        Effect::Copy(text)
    }

    /// There is no message to show.
    pub fn is_empty(&self) -> bool {
        self.shown().is_empty()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The number of a frame as it is typed, or what is wrong with it.
pub(super) fn frame_number(text: &str) -> Result<u64, &'static str> {
    let digits = text.trim();
    let digits = digits.strip_prefix('#').unwrap_or(digits);
    match digits.parse() {
        Ok(number) => Ok(number),
        Err(_) if digits.is_empty() => Err("the number of a frame is missing"),
        Err(_) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Err("no capture has so many frames"),
        Err(_) => Err("that is no frame number"),
    }
}
