#!/usr/bin/env bash
# What the units promise: a sandbox that scores 1.2 or better, no mistake that systemd would only log, the settings an
# operator relies on. Usage: systemd.sh SOURCE_DIR. Exit code 77: systemd-analyze is not installed.
set -euo pipefail
cd "$1/systemd"

readonly worst=12 # tenths of systemd's exposure level
readonly rules=/usr/lib/systemd/system/basic.target
if ! command -v systemd-analyze >/dev/null || [ ! -e "$rules" ]; then
  echo "SKIPPED: systemd-analyze is not installed (Debian package systemd); the units were not checked"
  exit 77
fi

failed=0
fail() {
  printf 'systemd: %s\n' "$*"
  failed=1
}

copies=$(mktemp -d)
trap 'rm -rf "$copies"' EXIT
cp -r ./*.service ./*.timer ./*.service.d "$copies"
# The program may not be installed here; whether it would be found is not what is asked.
sed -i 's|^ExecStart=/usr/bin/damsync|ExecStart=/bin/true|' "$copies"/*.service

for unit in *.service; do
  systemd-analyze security --offline=true --no-pager --threshold=$worst "$copies/$unit" >"$copies/score" 2>&1 ||
    fail "$unit is exposed more than 1.2: $(tail -1 "$copies/score")"
done
for unit in *.service *.timer; do
  said=$(systemd-analyze verify --man=no "$copies/$unit" 2>&1) || fail "$unit is refused"
  [ -z "$said" ] || fail "$unit: $said"
done

sandbox() { sed -n '/^NoNewPrivileges=/,/^SystemCallFilter=~/p' "$1"; }
[ -n "$(sandbox damsync.service)" ] || fail 'damsync.service has no sandbox'
diff <(sandbox damsync.service) <(sandbox damsync-.service.d/hardening.conf) ||
  fail 'the daemon and the one-shot units have different sandboxes'

# wanted UNIT LINE...: settings that others rely on.
wanted() {
  local unit=$1 line
  shift
  for line in "$@"; do
    grep -qxF "$line" "$unit" || fail "$unit lacks $line"
  done
}
wanted damsync.service Type=notify NotifyAccess=main 'ExecStart=/usr/bin/damsync run' \
  'RestartPreventExitStatus=2 77 78' Restart=on-failure User=damsync StateDirectory=damsync RuntimeDirectory=damsync \
  ConfigurationDirectory=damsync LimitCORE=0 UMask=0027
stop=$(sed -n 's/^TimeoutStopSec=\([0-9]*\)s$/\1/p' damsync.service)
[ "${stop:-0}" -gt 20 ] || fail 'damsync.service kills before the 20 s that stopping may take'
grep -q '^WatchdogSec=' damsync.service || fail 'damsync.service has no watchdog'

exit $failed
