//! Which endpoints are one device: those of one address, whatever their ports.

use std::collections::HashMap;

use super::who;
use crate::frame::Endpoint;
use crate::tracking::EndpointId;

/// Endpoints by the device that they belong to.
pub(super) struct Devices {
    /// Of each endpoint the one that stands for its device.
    first: Vec<EndpointId>,
    /// The endpoints of a device, by the one that stands for it.
    members: HashMap<EndpointId, Vec<EndpointId>>,
    ports: Vec<u16>,
}

impl Devices {
    /// Those of these endpoints that the user chose, where there is a choice. On a machine's own addresses many programs speak, and each
    /// endpoint is for itself.
    pub fn of(endpoints: &[Endpoint], chosen: &[String]) -> Self {
        let is_chosen = |endpoint: &Endpoint| {
            chosen.is_empty() || chosen.iter().any(|text| who::names(text, &endpoint.to_string()))
        };
        let mut known = HashMap::new();
        let mut members: HashMap<EndpointId, Vec<EndpointId>> = HashMap::new();
        let mut first = Vec::with_capacity(endpoints.len());
        for (endpoint, id) in endpoints.iter().zip((0..).map(EndpointId)) {
            let stands = match endpoint.address.is_loopback() || !is_chosen(endpoint) {
                true => id,
                false => *known.entry((endpoint.address, endpoint.scope)).or_insert(id),
            };
            first.push(stands);
            members.entry(stands).or_default().push(id);
        }
        Self { first, members, ports: endpoints.iter().map(|endpoint| endpoint.port).collect() }
    }

    /// The endpoint that stands for the device of another.
    pub fn of_endpoint(&self, id: EndpointId) -> EndpointId {
        self.first.get(id.0 as usize).copied().unwrap_or(id)
    }

    /// The endpoints of the device that one stands for; who has sent ICMP errors from its address only where it is the only one.
    pub fn members(&self, id: EndpointId) -> Vec<EndpointId> {
        let all = self.members.get(&id).map_or(&[][..], Vec::as_slice);
        let with_port: Vec<EndpointId> = all.iter().copied().filter(|id| self.own_port(*id).is_some()).collect();
        if with_port.is_empty() { all.to_vec() } else { with_port }
    }

    /// The port of an endpoint, where it has one and its device has several.
    pub fn port(&self, id: EndpointId) -> Option<u16> {
        self.own_port(id).filter(|_| self.members(self.of_endpoint(id)).len() > 1)
    }

    fn own_port(&self, id: EndpointId) -> Option<u16> {
        self.ports.get(id.0 as usize).copied().filter(|port| *port != 0)
    }
}
