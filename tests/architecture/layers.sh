#!/usr/bin/env bash
# Checks that includes follow the layers: daemon -> sync -> storage, and that each library stays behind its seam.
# Usage: layers.sh SOURCE_DIR. Prints every violation; exits 1 if there is any.
set -euo pipefail
cd "$1"

violations=0
# forbid WHAT PATTERN WHERE...: no source below WHERE (pathspecs) may have an include or text matching PATTERN.
forbid() {
  local what=$1 pattern=$2
  shift 2
  local hits
  hits=$(find "$@" -name '*.h' -o -name '*.cpp' | sort | xargs grep -nHE "$pattern" || true)
  [ -n "$hits" ] || return 0
  printf 'violation: %s\n%s\n' "$what" "$hits"
  violations=1
}
# The same, with some files left out: forbid_except WHAT PATTERN EXCEPT-REGEX WHERE...
forbid_except() {
  local what=$1 pattern=$2 except=$3
  shift 3
  local hits
  hits=$(find "$@" -name '*.h' -o -name '*.cpp' | sort | grep -vE "$except" | xargs grep -nHE "$pattern" || true)
  [ -n "$hits" ] || return 0
  printf 'violation: %s\n%s\n' "$what" "$hits"
  violations=1
}

forbid 'storage may not know sync or daemon' '#include "(sync|daemon|tests)/' storage
forbid 'sync may not know daemon' '#include "(daemon|tests)/' sync
forbid 'daemon may not know tests' '#include "tests/' daemon
forbid 'storage may not use the network' '#include <Poco/Net' storage
forbid 'sync may not use Poco Data or sqlite3' '#include (<Poco/Data|<sqlite3)' sync
forbid 'daemon may not use Poco Data or sqlite3' '#include (<Poco/Data|<sqlite3)' daemon
forbid 'no SQL text outside storage' '"(SELECT |INSERT INTO |UPDATE |DELETE FROM |PRAGMA |BEGIN |CREATE TABLE )' sync daemon
forbid_except 'the Poco HTTP client stays in sync/http/poco_*' '#include <Poco/Net' '^sync/http/poco_' sync
forbid 'no header may show sqlite3 or Poco' '#include <(sqlite3|Poco/)' $(find storage sync daemon -name '*.h' ! -path 'sync/http/poco_*' ! -name '*_state.h')
forbid_except 'a provider is named only below sync/providers and daemon/config' \
  '"[^"]*([Ss]hutterstock|[Gg]etty)[^"]*"' '^(sync/providers|daemon/config)/' storage sync daemon
forbid 'base may only know base' '#include "storage/(model|sqlite|catalog|ledger|journal|files)/' storage/base
forbid 'model may only know base' '#include "storage/(sqlite|catalog|ledger|journal|files)/' storage/model
forbid 'sqlite may only know base and itself' '#include "storage/(catalog|ledger|journal|files)/' storage/sqlite
forbid 'files may only know base and model' '#include "storage/(sqlite|catalog|ledger|journal)/' storage/files
forbid 'http may only know itself and base' '#include "sync/(providers|quota|transfer|pipeline|sidecar|report|deliver)/' sync/http
forbid 'providers may not know what is above them' '#include "sync/(quota|transfer|pipeline|sidecar|report|deliver)/' sync/providers
forbid 'transfer may not know the pipeline' '#include "sync/(pipeline|sidecar|report|deliver)/' sync/transfer
forbid 'no call that licenses an image' 'kPost.*/v2/images/licenses"' sync daemon

exit $violations
