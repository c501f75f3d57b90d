# coapscope: build, run, test, check, measure, install. "make run" and "make test" first install what is missing.

PREFIX ?= /usr/local
CARGO := scripts/cargo.sh
export PREFIX DESTDIR

.PHONY: help run build test check fuzz mutants bench install uninstall peers setup

help:
	@echo "make run        the screen on the built-in capture (ARGS='-r FILE' and the like for other things)"
	@echo "make test       all tests; those that need other programs are skipped by name where these are missing"
	@echo "make peers      installs the other programs that tests compare with (tshark, tcpdump, libcoap, aiocoap, strace, tmux, zsh, fish)"
	@echo "make check      format, lints, the library alone, documentation, licences, each fuzz target for half a minute"
	@echo "make fuzz       each fuzz target for ten minutes (FUZZ_SECONDS=600)"
	@echo "make mutants    breaks the tracker in every way that cargo-mutants knows; the scenarios must notice (takes many hours)"
	@echo "make bench      what each stage costs, and the ratios to tshark"
	@echo "make build      the program, as target/release/coapscope"
	@echo "make install    program, manual page and completions under PREFIX=$(PREFIX); make uninstall"
	@echo "make setup      installs what building needs, and nothing else"

setup:
	@scripts/setup.sh build

run: setup
	@$(CARGO) run --release -- $(ARGS)

build: setup
	$(CARGO) build --release

test: setup
	$(CARGO) test --no-fail-fast

check:
	@scripts/setup.sh check
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets -- -D warnings
	$(CARGO) clippy --all-targets --no-default-features -- -D warnings
	$(CARGO) build --lib --no-default-features
	@scripts/bare.sh
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps --quiet
	PATH="$(CURDIR)/target/tools/bin:$$PATH" $(CARGO) deny --log-level error check licenses bans
	@fuzz/run.sh 30

FUZZ_SECONDS ?= 600
fuzz: setup
	@fuzz/run.sh $(FUZZ_SECONDS)

# What it breaks, how, and what it leaves alone for which reason: .cargo/mutants.toml.
mutants:
	@scripts/setup.sh mutants
	@mkdir -p target/mutants
	PATH="$(CURDIR)/target/tools/bin:$$PATH" $(CARGO) mutants --output target/mutants $(ARGS)

bench: build
	$(CARGO) bench
	@if command -v tshark >/dev/null; then python3 scripts/against_tshark.py target/release/coapscope; \
	else echo "no comparison with tshark: it is missing (make peers)"; fi

# Under sudo the build is still the user's, so that no file in target/ is root's.
install:
	@if [ "$$(id -u)" -eq 0 ] && [ -n "$$SUDO_USER" ]; then sudo -H -u "$$SUDO_USER" $(MAKE) build; else $(MAKE) build; fi
	@scripts/install.sh

uninstall:
	@scripts/install.sh remove

peers:
	@scripts/setup.sh peers
