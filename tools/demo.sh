#!/usr/bin/env bash
# Build Signalbox and serve its demonstration world.
# LISTEN=ADDR:PORT serves it elsewhere.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/install.sh build
tools/assets.sh
cargo build --locked --package signalbox

target=${CARGO_TARGET_DIR:-target}
exec "$target/debug/signalbox" demo --listen "${LISTEN:-127.0.0.1:8080}"
