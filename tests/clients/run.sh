#!/usr/bin/env bash
# Holds the mock against clients that nobody here wrote: OpenAI's SDK, NVIDIA's tritonclient over HTTP and gRPC, grpcio's
# health and reflection, curl; and against bare sockets that are slow. It also pastes what the mock prints. They live in a
# virtual environment below target/, at the versions in requirements.txt.
#
#   tests/clients/run.sh [path of an inferometer binary; built in release mode when left out]
set -euo pipefail
binary="${1:+$(realpath "$1")}"
here="$(cd "$(dirname "$0")" && pwd)"
cd "$here/../.."
target="${CARGO_TARGET_DIR:-target}"

# The standard library of Debian's Python comes in pieces; without the package venv this one is missing.
has_tools() { command -v curl && python3 -c 'import ensurepip, venv'; } >/dev/null 2>&1
if ! has_tools; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "error: expected python3 with its module venv, and curl" >&2
        exit 1
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3 python3-venv curl >/dev/null
fi

if [ -z "$binary" ]; then
    cargo build --release --locked
    binary="$(realpath "$target")/release/inferometer"
fi

# Kept from run to run while the requirements are the same.
environment="$target/clients"
if ! cmp -s "$here/requirements.txt" "$environment/installed.txt"; then
    python3 -m venv --clear "$environment"
    "$environment/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
    cp "$here/requirements.txt" "$environment/installed.txt"
fi

failed=0
for client in "$here"/client_*.py; do
    printf '\n-- %s\n' "$(basename "$client")"
    INFEROMETER="$binary" PYTHONDONTWRITEBYTECODE=1 "$environment/bin/python" "$client" || failed=1
done
exit "$failed"
