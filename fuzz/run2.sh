#!/usr/bin/env bash
# Runs every fuzz target, seeded from the captures: fuzz/run.sh SECONDS [TARGET...]
# No nightly compiler is needed: the code is safe Rust, so panics are what there is to find, and no sanitizer is asked for.
set -euo pipefail
seconds=${1:-600}
shift || true
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(messages frames savefiles escaping payloads filters)
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"
TMPDIR=$(mktemp -d)
trap 'rm -rf "$TMPDIR"' EXIT
export TMPDIR
export PATH="$top/target/tools/bin:$PATH" RUSTC_BOOTSTRAP=1
if ! command -v cargo-fuzz >/dev/null; then
    echo "building cargo-fuzz into target/tools; this takes some minutes, once" >&2
    scripts/cargo.sh install --quiet --locked --root target/tools cargo-fuzz
fi

corpus=$top/fuzz/corpus
if [ ! -d "$corpus/payloads" ]; then
    mapfile -t captures < <(find captures -name '*.pcap' -o -name '*.pcapng')
    scripts/cargo.sh run --quiet --manifest-path fuzz/Cargo.toml --target-dir fuzz/target --bin seeds -- "$corpus" "${captures[@]}"
fi

for target in "${targets[@]}"; do
    echo "fuzzing $target for $seconds seconds" >&2
    length=2000
    if [ "$target" = filters ]; then
        # The filters of the tests, one a file.
        mkdir -p "$corpus/filters"
        sed '/^#/d; s/^[^ ]* [0-9]* //' tests/filter/hand.txt tests/filter/wireshark.txt | split -l 1 - "$corpus/filters/seed-" -a 3
    fi
    if [ "$target" = savefiles ]; then
        # Here the captures themselves are the seeds; those of some hundred kilobytes only slow it down.
        mkdir -p "$corpus/savefiles"
        find captures \( -name '*.pcap' -o -name '*.pcapng' -o -name '*.gz' \) -size -40k -exec cp -t "$corpus/savefiles" {} +
        length=40000
    fi
    cargo fuzz run --sanitizer none "$target" -- \
        -max_total_time="$seconds" -max_len="$length" -timeout=120 -rss_limit_mb=1024 -verbosity=0 -print_final_stats=1 2>&1 |
        sed '/# Uses: /d; /ecommended dictionary/d'
done
