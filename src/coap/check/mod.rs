//! What is odd about one message: every rule that its bytes alone can tell.

use super::{Finding, Message};

impl Message<'_> {
    /// Calls `visit` with every finding that the bytes of the message alone can tell. No allocation.
    pub fn visit_findings(&self, visit: &mut dyn FnMut(Finding)) {
        if let Some(stop) = self.stop {
            let [first, second] = stop.numbers;
            visit(Finding::new(stop.rule, stop.span).with(first, second));
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
