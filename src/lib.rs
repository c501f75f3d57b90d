//! coapscope: a CoAP packet dissector and live traffic inspector for the terminal.

pub mod capture;
pub mod coap;
pub mod frame;
#[cfg(feature = "live")]
pub mod privilege;
pub mod render;
pub mod store;
pub mod tracking;
