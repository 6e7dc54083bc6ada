#!/usr/bin/env bash
# Every check, stage by stage, on one debug build. Ends with minutes per stage
# and one line that counts: `N passed, N failed` (and `, N skipped`).
#
#   SIGNALBOX_FULL=1     the long runs as well (50 kill rounds on each engine)
#   CI=true              a skipped check is a failure
#   SIGNALBOX_SUMMARY=F  write the counting line to F instead of printing it
set -uo pipefail
cd "$(dirname "$0")/.."

target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
logs=$target/test-logs
mkdir -p "$logs"
rm -f "$logs"/*
# Pages and calendars that an earlier run left would be judged again.
rm -rf "$target/pages" "$target/feeds" "$target/maintnote"

passed=0 failed=0 skipped=0
minutes=()

# count LOG: the lines by which a stage reports what it did:
#   test result: ok. 12 passed; 0 failed; 1 ignored; ...   (cargo)
#   checks: 12 passed, 0 failed                             (the scripts here)
#   SKIPPED: reason                                         (a test that could not run)
# Cargo counts a test that says SKIPPED among the passed; it is taken out again.
# What cargo calls ignored is no test here but a child process of one (tidy.rs sees to it).
count() {
    local p f s
    read -r p f s < <(awk '
        /^test result:/ { p += $4; f += $6 }
        /^checks: /     { p += $2; f += $4 }
        /^SKIPPED: /    { s += 1; if (in_cargo) p -= 1 }
        /^ *Running |^ *Doc-tests / { in_cargo = 1 }
        END { print p + 0, f + 0, s + 0 }' "$1")
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    # A stage that fails without naming a failure (a build error, a crash) is one.
    if [ "$2" -ne 0 ] && [ "$f" -eq 0 ]; then failed=$((failed + 1)); fi
}

stage() { # stage NAME COMMAND...
    local name=$1 log=$logs/$1.log began status
    shift
    echo
    echo "== $name"
    began=$(date +%s)
    "$@" 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    count "$log" "$status"
    minutes+=("$(printf '%5.1f min  %s%s' \
        "$(awk "BEGIN { print ($(date +%s) - $began) / 60 }")" "$name" \
        "$([ "$status" -eq 0 ] || echo '  FAILED')")")
    return "$status"
}

finish() {
    echo
    printf '%s\n' "${minutes[@]}"
    local line="$passed passed, $failed failed"
    if [ "$skipped" -gt 0 ]; then line="$line, $skipped skipped"; fi
    if [ -n "${SIGNALBOX_SUMMARY:-}" ]; then echo "$line" >"$SIGNALBOX_SUMMARY"; else echo "$line"; fi
    if [ "$failed" -gt 0 ]; then exit 1; fi
    # What a test reports as skipped is an engine, a browser or a peer; only
    # material outside the repository may be missing (it says NOT HERE instead).
    if [ "$skipped" -gt 0 ] && [ "${CI:-}" = true ]; then exit 1; fi
    exit 0
}

tools_ready() {
    tools/install.sh || return
    npm ci --prefix tools/npm --ignore-scripts --no-audit --no-fund --loglevel=error || return
    python_ready "$target/venv" tools/requirements.txt || return
    python_ready "$target/venv-maintnote" tools/requirements-maintnote.txt
}

# python_ready VENV REQUIREMENTS: the lock of an environment is its list of
# versions; it is made again when that changes.
python_ready() {
    local venv=$1 stamp
    stamp=$(sha256sum "$2")
    if [ "$(cat "$venv/stamp" 2>/dev/null)" != "$stamp" ]; then
        rm -rf "$venv"
        python3 -m venv "$venv" || return
        "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$2" || return
        echo "$stamp" >"$venv/stamp"
    fi
}

checked() { # checked COMMAND...: a command that is one check by its exit code
    if "$@"; then echo "checks: 1 passed, 0 failed"; else
        echo "checks: 0 passed, 1 failed"
        return 1
    fi
}

build() { cargo test --workspace --locked --no-run; }
lint() {
    cargo clippy --workspace --locked -- -D warnings || return
    # Tests and benchmarks may ask the machine for its time and surroundings; every other lint holds.
    cargo clippy --workspace --tests --benches --locked -- -D warnings -A clippy::disallowed_methods
}
tests() { cargo test --workspace --locked --no-fail-fast; }

stage tools tools_ready || finish
stage assets tools/assets.sh || finish
stage format checked cargo fmt --all --check
stage build build || finish
stage lint checked lint
stage tests tests
stage html tools/vnu.sh "$target/pages"
stage calendars tools/ical.sh "$target/feeds"
stage notices tools/maintnote.sh "$target/maintnote"
stage contract tools/contract.sh
stage capabilities tools/capabilities.sh "$logs/tests.log"
finish
