#!/usr/bin/env bash
# setup.sh build|check|mutants|peers: installs what is missing to build and test, to check the sources, to test the tests,
# or to test against other programs. On Debian and Raspberry Pi OS it installs; elsewhere it says what to install.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

links() { printf 'int main(void){return 0;}' | cc -x c - "$@" -o /dev/null 2>/dev/null; }

# What a build needs: a C compiler (it links), libpcap to link with, and Rust.
build() {
    local wanted=() rust=no
    links || wanted+=(gcc libc6-dev)
    links -lpcap || wanted+=(libpcap-dev)
    rust_folder >/dev/null || rust=yes
    if [ ${#wanted[@]} -gt 0 ] || [ "$rust" = yes ]; then
        if ! is_debian; then
            say "coapscope needs a C compiler, libpcap with its headers, and Rust $minimum or newer (https://rustup.rs)."
            say "Fedora: sudo dnf install gcc libpcap-devel; Arch: sudo pacman -S gcc libpcap; Alpine: sudo apk add build-base libpcap-dev; macOS: xcode-select --install"
            die "install what is missing, then try again: ${wanted[*]}$([ "$rust" = yes ] && echo " rust")"
        fi
        [ ${#wanted[@]} -eq 0 ] || apt_install "${wanted[@]}"
        [ "$rust" = no ] || debian_rust
    fi
}

# Debian's plain rustc is often too old; rustc-web is the one that is kept new for browsers.
debian_rust() {
    local pair version
    say "no Rust $minimum or newer on PATH or in ${CARGO_HOME:-$HOME/.cargo}/bin"
    for update in no yes; do
        [ "$update" = no ] || as_root apt-get update -q >&2
        for pair in "rustc-web cargo-web" "rustc cargo"; do
            version=$(candidate "${pair%% *}")
            if [ -n "$version" ] && new_enough "$version"; then
                # Without certificates cargo reaches no registry. Two words are two packages.
                # shellcheck disable=SC2086
                apt_install $pair ca-certificates
                rust_folder >/dev/null || die "$pair $version are installed, but no Rust $minimum or newer is found"
                return
            fi
        done
    done
    die "this Debian has no Rust $minimum or newer; get it from https://rustup.rs, then try again"
}

# What `make check` needs beyond a build: rustfmt, clippy, cargo-deny, and a C++ compiler for the fuzzer.
check() {
    local folder wanted=() component
    build
    folder=$(rust_folder)
    for component in fmt clippy; do
        PATH="$folder:$PATH" "$folder/cargo" "$component" --version >/dev/null 2>&1 || wanted+=("$component")
    done
    if [ ${#wanted[@]} -gt 0 ]; then
        say "the Rust in $folder comes without: ${wanted[*]}"
        if is_debian && [ "$folder" = /usr/bin ] && [ -n "$(candidate rustfmt-web)" ]; then
            apt_install rustfmt-web rust-web-clippy
        else
            die "install them (with rustup: rustup component add rustfmt clippy; on Debian: rustfmt-web rust-web-clippy), then try again"
        fi
    fi
    if ! have c++ && ! have g++; then
        is_debian || die "install a C++ compiler (the fuzzer is built with it), then try again"
        apt_install g++
    fi
    tool cargo-deny
}

# A program of Rust's registry, built into target/tools where it is missing.
tool() {
    if ! PATH="$top/target/tools/bin:$PATH" have "$1"; then
        say "building $1 into target/tools; this takes some minutes, once"
        "$top/scripts/cargo.sh" install --quiet --locked --root "$top/target/tools" "$1"
    fi
}

# What `make mutants` needs beyond a build.
mutants() {
    build
    tool cargo-mutants
}

# The other programs that tests compare with and talk to.
peers() {
    is_debian || die "install tshark, tcpdump, libcoap's tools, iproute2, jq, strace, tmux, zsh, fish, and aiocoap, cbor2 and duckdb in $top/.venv (python3 -m venv), then try again"
    local wanted=() package
    for package in tshark tcpdump libcoap3-bin iproute2 jq strace tmux zsh fish python3-venv; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || wanted+=("$package")
    done
    if [ ${#wanted[@]} -gt 0 ]; then
        # tshark's question whether users may capture: no.
        if have debconf-set-selections; then
            echo "wireshark-common wireshark-common/install-setuid boolean false" | as_root debconf-set-selections
        fi
        apt_install "${wanted[@]}"
    fi
    if ! "$top/.venv/bin/python" -c 'import aiocoap, cbor2, duckdb' 2>/dev/null; then
        say "installing aiocoap, cbor2 and duckdb into .venv"
        [ -x "$top/.venv/bin/pip" ] || /usr/bin/python3 -m venv --clear "$top/.venv"
        "$top/.venv/bin/pip" install --quiet --disable-pip-version-check aiocoap cbor2 duckdb </dev/null
    fi
}

case "${1:-}" in
    build | check | mutants | peers) "$1" ;;
    *) die "usage: setup.sh build|check|mutants|peers" ;;
esac
