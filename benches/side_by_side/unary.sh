#!/usr/bin/env bash
# Requests per second of CPU, the mock and nginx in turn: ABBA, as often as asked.
set -euo pipefail
. "$(dirname "$0")/common.sh"
rounds=${ROUNDS:-5} seconds=${SECONDS_EACH:-4} connections=${CONNECTIONS:-50}

taskset -c 0 "$inferometer" mock --rest 127.0.0.1:8100 --grpc 127.0.0.1:8101 --admin 127.0.0.1:8102 > "$work/mock.log" &
mock=$!
ready http://127.0.0.1:8100/health
request='{"model":"tiny","prompt":"one two three","max_tokens":16}'
body=$(curl -s http://127.0.0.1:8100/v1/completions -H 'content-type: application/json' -d "$request")
cat > "$work/nginx.conf" <<CONF
worker_processes 1; daemon off; pid $work/pid; error_log $work/error.log;
events { worker_connections 2048; }
http { access_log off; keepalive_requests 100000000;
  server { listen 127.0.0.1:8200; location / { default_type application/json; return 200 '$body'; } } }
CONF
taskset -c 0 nginx -c "$work/nginx.conf" &
master=$!
ready http://127.0.0.1:8200/
nginx=$(pgrep -P $master)

measure() { # name pid url
  local before after requests
  before=$(ticks "$2")
  taskset -c 1 wrk -t1 -c"$connections" -d"${seconds}s" -s "$here/unary.lua" "$3" > "$work/wrk"
  after=$(ticks "$2")
  ! grep -E 'Non-2xx|Socket errors' "$work/wrk" || { echo "$1 failed requests" >&2; exit 1; }
  requests=$(grep -oP '^\s*\K\d+(?= requests in)' "$work/wrk")
  per_cpu_second=$(echo "$requests * $hz / ($after - $before)" | bc)
  echo "$1: $((requests / seconds)) requests/s, $per_cpu_second requests per second of CPU"
}
ratios=()
for _ in $(seq "$rounds"); do
  measure mock "$mock" http://127.0.0.1:8100/v1/completions; a=$per_cpu_second
  measure nginx "$nginx" http://127.0.0.1:8200/v1/completions; b=$per_cpu_second
  measure nginx "$nginx" http://127.0.0.1:8200/v1/completions; b=$((b + per_cpu_second))
  measure mock "$mock" http://127.0.0.1:8100/v1/completions; a=$((a + per_cpu_second))
  ratios+=("$(echo "scale=3; $a / $b" | bc)")
done
echo "mock / nginx, by quad: ${ratios[*]}; median $(printf '%s\n' "${ratios[@]}" | sort -n | sed -n "$(((rounds + 1) / 2))p")"
