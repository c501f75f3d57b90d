//! coapscope: a CoAP packet dissector and live traffic inspector for the terminal.

pub mod capture;
pub mod coap;
pub mod frame;
pub mod render;
pub mod store;
pub mod tracking;
