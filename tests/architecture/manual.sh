#!/usr/bin/env bash
# The generated manual and completions are well-formed and complete what a person would type.
# Usage: manual.sh MANUAL_DIR. Shells that are not installed are named and left out.
set -euo pipefail
cd "$1"

failed=0
fail() {
  printf 'manual: %s\n' "$*"
  failed=1
}

for page in damsync.1 damsync-sandbox.1 damsync.toml.5 damsync-events.7; do
  said=$(LC_ALL=C.UTF-8 groff -man -Tutf8 -ww -z "$page" 2>&1)
  [ -z "$said" ] || fail "$page: $said"
  grep -q '@[A-Z]*@' "$page" && fail "$page still holds a mark of its template"
  grep -q '^\.SH NAME' "$page" || fail "$page has no name"
done

# completes 'WORDS BEFORE' 'PART' EXPECTED...: each of them is offered, and only words that begin with the part.
completes() {
  local words=$1 part=$2 offered word
  shift 2
  offered=$(bash -c 'source ./damsync.bash; read -ra COMP_WORDS <<<"$1"; COMP_WORDS+=("$2")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _damsync; printf "%s\n" "${COMPREPLY[@]}"' - "$words" "$part")
  for word in "$@"; do
    grep -qxF -- "$word" <<<"$offered" || fail "bash offers no $word after '$words $part'"
  done
  while read -r word; do
    [ -z "$word" ] || [[ $word == "$part"* ]] || fail "bash offers $word after '$words $part'"
  done <<<"$offered"
}
bash -n damsync.bash || fail 'bash refuses its completion'
completes damsync '' sync status list config auth
completes damsync s sync status show
completes 'damsync --json' st status
completes 'damsync -c list' st status
completes 'damsync list' fi files
completes 'damsync list files' --st --state
completes 'damsync list files' --js --json
completes 'damsync sync' --d --dry-run
completes 'damsync sync --log-level' d debug
completes 'damsync auth' '' login check
completes 'damsync audit' '' verify diff prune
completes 'damsync --log-format =' '' text json
completes 'damsync sync --log-format =' j json
completes 'damsync --log-format = text' st status

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
touch "$folder/My Pictures"
completes 'damsync adopt' "$folder/My" "$folder/My Pictures"

for shell in zsh fish; do
  file=_damsync
  [ $shell = zsh ] || file=damsync.fish
  if ! command -v $shell >/dev/null; then
    echo "left out: $shell is not installed"
    continue
  fi
  $shell -n $file || fail "$shell refuses its completion"
  for word in sync dry-run log-format; do
    grep -q -- "$word" $file || fail "$file does not know $word"
  done
done
exit $failed
