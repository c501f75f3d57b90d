//! Decodes a message that is given in hexadecimal, and says what is odd about it:
//!
//! ```sh
//! cargo run --no-default-features --example decode -- 40017d34bb74656d7065726174757265
//! ```
#![allow(clippy::print_stdout, reason = "an example prints")]

use coapscope::coap::Message;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let hex = std::env::args().nth(1).unwrap_or_else(|| "40017d34bb74656d7065726174757265".into());
    let pairs = hex.as_bytes().chunks(2);
    let bytes: Vec<u8> = pairs
        .map(|pair| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?))
        .collect::<Result<_, Box<dyn std::error::Error>>>()?;

    let message = Message::decode(&bytes);
    if let Some(header) = message.header() {
        println!("{} {} {}", header.message_type, header.code, header.message_id);
    }
    for option in message.options() {
        println!("{}: {:?}", option.number, option.value());
    }
    message.visit_findings(&mut |finding| println!("{:?}: {}", finding.severity, finding.text()));
    Ok(())
}
