//! coap-lite as a second opinion, on messages that it builds and on bytes of any kind.

use coap_lite::Packet;
use coapscope::coap::{DecodeMode, Message, Rule};
use proptest::prelude::*;

/// Options as both decoders should see them.
type Pairs = Vec<(u16, Vec<u8>)>;

fn ours(message: &Message<'_>) -> Pairs {
    message.options().map(|option| (option.number.0, option.value.to_vec())).collect()
}

fn theirs(packet: &Packet) -> Pairs {
    packet.options().flat_map(|(number, values)| values.iter().map(move |value| (*number, value.clone()))).collect()
}

/// Both decoders agree: on all of the message, or on that there is an error. Coap-lite does not mind a marker without payload.
fn agree(bytes: &[u8]) {
    let message = Message::decode_as(bytes, DecodeMode::PlainTokens);
    let packet = Packet::from_bytes(bytes);
    let accepted = message.stop().is_none_or(|stop| stop.rule == Rule::PayloadMarkerEmpty);
    assert_eq!(accepted, packet.is_ok(), "{bytes:02x?}: {:?}, {packet:?}", message.stop());
    let (Ok(packet), Some(header)) = (packet, message.header()) else {
        return;
    };
    assert_eq!(header.message_id, packet.header.message_id);
    assert_eq!(header.code.0, u8::from(packet.header.code));
    assert_eq!(header.message_type as u8, packet.header.get_type() as u8);
    assert_eq!(message.token(), Some(packet.get_token()));
    assert_eq!(ours(&message), theirs(&packet));
    assert_eq!(message.payload(), packet.payload);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_coap_lite_builds_is_read_back(
        kind in 0u8..4, code in any::<u8>(), id in any::<u16>(), token in prop::collection::vec(any::<u8>(), 0..9),
        mut options in prop::collection::vec((any::<u16>(), prop::collection::vec(any::<u8>(), 0..300)), 0..6),
        payload in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        options.sort_by_key(|(number, _)| *number);
        let mut packet = Packet::new();
        packet.header.set_type([coap_lite::MessageType::Confirmable, coap_lite::MessageType::NonConfirmable, coap_lite::MessageType::Acknowledgement, coap_lite::MessageType::Reset][usize::from(kind)]);
        packet.header.code = code.into();
        packet.header.message_id = id;
        packet.set_token(token);
        for (number, value) in &options {
            packet.add_option((*number).into(), value.clone());
        }
        packet.payload = payload;
        if let Ok(bytes) = packet.to_bytes_unlimited() {
            agree(&bytes);
        }
    }

    #[test]
    fn bytes_of_any_kind_are_read_alike(
        first in 0x40u8..0x80, mut bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(0xff), 0u8..0x40], 0..60),
    ) {
        bytes.insert(0, first);
        agree(&bytes);
    }
}
