#!/usr/bin/env bash
# How long the mock takes from the start of its process until it answers health with 200 for the first time: so many starts, one
# after the other.
set -euo pipefail
. "$(dirname "$0")/common.sh"
starts=${STARTS:-50}

# Asks on a connection of its own each time, without a process of its own: curl would take longer to start than the mock.
healthy() {
  local status
  exec 3<> /dev/tcp/127.0.0.1/8100 || return 1
  printf 'GET /health HTTP/1.1\r\nhost: mock\r\nconnection: close\r\n\r\n' >&3
  read -r status <&3
  exec 3>&-
  [[ $status == 'HTTP/1.1 200 '* ]]
}
for _ in $(seq "$starts"); do
  before=$EPOCHREALTIME
  taskset -c 0 "$inferometer" mock --quiet --rest 127.0.0.1:8100 --grpc 127.0.0.1:8101 --admin 127.0.0.1:8102 > "$work/mock.log" 2>&1 &
  mock=$!
  until healthy 2> /dev/null; do kill -0 $mock || { cat "$work/mock.log" >&2; exit 1; }; done
  after=$EPOCHREALTIME
  # Microseconds, whatever the locale separates them by.
  echo $((${after/[.,]/} - ${before/[.,]/})) >> "$work/micros"
  kill $mock
  wait $mock 2> /dev/null || true
done
sort -n "$work/micros" | awk '{us[NR] = $1} END {printf "start to ready, %d starts: median %.1f ms, maximum %.1f ms\n", NR, us[int((NR + 1) / 2)] / 1000, us[NR] / 1000}'
