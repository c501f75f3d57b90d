//! What is odd about one message: every rule that its bytes alone can tell.

mod block;
mod ecosystem;
mod header;
mod options;
mod oscore;
mod payload;
mod response;
mod signaling;
mod usual;

use usual::Glance;
pub use usual::UsualMessage;

use super::finding::{Finding, Severity};
use super::message::Stop;
use super::{Code, Direction, Header, Message, OptionNumber, Rule, Span, draft};

/// One message under examination.
struct Check<'c, 'a> {
    message: &'c Message<'a>,
    header: Header,
    kind: Kind,
    visit: &'c mut dyn FnMut(Finding),
    /// Something was found that a message of an old draft would cause.
    implausible: bool,
    /// Something was found that is worth a warning.
    unsound: bool,
}

/// What a message is, as far as options care.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// GET or FETCH.
    Read,
    /// Another registered method.
    Write,
    /// A method that is not registered.
    UnknownMethod,
    /// A response.
    Response,
    /// Empty, or of a reserved class.
    Neither,
}

impl Kind {
    const fn of(code: Code) -> Self {
        match code {
            Code::GET | Code::FETCH => Self::Read,
            Code::POST | Code::PUT | Code::DELETE | Code::PATCH | Code::IPATCH => Self::Write,
            _ if code.is_request() => Self::UnknownMethod,
            _ if code.is_response() => Self::Response,
            _ => Self::Neither,
        }
    }

    const fn is_request(self) -> bool {
        matches!(self, Self::Read | Self::Write | Self::UnknownMethod)
    }
}

impl Check<'_, '_> {
    /// Reports a finding with the severity of its rule.
    #[cold]
    fn raise(&mut self, rule: Rule, span: Span, first: impl Into<i64>, second: impl Into<i64>) {
        self.implausible |= draft::is_hint(rule);
        self.unsound |= rule.severity() >= Severity::Warn;
        (self.visit)(Finding::new(rule, span).with(first, second));
    }

    /// Reports a finding about the code.
    #[cold]
    fn raise_code(&mut self, rule: Rule) {
        self.raise(rule, Span::of_bytes(1, 1), self.header.code.0, 0);
    }

    /// Reports a finding that is less grave here.
    #[cold]
    fn raise_at(&mut self, severity: Severity, rule: Rule, span: Span, first: impl Into<i64>) {
        (self.visit)(Finding::new(rule, span).with(first, 0).at(severity));
    }

    /// Where the first option of that kind is; where the code is if there is none.
    fn option_span(&self, number: OptionNumber) -> Span {
        self.message.option(number).map_or(Span::of_bytes(1, 1), |option| option.span())
    }

    fn has(&self, number: OptionNumber) -> bool {
        self.message.has(number)
    }

    /// Whether all options were read, and the end was reached, so that what was not seen is not there. A payload marker with nothing
    /// behind it hides nothing.
    fn is_complete(&self) -> bool {
        !self.message.is_cut() && !self.message.lacks_options()
    }
}

impl Message<'_> {
    /// Whether an option that is defined for `direction` has a meaning in this message.
    pub(super) fn has_place_for(&self, direction: Direction) -> bool {
        self.header().is_none_or(|header| Kind::of(header.code).has_place_for(direction))
    }

    /// Calls `visit` with every finding that the bytes of the message alone can tell. No allocation. Of a message that the capture cut these
    /// are those that hold whatever is missing.
    pub fn visit_findings(&self, visit: &mut dyn FnMut(Finding)) {
        let mut has_usual_options = false;
        if !self.layout.mode.is_draft() && !self.is_cut() {
            // Nearly all messages are usual in nearly all respects.
            match Glance::at(self.bytes, |_, _, _| {}) {
                Some(Glance { is_usual: true, .. }) => return,
                Some(glance) => has_usual_options = glance.has_usual_options,
                None => {}
            }
        }
        self.examine(has_usual_options, visit);
    }

    /// Whether it is well-formed, and its bytes alone tell of no error.
    pub fn is_without_errors(&self) -> bool {
        let mut is_clean = !self.is_malformed();
        if is_clean {
            self.visit_findings(&mut |finding| is_clean &= finding.severity < Severity::Error);
        }
        is_clean
    }

    /// Looks for everything that is odd in a message that is not usual.
    #[inline(never)]
    fn examine(&self, has_usual_options: bool, visit: &mut dyn FnMut(Finding)) {
        if let Some(stop) = self.fault() {
            let [first, second] = stop.numbers;
            visit(Finding::new(stop.rule, stop.span).with(first, second));
            if matches!(stop.rule, Rule::HdrTruncated | Rule::HdrVersion) {
                return;
            }
            if let Some(Stop { rule, span, numbers: [first, second] }) = self.second_fault(&stop) {
                visit(Finding::new(rule, span).with(first, second));
            }
        }
        let Some(header) = self.header() else {
            return;
        };
        let kind = Kind::of(header.code);
        let mut check = Check { message: self, header, kind, visit, implausible: self.layout.stopped, unsound: false };
        check.header();
        if self.layout.mode.is_draft() {
            check.draft();
            return;
        }
        if header.code.is_signaling() {
            check.signaling();
            return;
        }
        if !has_usual_options {
            check.options();
        }
        check.payload();
        check.response();
        check.block();
        check.oscore();
        check.ecosystem();
        let in_question =
            !self.is_cut() && !self.layout.settled && (check.implausible || check.unsound && header.code.is_request());
        if in_question && draft::is_doubtful(self.bytes, check.implausible) {
            check.raise(Rule::DraftHeader, Span::of_bits(4, 4), header.token_length, 0);
        }
    }

    /// The same findings, sorted by span, then by rule.
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        self.visit_findings(&mut |finding| findings.push(finding));
        findings.sort_by_key(|finding| (finding.span, finding.rule));
        findings
    }
}
