#!/usr/bin/env bash
# Run schemathesis against the built binary, serving the demonstration world.
#
#   SIGNALBOX_PERSON=EMAIL   whose token is used (default: the demo's change manager of the authority)
set -uo pipefail
cd "$(dirname "$0")/.."
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
signalbox=$target/debug/signalbox
data=$target/contract
person=${SIGNALBOX_PERSON:-margaret.osei@authority.example}
address=127.0.0.1:$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
server=

stop() {
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null
        wait "$server" 2>/dev/null
        server=
    fi
}
trap stop EXIT

start() { # start COMMAND: serves in the background and waits until it answers
    "$signalbox" "$1" --data "$data" --listen "$address" >"$target/contract-$1.log" 2>&1 &
    server=$!
    for _ in $(seq 120); do
        if curl --silent --fail --output /dev/null "http://$address/api/openapi.json"; then return 0; fi
        kill -0 "$server" 2>/dev/null || break
        sleep 0.5
    done
    echo "signalbox $1 did not come up:"
    cat "$target/contract-$1.log"
    return 1
}

# The demo fills the folder; a token is then made while no server holds it; and
# what is tested is `serve`, as it would stand on the internet.
rm -rf "$data"
start demo || exit 1
stop
token=$("$signalbox" token --data "$data" --person "$person") || exit 1
start serve || exit 1
tools/schemathesis.sh "http://$address" "$token"
