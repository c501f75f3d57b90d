#!/usr/bin/env bash
# bare.sh: the library without default features must not bring libpcap or the screen's crates.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
tree=$("$top/scripts/cargo.sh" tree --no-default-features --edges normal,build --prefix none --format '{p}')
for crate in pcap ratatui crossterm; do
    if grep -q "^$crate v" <<<"$tree"; then die "without default features the library still needs $crate"; fi
done
say "without default features: no pcap, no ratatui, no crossterm"
