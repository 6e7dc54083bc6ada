#!/usr/bin/env bash
# Let the parser that customers of network providers use read the notices in a
# folder, and see that it understands what the site says.
#
#   tools/maintnote.sh DIR     DIR holds NAME.ics files that the tests wrote, each
#                              with NAME.json: what it should be read as
set -uo pipefail
dir=${1:?usage: tools/maintnote.sh DIR}
root=$(cd "$(dirname "$0")/.." && pwd)
target=$(realpath -m "${CARGO_TARGET_DIR:-$root/target}")
# An environment of its own: the parser wants an older reader of calendars than ours.
python=$target/venv-maintnote/bin/python3

shopt -s nullglob
files=("$dir"/*.ics)
if [ "${#files[@]}" -eq 0 ]; then
    echo "SKIPPED: $dir holds no notice; the tests of the site write them"
    exit 0
fi
if ! "$python" -c 'import circuit_maintenance_parser' 2>/dev/null; then
    echo "SKIPPED: circuit-maintenance-parser is not installed (tools/test.sh does it)"
    exit 0
fi
"$python" "$root/tools/maintnote.py" "${files[@]}"
