//! Tests of what is odd about a message, told from the record and the store where these know, since most messages have nothing odd.

use super::expr::{Test, Truth};
use super::item::Item;
use super::operand::Operand;
use super::parse::Quantifier;
use crate::coap::{Finding, RULES, RaisedBy, Severity};
use crate::field::{self, Reads};
use crate::store::View;

/// A test that only findings decide.
#[derive(Clone, Debug)]
pub(super) enum Odd {
    /// Some finding is of one of these rules, told by their numbers.
    Rules { wanted: Vec<bool>, of_payload: bool, of_message: bool },
    /// The worst finding has one of these severities; what is odd about a payload has `most` at most.
    Worst { wanted: [bool; 4], most: Option<Severity> },
}

const SEVERITIES: [Severity; 4] = [Severity::Chat, Severity::Note, Severity::Warn, Severity::Error];

impl Odd {
    /// The same as a test, where findings decide it.
    pub fn of(test: &Test) -> Option<Self> {
        let Operand::Field(field) = test.left() else { return None };
        if field.name == field::SEVERITY {
            let mut wanted = [false; 4];
            for (place, severity) in wanted.iter_mut().zip(SEVERITIES) {
                *place = test.admits(&Item::text(field::severity(severity)))?;
            }
            return Some(Self::worst(wanted));
        }
        if field.name != field::FINDING || test.quantifier() == Quantifier::All {
            return None;
        }
        let wanted = RULES.iter().map(|rule| test.admits(&Item::text(rule.row().id))).collect::<Option<Vec<_>>>()?;
        Some(Self::rules(wanted))
    }

    /// There is a finding, or a severity, at all.
    pub fn there(operand: &Operand) -> Option<Self> {
        match operand {
            Operand::Field(field) if field.name == field::SEVERITY => Some(Self::worst([true; 4])),
            Operand::Field(field) if field.name == field::FINDING => Some(Self::rules(vec![true; RULES.len()])),
            _ => None,
        }
    }

    fn worst(wanted: [bool; 4]) -> Self {
        let of_payload = RULES.iter().map(|rule| rule.row()).filter(|row| row.raised_by == RaisedBy::Payload);
        Self::Worst { wanted, most: of_payload.map(|row| row.severity).max() }
    }

    fn rules(wanted: Vec<bool>) -> Self {
        let some = |of: &dyn Fn(RaisedBy) -> bool| {
            RULES.iter().zip(&wanted).any(|(rule, wanted)| *wanted && of(rule.row().raised_by))
        };
        let of_payload = some(&|by| by == RaisedBy::Payload);
        let of_message = some(&|by| !matches!(by, RaisedBy::Payload | RaisedBy::Tracking));
        Self::Rules { wanted, of_payload, of_message }
    }

    /// What must be read at most to tell.
    pub fn reads(&self) -> Reads {
        match self {
            Self::Rules { of_message: false, of_payload: false, .. } => Reads::Record,
            // Of most payloads the message is enough, but not of bodies in blocks.
            Self::Rules { .. } | Self::Worst { .. } => Reads::Findings,
        }
    }

    /// Whether it holds of a message of which so much was read.
    pub fn holds(&self, view: &View<'_>, read: Reads) -> Truth {
        match self {
            Self::Worst { wanted, most } => worst(wanted, *most, view, read),
            Self::Rules { wanted, of_payload, of_message } => {
                let is_wanted = |finding: &Finding| wanted.get(finding.rule as usize).is_some_and(|wanted| *wanted);
                // Where the record has no severity nothing is odd but perhaps the payload.
                let is_odd = view.record.severity().is_some();
                if is_odd
                    && (view.store.findings(view.id).any(|finding| is_wanted(&finding))
                        || view.own_findings.iter().any(is_wanted))
                {
                    return Truth::Yes;
                }
                if *of_message && is_odd && read < Reads::Findings || *of_payload && read < of_payload_in(view) {
                    return Truth::Open;
                }
                (*of_payload && view.payload_findings().iter().any(is_wanted)).into()
            }
        }
    }
}

/// What must be read to tell what is odd about a payload: with the last block of a body the body.
fn of_payload_in(view: &View<'_>) -> Reads {
    if view.store.completes_body(view.id) { Reads::Findings } else { Reads::Message }
}

/// The record knows all but what is odd about the payload, which matters only where it could be the worst.
fn worst(wanted: &[bool; 4], most: Option<Severity>, view: &View<'_>, read: Reads) -> Truth {
    let admits = |severity: Option<Severity>| {
        severity.is_some_and(|severity| wanted.get(severity as usize).is_some_and(|wanted| *wanted))
    };
    let known = view.record.severity();
    let mut possible = SEVERITIES.iter().filter(|severity| Some(**severity) <= most);
    if !view.is_message() || possible.all(|severity| admits(known.max(Some(*severity))) == admits(known)) {
        return admits(known).into();
    }
    if read < of_payload_in(view) {
        return Truth::Open;
    }
    let findings = view.payload_findings();
    admits(findings.iter().map(|finding| finding.severity).max().max(known)).into()
}
