#!/usr/bin/env bash
# Fail a *yes* in docs/capabilities.md whose named test does not exist or did not run.
#
#   tools/capabilities.sh TESTLOG     the output of `cargo test`
#
# A row reads `| id | capability | yes | test_name |`; the name is the test's path
# as cargo prints it, or its end. Several tests stand with commas between.
set -euo pipefail
log=${1:?usage: tools/capabilities.sh TESTLOG}
cd "$(dirname "$0")/.."

passed=0 failed=0
while IFS='|' read -r _ id _ answer tests _; do
    id=$(echo "$id" | tr -d ' ')
    if [ "$(echo "$answer" | tr -d ' *')" != yes ]; then continue; fi
    wrong=
    names=$(echo "$tests" | tr -d ' `' | tr ',' '\n')
    if [ -z "$names" ]; then wrong="names no test"; fi
    for name in $names; do
        grep -qE "^test (.*::)?$name( - should panic)? \.\.\. ok$" "$log" || wrong="$name did not run and pass"
    done
    if [ -n "$wrong" ]; then
        echo "docs/capabilities.md: $id says yes, but $wrong"
        failed=$((failed + 1))
    else
        passed=$((passed + 1))
    fi
done < <(grep -E '^\| *C[0-9]{3} *\|' docs/capabilities.md)

echo "checks: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
