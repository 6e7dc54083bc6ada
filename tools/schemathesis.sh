#!/usr/bin/env bash
# Let schemathesis make up requests from the API's own description and see
# whether the answers keep to it.
#
#   tools/schemathesis.sh URL TOKEN      e.g. http://127.0.0.1:8080 sbx_...
#
# SIGNALBOX_EXAMPLES=N requests per operation (default 25); never over three minutes.
set -uo pipefail
url=${1:?usage: tools/schemathesis.sh URL TOKEN}
token=${2:?usage: tools/schemathesis.sh URL TOKEN}
cd "$(dirname "$0")/.."
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
program=$target/venv/bin/schemathesis
if [ ! -x "$program" ]; then
    echo "SKIPPED: schemathesis is not installed (tools/test.sh does it)"
    exit 0
fi

# Any change that the token sees.
SIGNALBOX_REF=$(curl --silent --header "Authorization: Bearer $token" "$url/api/v1/changes?limit=1" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["items"][0]["reference"])') || exit 1
export SIGNALBOX_REF
config=$PWD/tools/schemathesis.toml
export PYTHONPATH=$PWD/tools SCHEMATHESIS_HOOKS=schemathesis_hooks

report=$target/schemathesis
rm -rf "$report"
mkdir -p "$report"
# It keeps notes in the folder where it runs.
cd "$report" || exit 1
# A seed makes a failure in one place the same failure in every other.
timeout 180 "$program" --config-file "$config" run "$url/api/openapi.json" --url "$url" \
    --header "Authorization: Bearer $token" \
    --phases examples,coverage,fuzzing \
    --max-examples "${SIGNALBOX_EXAMPLES:-25}" --seed 20261122 \
    --generation-database none --request-timeout 10 \
    --continue-on-failure --no-color \
    --report junit --report-dir "$report" --report-junit-path "$report/junit.xml"
status=$?

if [ "$status" -eq 124 ]; then
    echo "schemathesis did not end within three minutes"
elif [ -f "$report/junit.xml" ]; then
    python3 - "$report/junit.xml" <<'PYTHON'
import sys
import xml.etree.ElementTree as xml

cases = list(xml.parse(sys.argv[1]).iter("testcase"))
bad = sum(1 for c in cases if c.find("failure") is not None or c.find("error") is not None)
print(f"checks: {len(cases) - bad} passed, {bad} failed")
PYTHON
fi
exit "$status"
