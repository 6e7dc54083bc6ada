#!/usr/bin/env bash
# How fast it is: loads worlds of several sizes and measures them, on SQLite and on PostgreSQL.
#
#   tools/bench.sh [--sizes 10k,100k,1M] [--engines sqlite,postgres] [--parts index,pages,writes] [--add] [--keep] [--postgres-url URL]
#   tools/bench.sh --publish       puts what was measured last into docs/performance.md and its picture
#
# With --add the figures stand beside those that were measured before, of other sizes or engines.
# SIGNALBOX_TEST_PG_URL names a PostgreSQL to use; without it a private one is started, where PostgreSQL is installed.
# --postgres-url names a database of your own instead, empty or loaded so before; it is kept. --keep keeps those of SQLite.
# A million changes take 15 GB of disk for a while. Figures, table and picture go to target/bench.
set -euo pipefail
cd "$(dirname "$0")/.."

out=target/bench
if [ "${1:-}" = --publish ]; then
    [ -f $out/table.md ] || { echo "bench: nothing was measured yet" >&2; exit 1; }
    cp $out/curve.svg docs/performance.svg
    awk -v table=$out/table.md '
        /^<!-- end of the figures/ { inside = 0 }
        !inside { print }
        /^<!-- figures of make bench/ { inside = 1; while ((getline line < table) > 0) print line }
    ' docs/performance.md >$out/performance.md
    mv $out/performance.md docs/performance.md
    exit 0
fi

[ -d crates/signalbox/assets/dist ] || tools/assets.sh
cargo bench --locked --bench speed -- "$@"
