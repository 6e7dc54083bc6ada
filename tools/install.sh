#!/usr/bin/env bash
# Install from Debian what this machine lacks, and nothing that it has.
#
#   tools/install.sh build    what `make demo` needs: a linker, make, Node and npm
#   tools/install.sh          the same and what the tests need: PostgreSQL,
#                             Chromium with its driver, Java, libical, Python's venv,
#                             Alertmanager, Icinga 2
#
# Rust itself is not installed here: rustup does that better.
set -euo pipefail

wanted=()
want() { # want PACKAGE... unless the command (or file) before it is there
    local have=$1
    shift
    if ! command -v "$have" >/dev/null 2>&1; then wanted+=("$@"); fi
}

want make make
want cc gcc libc6-dev
want node nodejs
want npm npm

if [ "${1:-all}" = all ]; then
    # initdb stands outside PATH on Debian, one folder for each version.
    if ! command -v initdb >/dev/null 2>&1 && ! compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; then
        wanted+=(postgresql)
    fi
    want chromium chromium
    want chromedriver chromium-driver
    want java default-jre-headless
    want curl curl
    want openssl openssl
    # Real monitors, which the tests start on loopback ports of their own.
    want prometheus-alertmanager prometheus-alertmanager
    want icinga2 icinga2-bin icinga2-common
    if ! pkg-config --exists libical 2>/dev/null; then wanted+=(pkg-config libical-dev); fi
    # Debian keeps ensurepip apart from python3, so a python3 alone proves nothing.
    if ! python3 -c 'import ensurepip, venv' >/dev/null 2>&1; then
        wanted+=(python3 python3-venv)
    fi
fi

if ! command -v cargo >/dev/null 2>&1; then
    echo "Rust is missing. Install it from https://rustup.rs and run this again." >&2
    exit 2
fi

if [ "${#wanted[@]}" -gt 0 ]; then
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "Missing here: ${wanted[*]} (Debian's names). There is no apt-get to install them with." >&2
        exit 2
    fi
    as_root=()
    if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
    echo "Installing: ${wanted[*]}"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${wanted[@]}" >/dev/null
fi

# A minimal Rust toolchain comes without these two.
if [ "${1:-all}" = all ] && command -v rustup >/dev/null 2>&1; then
    cargo fmt --version >/dev/null 2>&1 || rustup component add rustfmt
    cargo clippy --version >/dev/null 2>&1 || rustup component add clippy
fi
