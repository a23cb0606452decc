#!/usr/bin/env bash
# No source file past 500 lines. Usage: size.sh SOURCE_DIR.
set -euo pipefail
cd "$1"
long=$(find storage sync daemon tests -name '*.h' -o -name '*.cpp' -o -name '*.sql' | xargs wc -l | awk '$2 != "total" && $1 > 500')
[ -z "$long" ] || { printf 'files past 500 lines, split them by responsibility:\n%s\n' "$long"; exit 1; }
