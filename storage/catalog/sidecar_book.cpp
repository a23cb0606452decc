#include "storage/catalog/sidecar_book.h"

#include "storage/sqlite/statement.h"

namespace damsync {
namespace {

std::string key_of(const std::string& account) { return "sidecars_from:" + account; }

}  // namespace

std::string SidecarBook::fingerprint(const std::string& account) const {
  Statement query(db_, "SELECT value FROM setting WHERE key = ?");
  return query.bind(key_of(account)).step() ? query.text(0) : std::string();
}

void SidecarBook::renew(const std::string& account, const std::string& fingerprint) {
  Statement(db_, "INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value")
      .bind_all(key_of(account), fingerprint)
      .run();
  Statement(db_, "UPDATE asset SET sidecar_dirty = 1 WHERE account = ? AND sidecar_dirty = 0").bind(account).run();
}

void SidecarBook::drop_beside_files(const std::string& account, const std::string& suffix) {
  Statement(db_,
            "INSERT OR REPLACE INTO leftover (account, path, twin)"
            " SELECT DISTINCT account, path || ?2, '' FROM file WHERE account = ?1 AND path <> ''")
      .bind_all(account, suffix)
      .run();
}

void SidecarBook::drop_of_assets(const std::string& account) {
  Statement(db_,
            "INSERT OR REPLACE INTO leftover (account, path, twin)"
            " SELECT account, sidecar_path, '' FROM asset WHERE account = ? AND sidecar_path <> ''")
      .bind(account)
      .run();
  Statement(db_, "UPDATE asset SET sidecar_path = '', sidecar_sha256 = '' WHERE account = ? AND sidecar_path <> ''")
      .bind(account)
      .run();
}

}  // namespace damsync
