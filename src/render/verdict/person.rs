//! A verdict before it is written: one endpoint, and what is held against it.

use std::cmp::Reverse;

use super::{Case, Group, Key};
use crate::coap::{Rule, Severity};
use crate::render::lowest;
use crate::tracking::{EndpointId, ResourceId};

/// A group, and the endpoint that it is held against: who sent the messages, or stands for their device.
type Held<'a> = (EndpointId, Key, Group<'a>);

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
    pub fn all<'a>(groups: impl IntoIterator<Item = (Key, Group<'a>)>) -> Vec<Self> {
        Self::devices(groups, &|endpoint| endpoint)
    }

    /// The same, what is held against several endpoints together: `of` tells which endpoint stands for another.
    pub fn devices<'a>(
        groups: impl IntoIterator<Item = (Key, Group<'a>)>,
        of: &dyn Fn(EndpointId) -> EndpointId,
    ) -> Vec<Self> {
        let groups = groups.into_iter().map(|(key, group)| (of(key.endpoint), key, group));
        Self::worst_of(groups.collect(), usize::MAX).0
    }

    /// The `most` that stand first among [all](Self::all), and how many there are. What is held against the others is not gathered.
    pub fn first<'a>(groups: impl IntoIterator<Item = (Key, Group<'a>)>, most: usize) -> (Vec<Self>, usize) {
        Self::worst_of(groups.into_iter().map(|(key, group)| (key.endpoint, key, group)).collect(), most)
    }

    /// The `most` with the worst charges, those first, and how many there are: of groups, each with the endpoint that it is held against.
    fn worst_of(mut groups: Vec<Held<'_>>, most: usize) -> (Vec<Self>, usize) {
        groups.sort_by_key(|(endpoint, ..)| *endpoint);
        let own = groups.chunk_by(|one, next| one.0 == next.0);
        let all: Vec<_> = own.filter_map(|own| Some((Reverse(weight(own)), own.first()?.0, own))).collect();
        let count = all.len();
        let ranked = lowest(all, most, |(weight, endpoint, _)| (*weight, *endpoint));
        (ranked.into_iter().map(|(_, endpoint, own)| Self::of(endpoint, own)).collect(), count)
    }

    /// The one that these groups are held against.
    fn of(endpoint: EndpointId, groups: &[Held<'_>]) -> Self {
        let mut person = Self { endpoint, charges: Vec::new(), acquitted: Vec::new() };
        groups.iter().for_each(|(_, key, group)| person.take(key, group));
        person.finish();
        person
    }

    /// Puts in order what was taken, and keeps the first cases.
    pub(super) fn finish(&mut self) {
        for list in [&mut self.charges, &mut self.acquitted] {
            list.sort_by_key(|charge| (Reverse((charge.severity, charge.count)), charge.rule));
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

    fn take(&mut self, key: &Key, group: &Group<'_>) {
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
            charge.cases.extend(group.cases.iter());
            charge.resources.extend(Some(key.resource).filter(|resource| resource.0 != 0));
        }
    }
}

/// The worst that somebody is charged with, and how often they did that.
fn weight(groups: &[Held<'_>]) -> (Option<Severity>, u64) {
    let mut weight = (None, 0);
    for (_, key, group) in groups {
        let severity = Some(key.severity);
        if severity >= weight.0 && key.is_its_doing() {
            let same = if severity == weight.0 { weight.1 } else { 0 };
            weight = (severity, same + group.count);
        }
    }
    weight
}
