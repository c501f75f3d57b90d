//! A verdict before it is written: one endpoint, and what is held against it.

use super::{Case, Group, Key};
use crate::coap::{Rule, Severity};
use crate::tracking::{EndpointId, ResourceId};

/// An endpoint, or all of one device, with all that was found in its messages.
#[derive(Clone, Debug)]
pub struct Person {
    /// The endpoint, or the one that stands for the device.
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
        Self::devices(groups, &|endpoint| endpoint)
    }

    /// The same, what is held against several endpoints together: `of` tells which endpoint stands for another.
    pub fn devices<'a>(
        groups: impl IntoIterator<Item = (Key, &'a Group)>,
        of: &dyn Fn(EndpointId) -> EndpointId,
    ) -> Vec<Self> {
        let mut groups: Vec<(EndpointId, Key, &Group)> =
            groups.into_iter().map(|(key, group)| (of(key.endpoint), key, group)).collect();
        groups.sort_by_key(|(endpoint, ..)| *endpoint);
        let mut people: Vec<Self> = Vec::new();
        for (endpoint, key, group) in groups {
            if people.last().is_none_or(|last| last.endpoint != endpoint) {
                people.last_mut().map(Self::finish);
                people.push(Self { endpoint, charges: Vec::new(), acquitted: Vec::new() });
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
                // One comes twice where copies were not its doing either, or another endpoint of the device was asked for it, too.
                charge.resources.sort_unstable();
                charge.resources.dedup();
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
            charge.resources.extend(Some(key.resource).filter(|resource| resource.0 != 0));
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
