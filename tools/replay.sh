#!/usr/bin/env bash
# Replay a register of downtimes (filed, amended, removed, in time order) through the API of a fresh server, whose clock
# stands at the time of each event, and hold what comes of it to a fold of the same events in Python.
#
#   tools/replay.sh FOLDER [--first N] [--no-letters]     FOLDER holds events.jsonl, downtimes.csv and resources.csv
#
#   SIGNALBOX_REPLAY=DIR   where the server keeps its data (default: in memory, where there is a place for it)
set -uo pipefail
folder=${1:?usage: tools/replay.sh FOLDER [--first N] [--no-letters]}
shift
root=$(cd "$(dirname "$0")/.." && pwd)
target=$(realpath -m "${CARGO_TARGET_DIR:-$root/target}")
signalbox=$target/debug/signalbox

if [ ! -f "$folder/events.jsonl" ]; then
    echo "SKIPPED: $folder/events.jsonl is not there; the register is no part of this project"
    exit 0
fi
if [ ! -x "$signalbox" ]; then
    echo "SKIPPED: $signalbox is not built"
    exit 0
fi
# Some 25,000 tasks are written down one by one; with a disk that is slow to say that it has them, that takes hours.
base=$target
if [ -w /dev/shm ]; then base=/dev/shm; fi
work=${SIGNALBOX_REPLAY:-$(mktemp -d "$base/signalbox-replay-XXXXXX")}
mkdir -p "$work" "$target"
if [ -z "${SIGNALBOX_REPLAY:-}" ]; then trap 'rm -rf "$work"' EXIT; fi

cc -std=c11 -O1 -Wall -Wextra -Werror -shared -fPIC -o "$target/replay-clock.so" "$root/tools/replay/clock.c" || exit 1
python3 -u "$root/tools/replay.py" "$folder" --signalbox "$signalbox" --clock "$target/replay-clock.so" --work "$work" "$@"
