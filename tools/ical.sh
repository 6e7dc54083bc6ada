#!/usr/bin/env bash
# Let three independent libraries read the calendar files in a folder, and see
# that each understands the same: what is on when, in UTC, under which number.
#
#   tools/ical.sh DIR     DIR holds NAME.ics files that the tests wrote, each
#                         with NAME.json: the same entries as the site knows them
set -uo pipefail
dir=${1:?usage: tools/ical.sh DIR}
root=$(cd "$(dirname "$0")/.." && pwd)
target=$(realpath -m "${CARGO_TARGET_DIR:-$root/target}")
python=$target/venv/bin/python3
out=$target/ical

shopt -s nullglob
files=("$dir"/*.ics)
if [ "${#files[@]}" -eq 0 ]; then
    echo "SKIPPED: $dir holds no calendar; the tests of the site write them"
    exit 0
fi
if ! "$python" -c 'import icalendar' 2>/dev/null; then
    echo "SKIPPED: Python's icalendar is not installed (tools/test.sh does it)"
    exit 0
fi
if [ ! -d "$root/tools/npm/node_modules/ical.js" ]; then
    echo "SKIPPED: ical.js is not installed (tools/test.sh does it)"
    exit 0
fi
if ! pkg-config --exists libical 2>/dev/null; then
    echo "SKIPPED: libical is not installed (tools/install.sh does it)"
    exit 0
fi

rm -rf "$out"
mkdir -p "$out"
# shellcheck disable=SC2046
cc -std=c11 -O1 -Wall -Wextra -Werror -o "$out/libical" "$root/tools/ical/read.c" $(pkg-config --cflags --libs libical) || exit 1

failed=0
for file in "${files[@]}"; do
    name=$(basename "$file" .ics)
    wrong=
    "$python" "$root/tools/ical/read.py" "$file" >"$out/$name.python" || wrong="Python's icalendar can't read it"
    node "$root/tools/ical/read.mjs" "$file" >"$out/$name.node" || wrong="ical.js can't read it"
    "$out/libical" "$file" >"$out/$name.c" || wrong="libical can't read it"
    if [ -z "$wrong" ]; then
        "$python" "$root/tools/ical/same.py" "$dir/$name.json" "$out/$name".{python,node,c} || wrong="they don't agree"
    fi
    if [ -n "$wrong" ]; then
        echo "$name: $wrong"
        failed=$((failed + 1))
    fi
done
echo "checks: $((${#files[@]} - failed)) passed, $failed failed"
[ "$failed" -eq 0 ]
