//! A verdict before it is written: one endpoint, and what is held against it.

use super::{Case, Group, Key};
use crate::coap::{Rule, Severity};
use crate::tracking::{EndpointId, ResourceId};

/// An endpoint with all that was found in its messages.
#[derive(Clone, Debug)]
pub struct Person {
    /// The endpoint.
    pub endpoint: EndpointId,
    /// What it did, the worst first.
    pub charges: Vec<Charge>,
    /// What stands on its messages and was not, or not surely, its doing.
    pub acquitted: Vec<Charge>,
}

/// A rule, and the cases in which it was broken.
#[derive(Clone, Debug)]
pub struct Charge {
    /// Which rule.
    pub rule: Rule,
    /// The severity here.
    pub severity: Severity,
    /// How often.
    pub count: u64,
    /// What the messages were about.
    pub resources: Vec<ResourceId>,
    /// The first cases, in the order of the capture.
    pub cases: Vec<Case>,
}

impl Person {
    /// All endpoints of which there is something to say, by what was found in the order of its keys: those with the worst charges first.
    pub fn all<'a>(groups: impl IntoIterator<Item = (Key, &'a Group)>) -> Vec<Self> {
        let mut people: Vec<Self> = Vec::new();
        for (key, group) in groups {
            if people.last().is_none_or(|last| last.endpoint != key.endpoint) {
                people.last_mut().map(Self::finish);
                people.push(Self { endpoint: key.endpoint, charges: Vec::new(), acquitted: Vec::new() });
            }
            if let Some(person) = people.last_mut() {
                person.take(&key, group);
            }
        }
        people.last_mut().map(Self::finish);
        people.sort_by_key(|person| (std::cmp::Reverse((person.worst(), person.weight())), person.endpoint));
        people
    }

    /// Puts in order what was taken, and keeps the first cases.
    pub(super) fn finish(&mut self) {
        for list in [&mut self.charges, &mut self.acquitted] {
            list.sort_by_key(|charge| (std::cmp::Reverse((charge.severity, charge.count)), charge.rule));
            list.shrink_to_fit();
            for charge in list {
                charge.cases.sort_by_key(|case| case.message.frame);
                charge.cases.truncate(super::CASES);
                charge.cases.shrink_to_fit();
                charge.resources.shrink_to_fit();
            }
        }
    }

    fn take(&mut self, key: &Key, group: &Group) {
        let list = if key.is_its_doing() { &mut self.charges } else { &mut self.acquitted };
        let known = list.iter_mut().position(|charge| (charge.rule, charge.severity) == (key.rule, key.severity));
        let at = known.unwrap_or_else(|| {
            list.push(Charge {
                rule: key.rule,
                severity: key.severity,
                count: 0,
                resources: Vec::new(),
                cases: Vec::new(),
            });
            list.len() - 1
        });
        if let Some(charge) = list.get_mut(at) {
            charge.count += group.count;
            charge.cases.extend(&group.cases);
            // One key comes twice where copies were not its doing either.
            if key.resource.0 != 0 && charge.resources.last() != Some(&key.resource) {
                charge.resources.push(key.resource);
            }
        }
    }

    /// The worst that it is charged with.
    pub fn worst(&self) -> Option<Severity> {
        self.charges.first().map(|charge| charge.severity)
    }

    /// How often it did the worst that it is charged with.
    fn weight(&self) -> u64 {
        let worst = self.worst();
        self.charges.iter().filter(|charge| Some(charge.severity) == worst).map(|charge| charge.count).sum()
    }
}
