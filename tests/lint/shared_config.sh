#!/bin/bash
# shared_config.sh BUILD: one file with the sections of all programs is accepted by each of them, and a section of none by no one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
programs=("$1"/bin/convoke-{intercom,groupchat,planner,executor,worker,gateway,model})
for program in "${programs[@]}"; do env -u CONVOKE_CONFIG "$program" --print-config; done |
  awk '/^[a-z]/ {kept = !($0 in seen); seen[$0] = 1} kept' >"$folder/all.yaml"
[ "$(grep -c '^[a-z]' "$folder/all.yaml")" -ge 15 ] || { cat "$folder/all.yaml"; echo "expected the sections of all programs"; exit 1; }
for program in "${programs[@]}"; do CONVOKE_CONFIG=$folder/all.yaml "$program" --check-config; done
printf 'nowhere:\n  key: 1\n' >"$folder/wrong.yaml"
for program in "${programs[@]}"; do
  if said=$(CONVOKE_CONFIG=$folder/wrong.yaml "$program" --check-config 2>&1); then echo "$program took a section of nobody"; exit 1; fi
  [[ $said == *"wrong.yaml:"*"nowhere"* ]] || { echo "$said"; exit 1; }
done
