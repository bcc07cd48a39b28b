#!/usr/bin/env bash
# Holds the client against servers that nobody here wrote: a smoke scenario over every protocol that they speak, and their
# model repositories. Not part of CI, as the servers are large and somebody else's.
#
#   tests/servers/run.sh START [NAME...]
#
# START is a command that runs the server NAME in the foreground until it is ended: llama at port 18000, mlserver at 18080
# and 18081 (gRPC) with the model `echo`, triton at 18100 and 18101 with the models `echo` and `echo_stream`.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,8p' "$0" >&2; exit 2; }
start="$(realpath "$1")"
shift
[ $# -gt 0 ] || set -- llama mlserver triton
cd "$(dirname "$0")/../.."
cargo build --quiet --bin inferometer --example models
target="${CARGO_TARGET_DIR:-target}/debug"

server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true' EXIT
failed=0
check() { printf '\n-- %s\n' "$*"; "$@" || failed=1; }

for name in "$@"; do
    "$start" "$name" >"$target/server-$name.log" 2>&1 &
    server=$!
    for scenario in tests/servers/"$name"*.yaml; do
        check "$target/inferometer" run -q "$scenario" --reports "$target/server-reports"
    done
    case "$name" in
    mlserver) rest=18080 grpc=18081 ;;
    triton) rest=18100 grpc=18101 ;;
    *) rest='' ;;
    esac
    if [ -n "$rest" ]; then
        check "$target/examples/models" oip_rest "http://127.0.0.1:$rest" echo
        check "$target/examples/models" oip_grpc "http://127.0.0.1:$grpc" echo
    fi
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
    server=
done
exit "$failed"
