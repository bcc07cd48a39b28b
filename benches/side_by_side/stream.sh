#!/usr/bin/env bash
# Token events per second, CPU per event and memory per stream, of the mock and of each other server given, in turn.
# stream.sh ['/path/of/other-server --its flags' http://127.0.0.1:8089]...
set -euo pipefail
. "$(dirname "$0")/common.sh"
rounds=${ROUNDS:-3} seconds=${SECONDS_EACH:-10} streams=${STREAMS:-1000} gap=${GAP:-10ms} tokens=100

printf 'latency: { fixed: 50ms }\nper_output_token: { fixed: %s }\n' "$gap" > "$work/mock.yaml"
{ cat "$work/mock.yaml"; echo 'journal: { requests: 0 }'; } > "$work/forgetful.yaml"
measure() { # name url command...
  local name=$1 url=$2 server before after idle full requests events
  shift 2
  taskset -c 0 "$@" > "$work/server.log" 2>&1 &
  server=$!
  ready "$url/v1/models"
  idle=$(resident $server)
  before=$(ticks $server)
  (sleep $((seconds - 1)); resident $server > "$work/full") &
  taskset -c 1 wrk -t1 -c"$streams" -d"${seconds}s" --timeout 30s -s "$here/stream.lua" "$url/v1/completions" > "$work/wrk"
  after=$(ticks $server)
  ! grep -E 'Non-2xx|Socket errors' "$work/wrk" || echo "$name failed requests" >&2
  requests=$(grep -oP '^\s*\K\d+(?= requests in)' "$work/wrk")
  events=$((requests * tokens)) full=$(cat "$work/full")
  echo "$name: $((events / seconds)) events/s, $(echo "scale=2; ($after - $before) * 1000000 / $hz / $events" | bc) us of CPU per event," \
    "$(echo "scale=1; ($full - $idle) / $streams" | bc) KB per stream"
  kill $server
  wait $server 2>/dev/null || true
}
for _ in $(seq "$rounds"); do
  for spec in mock forgetful; do
    measure "$spec" http://127.0.0.1:8100 "$inferometer" mock "$work/$spec.yaml" --rest 127.0.0.1:8100 --grpc 127.0.0.1:8101 --admin 127.0.0.1:8102
  done
  for ((other = 1; other < $#; other += 2)); do
    url=$((other + 1))
    # A command line, split at its spaces.
    # shellcheck disable=SC2086
    measure "$(basename "${!other%% *}")" "${!url}" ${!other}
  done
done
