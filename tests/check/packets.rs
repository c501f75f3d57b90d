//! Small captures: UDP datagrams over IPv4, without a link layer.

use std::fs;
use std::path::Path;

const CLIENT: [u8; 4] = [10, 0, 0, 9];
const SERVER: [u8; 4] = [10, 0, 0, 1];
const PORT: u16 = 5683;
/// LINKTYPE_RAW.
const RAW: u32 = 101;

/// An IPv4 packet with a message between a client's port and the server, one way or the other.
pub fn datagram(client_port: u16, to_server: bool, message: &[u8]) -> Vec<u8> {
    let (client, server) = ((CLIENT, client_port), (SERVER, PORT));
    let ((from, from_port), (to, to_port)) = if to_server { (client, server) } else { (server, client) };
    let length = 28 + message.len() as u16;
    let mut packet = vec![0x45, 0];
    packet.extend(length.to_be_bytes());
    packet.extend([0, 0, 0x40, 0, 64, 17, 0, 0]);
    packet.extend([from, to].concat());
    packet.extend([from_port, to_port, length - 20, 0].into_iter().flat_map(u16::to_be_bytes));
    packet.extend(message);
    packet
}

/// Write packets as a capture, 100 ms apart.
pub fn capture(path: &Path, packets: &[Vec<u8>]) {
    let packets: Vec<_> = packets.iter().zip(0..).map(|(packet, tenth)| (tenth, packet.clone())).collect();
    capture_at(path, &packets);
}

/// Write packets as a capture, each at so many tenths of a second.
pub fn capture_at(path: &Path, packets: &[(u32, Vec<u8>)]) {
    let packets: Vec<_> = packets.iter().map(|(tenth, packet)| (tenth * 100_000, packet.clone())).collect();
    capture_at_micros(path, &packets);
}

/// Write packets as a capture, each at so many microseconds.
pub fn capture_at_micros(path: &Path, packets: &[(u32, Vec<u8>)]) {
    let mut file: Vec<u8> =
        [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65535, RAW].into_iter().flat_map(u32::to_le_bytes).collect();
    for (micros, packet) in packets {
        let (seconds, micros) = (1_800_000_000 + micros / 1_000_000, micros % 1_000_000);
        let length = packet.len() as u32;
        file.extend([seconds, micros, length, length].into_iter().flat_map(u32::to_le_bytes));
        file.extend(packet);
    }
    fs::write(path, file).unwrap();
}
