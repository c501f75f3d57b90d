#!/usr/bin/env bash
# cargo.sh ARGUMENTS: cargo of at least the version that Cargo.toml asks for, wherever it is.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
folder=$(rust_folder) || die "no Rust $minimum or newer was found; run \"make setup\""
export PATH="$folder:$PATH"
exec "$folder/cargo" "$@"
