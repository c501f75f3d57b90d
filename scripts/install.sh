#!/usr/bin/env bash
# install.sh [remove]: puts the built program, its manual page and its completions under $DESTDIR$PREFIX, or removes them.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
root=${DESTDIR:-}${PREFIX:-/usr/local}
built=${CARGO_TARGET_DIR:-$top/target}/release/coapscope

# Source (made below) and destination of each file.
files=(
    "man share/man/man1/coapscope.1"
    "bash share/bash-completion/completions/coapscope"
    "zsh share/zsh/site-functions/_coapscope"
    "fish share/fish/vendor_completions.d/coapscope.fish"
)

# As root only where the folder asks for it.
put() {
    local folder=$root
    while [ ! -e "$folder" ]; do folder=$(dirname "$folder"); done
    if [ -w "$folder" ]; then "$@"; else as_root "$@"; fi
}

if [ "${1:-}" = remove ]; then
    put rm -f "$root/bin/coapscope"
    for file in "${files[@]}"; do put rm -f "$root/${file#* }"; done
    exit
fi

[ -x "$built" ] || die "$built is not there; run \"make build\" first"
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
"$built" man >"$made/man"
for shell in bash zsh fish; do "$built" completions "$shell" >"$made/$shell"; done
put install -D -m 755 "$built" "$root/bin/coapscope"
for file in "${files[@]}"; do put install -D -m 644 "$made/${file%% *}" "$root/${file#* }"; done
say "installed $root/bin/coapscope with its manual page and completions for bash, zsh and fish"
say "live capture: \"sudo coapscope -i INTERFACE\", or once \"sudo setcap cap_net_raw=ep $root/bin/coapscope\" and then without sudo"
