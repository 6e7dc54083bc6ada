#!/bin/sh
# Fetches the front-end packages by their lockfile and writes what the binary embeds.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
assets="$here/../crates/signalbox/assets"
command -v npm >/dev/null || { echo "assets: npm is missing; install Node 20 or newer" >&2; exit 2; }
cd "$assets"
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
mkdir -p dist
node "$here/strip-fonts.mjs" node_modules/nhsuk-frontend/dist/nhsuk/nhsuk-frontend.min.css dist/nhsuk.css
cp node_modules/idiomorph/dist/idiomorph.min.js dist/idiomorph.js
echo "assets: wrote $(ls dist | tr '\n' ' ')"
