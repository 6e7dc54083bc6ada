#!/usr/bin/env bash
# Check that every page in a folder is valid HTML, with the Nu HTML checker.
#
#   tools/vnu.sh DIR     DIR holds the *.html files that the page tests wrote
set -uo pipefail
dir=${1:?usage: tools/vnu.sh DIR}
root=$(cd "$(dirname "$0")/.." && pwd)
jar=$root/tools/npm/node_modules/vnu-jar/build/dist/vnu.jar

shopt -s nullglob globstar
pages=("$dir"/**/*.html)
if [ "${#pages[@]}" -eq 0 ]; then
    echo "SKIPPED: $dir holds no page; the page tests write them"
    exit 0
fi
if [ ! -f "$jar" ] || ! command -v java >/dev/null 2>&1; then
    echo "SKIPPED: the Nu HTML checker needs Java and tools/npm (run tools/install.sh)"
    exit 0
fi

# One line for each message: "file:URL":LINE.COL-LINE.COL: error: text
found=$(java -Xss8m -jar "$jar" --errors-only --format gnu "${pages[@]}" 2>&1)
status=$?
if [ -n "$found" ]; then printf '%s\n' "$found"; fi

faulty=$(printf '%s\n' "$found" | grep -o '^"[^"]*"' | sort -u | wc -l)
if [ "$status" -ne 0 ] && [ "$faulty" -eq 0 ]; then faulty=1; fi
echo "checks: $((${#pages[@]} - faulty)) passed, $faulty failed"
[ "$faulty" -eq 0 ]
