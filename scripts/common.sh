# What the scripts share: where things are, which cargo will do, how packages are installed. Source it.
# shellcheck shell=bash

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
minimum=$(sed -n 's/^rust-version *= *"\(.*\)"/\1/p' "$top/Cargo.toml")

say() { printf '%s\n' "$*" >&2; }
die() { say "coapscope: $*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
is_debian() { have apt-get && [ -r /etc/debian_version ]; }

# new_enough VERSION: at least the minimum of Cargo.toml?
new_enough() { [ "$(printf '%s\n%s\n' "$minimum" "$1" | sort -V | head -n 1)" = "$minimum" ]; }

# The first cargo of the minimum version, with a rustc beside it that is one too; prints its folder.
rust_folder() {
    local cargo folder version
    for cargo in "$(command -v cargo || true)" "${CARGO_HOME:-$HOME/.cargo}/bin/cargo" /usr/local/bin/cargo /usr/bin/cargo; do
        [ -x "$cargo" ] || continue
        folder=$(dirname "$cargo")
        [ -x "$folder/rustc" ] || continue
        version=$(cd "$top" && PATH="$folder:$PATH" "$folder/rustc" --version 2>/dev/null | cut -d ' ' -f 2) || continue
        [ -n "$version" ] && new_enough "$version" || continue
        (cd "$top" && PATH="$folder:$PATH" "$cargo" --version >/dev/null 2>&1) || continue
        printf '%s\n' "$folder"
        return
    done
    return 1
}

# Runs a command as root: as it is, or through sudo.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif have sudo; then
        sudo "$@"
    else
        die "this needs root, and there is no sudo; run as root: $*"
    fi
}

# The version of a Debian package that could be installed, without epoch and Debian's own part; empty if there is none.
candidate() { LC_ALL=C apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: \([0-9]*:\)\{0,1\}\([0-9.]*\).*/\2/p'; }

# apt_install PACKAGE...: without questions; asks the servers for news only where that is needed.
apt_install() {
    local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends)
    local package
    say "installing with apt-get: $*"
    for package in "$@"; do
        if [ -z "$(candidate "$package")" ]; then
            as_root apt-get update -q >&2
            break
        fi
    done
    as_root "${install[@]}" "$@" </dev/null >&2 && return
    as_root apt-get update -q >&2
    as_root "${install[@]}" "$@" </dev/null >&2
}
