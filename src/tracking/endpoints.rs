//! Endpoints, as small numbers.

use std::net::{IpAddr, Ipv6Addr};

use super::model::EndpointId;
use super::table::Table;
use crate::frame::Endpoint;

/// Interns endpoints.
pub struct EndpointTable {
    /// IPv4 endpoints by address, port and scope in one number; the values are the numbers of the endpoints, and 1.
    short: Table<u64, u32>,
    /// IPv6 endpoints by address, and port and scope.
    long: Table<[u64; 3], u32>,
    list: Vec<Endpoint>,
}

/// Port and scope of an endpoint.
fn place(endpoint: &Endpoint) -> u64 {
    u64::from(endpoint.port) << 16 | u64::from(endpoint.scope)
}

/// Adds an endpoint; returns how many there are then.
#[cold]
fn add(list: &mut Vec<Endpoint>, endpoint: &Endpoint) -> u32 {
    list.push(*endpoint);
    list.len() as u32
}

impl Default for EndpointTable {
    fn default() -> Self {
        Self { short: Table::new(), long: Table::new(), list: Vec::new() }
    }
}

impl EndpointTable {
    /// The number of an endpoint, a new one where it is new.
    #[inline]
    pub fn intern(&mut self, endpoint: &Endpoint) -> EndpointId {
        let key = match endpoint.address {
            IpAddr::V4(address) => u64::from(address.to_bits()) << 32 | place(endpoint),
            IpAddr::V6(address) => return self.intern_long(address, endpoint),
        };
        let held = self.short.get_or_default(key, |_| true);
        if *held == 0 {
            *held = add(&mut self.list, endpoint);
        }
        EndpointId(*held - 1)
    }

    #[inline(never)]
    fn intern_long(&mut self, address: Ipv6Addr, endpoint: &Endpoint) -> EndpointId {
        let bits = address.to_bits();
        let held = self.long.get_or_default([(bits >> 64) as u64, bits as u64, place(endpoint)], |_| true);
        if *held == 0 {
            *held = add(&mut self.list, endpoint);
        }
        EndpointId(*held - 1)
    }

    /// Takes over endpoints that another table numbered, in the order of their numbers.
    pub fn meet(&mut self, endpoints: &[Endpoint]) {
        self.list.extend_from_slice(endpoints);
    }

    /// All endpoints; the index is the number.
    pub fn list(&self) -> &[Endpoint] {
        &self.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(address: &str, port: u16, scope: u16) -> Endpoint {
        Endpoint { address: address.parse().unwrap(), port, scope }
    }

    #[test]
    fn equal_endpoints_share_a_number_and_others_do_not() {
        let mut endpoints = EndpointTable::default();
        let all = [
            endpoint("10.0.0.1", 5683, 0),
            endpoint("10.0.0.1", 5684, 0),
            endpoint("::a00:1", 5683, 0),
            endpoint("fe80::1", 5683, 1),
            endpoint("fe80::1", 5683, 2),
        ];
        for (index, one) in all.iter().chain(&all).enumerate() {
            assert_eq!(endpoints.intern(one), EndpointId((index % all.len()) as u32), "{one:?}");
        }
        assert_eq!(endpoints.list(), all);
    }
}
