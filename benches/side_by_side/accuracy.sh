#!/usr/bin/env bash
# How late the mock's writes were, by its own journal: streams of 100 tokens, 10 ms apart, for a while.
set -euo pipefail
. "$(dirname "$0")/common.sh"
seconds=${SECONDS_EACH:-10} streams=${STREAMS:-100}

printf 'latency: { fixed: 50ms }\nper_output_token: { fixed: 10ms }\n' > "$work/mock.yaml"
taskset -c 0 "$inferometer" mock "$work/mock.yaml" --rest 127.0.0.1:8100 --grpc 127.0.0.1:8101 --admin 127.0.0.1:8102 > "$work/mock.log" &
ready http://127.0.0.1:8100/health
taskset -c 1 wrk -t1 -c"$streams" -d"${seconds}s" --timeout 30s -s "$here/stream.lua" http://127.0.0.1:8100/v1/completions > "$work/wrk"
curl -s 'http://127.0.0.1:8102/admin/journal?from=0&most=100000' | grep -o '"late_ns":[0-9]*' | cut -d: -f2 | sort -n > "$work/late"
writes=$(wc -l < "$work/late")
at() { sed -n "$(echo "($writes * $1 + 999) / 1000" | bc)p" "$work/late" | awk '{printf "%.0f us", $1 / 1000}'; }
echo "$writes writes of $streams streams, later than due by: p50 $(at 500), p90 $(at 900), p99 $(at 990), p99.9 $(at 999)"
