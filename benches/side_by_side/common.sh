# What the scripts share: where things are, and how CPU time is read.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
inferometer=${INFEROMETER:-$here/../../target/dist/inferometer}
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$work"' EXIT
[ -x "$inferometer" ] || { echo "no $inferometer: cargo build --profile dist, or set INFEROMETER" >&2; exit 1; }

# Ticks of CPU that a process has used, by itself and in the kernel.
ticks() { awk '{print $14 + $15}' "/proc/$1/stat"; }
# Resident memory of a process in KB.
resident() { awk '/VmRSS/ {print $2}' "/proc/$1/status"; }
# Waits until a URL answers at all.
ready() { until curl -s -o /dev/null "$1"; do sleep 0.1; done; }
hz=$(getconf CLK_TCK)
