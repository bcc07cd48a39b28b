#!/usr/bin/env bash
# How often the gate is wrong, and what it finds, on this machine: measures the pools of quads that gate_validation draws from.
#
#   scenarios/validation/run.sh FOLDER [VARIANT..]     # `alike` is two arms that are the same; all variants when none is named
#   cargo bench --bench gate_validation -- CLASS=FOLDER ..
#
# INFEROMETER is the program (target/release/inferometer when unset). About 4 minutes for `alike`, half a minute for each other variant.
set -euo pipefail
folder=${1:?expected a folder for what is measured}; shift
here=$(cd "$(dirname "$0")" && pwd)
program=${INFEROMETER:-$here/../../target/release/inferometer}
variants=("$@")
if [ ${#variants[@]} -eq 0 ]; then
  mapfile -t variants < <(sed -n 's/^  \([a-z]*-[0-9a-z]*\): .*/\1/p' "$here/slowed.yaml" | grep -v '^as-is$')
  variants=(alike "${variants[@]}")
fi
for variant in "${variants[@]}"; do
  arguments=("$here/slowed.yaml" --b "$variant")
  [ "$variant" != alike ] || arguments=("$here/alike.yaml")
  echo "$variant"
  # A verdict is no failure here.
  status=0
  "$program" ab "${arguments[@]}" --quiet --report json --reports "$folder/$variant" || status=$?
  case $status in 0 | 1 | 4) ;; *) exit "$status" ;; esac
done
