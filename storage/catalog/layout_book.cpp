#include "storage/catalog/layout_book.h"

#include "storage/catalog/rows.h"
#include "storage/sqlite/statement.h"

namespace damsync {
namespace {

std::string key_of(const std::string& account) { return "layout:" + account; }

bool any(Database& db, const char* sql, const std::string& path) {
  Statement query(db, sql);
  return query.bind(path).step();
}

}  // namespace

std::string LayoutBook::layout(const std::string& account) const {
  Statement query(db_, "SELECT value FROM setting WHERE key = ?");
  return query.bind(key_of(account)).step() ? query.text(0) : std::string();
}

void LayoutBook::put_layout(const std::string& account, const std::string& layout) {
  Statement(db_, "INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value")
      .bind_all(key_of(account), layout)
      .run();
}

std::vector<std::string> LayoutBook::paths(const std::string& account, const std::string& after,
                                           std::size_t limit) const {
  Statement query(db_,
                  "SELECT DISTINCT path FROM file WHERE account = ? AND path > ? AND path <> ''"
                  " ORDER BY path LIMIT ?");
  query.bind_all(account, after, static_cast<std::int64_t>(limit));
  std::vector<std::string> out;
  while (query.step()) out.push_back(query.text(0));
  return out;
}

std::vector<FileRow> LayoutBook::files_at(const std::string& account, const std::string& path) const {
  Statement query(
      db_, std::string(kSelectFile) + " WHERE f.path = ? AND f.path <> '' AND f.account = ? ORDER BY f.license_id");
  query.bind_all(path, account);
  std::vector<FileRow> out;
  while (query.step()) out.push_back(read_file(query));
  return out;
}

bool LayoutBook::taken(const std::string& path) const {
  return any(db_, "SELECT 1 FROM file WHERE path = ? AND path <> '' LIMIT 1", path) ||
         any(db_, "SELECT 1 FROM leftover WHERE path = ? LIMIT 1", path);
}

bool LayoutBook::sidecar_taken(const AssetRow& asset, const std::string& path) const {
  Statement query(db_,
                  "SELECT 1 FROM asset WHERE sidecar_path = ?1 AND sidecar_path <> ''"
                  " AND (account, asset_id) <> (?2, ?3)"
                  " UNION ALL SELECT 1 FROM leftover WHERE path = ?1 AND account <> ?2 LIMIT 1");
  return query.bind_all(path, asset.account, asset.asset_id).step();
}

bool LayoutBook::sidecar_shared(const AssetRow& asset) const {
  Statement query(db_,
                  "SELECT 1 FROM asset WHERE sidecar_path = ? AND sidecar_path <> ''"
                  " AND (account, asset_id) < (?, ?) LIMIT 1");
  return query.bind_all(asset.sidecar_path, asset.account, asset.asset_id).step();
}

void LayoutBook::move(const std::string& account, const std::string& from, const std::string& to) {
  Statement(db_, "UPDATE file SET path = ? WHERE path = ? AND path <> '' AND account = ?")
      .bind_all(to, from, account)
      .run();
  add_leftover(account, {from, to});
}

void LayoutBook::move_sidecar(const AssetRow& asset, const std::string& to) {
  Statement(db_,
            "UPDATE asset SET sidecar_path = '', sidecar_sha256 = '', sidecar_dirty = 1"
            " WHERE account = ? AND asset_id = ?")
      .bind_all(asset.account, asset.asset_id)
      .run();
  add_leftover(asset.account, {asset.sidecar_path, ""});
  add_leftover(asset.account, {to, ""});
}

void LayoutBook::add_leftover(const std::string& account, const Leftover& leftover) {
  Statement(db_,
            "INSERT INTO leftover (account, path, twin) VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET twin = excluded.twin")
      .bind_all(account, leftover.path, leftover.twin)
      .run();
}

std::vector<LayoutBook::Leftover> LayoutBook::leftovers(const std::string& account, std::size_t limit) const {
  Statement query(db_, "SELECT path, twin FROM leftover WHERE account = ? ORDER BY path LIMIT ?");
  query.bind_all(account, static_cast<std::int64_t>(limit));
  std::vector<Leftover> out;
  while (query.step()) out.push_back({query.text(0), query.text(1)});
  return out;
}

void LayoutBook::list_leftovers(const std::function<void(const std::string& path)>& visit) const {
  Statement query(db_, "SELECT path FROM leftover");
  while (query.step()) visit(query.text(0));
}

void LayoutBook::clear_leftover(const std::string& account, const std::string& path) {
  Statement(db_, "DELETE FROM leftover WHERE account = ? AND path = ?").bind_all(account, path).run();
}

bool LayoutBook::in_use(const std::string& path) const {
  return any(db_, "SELECT 1 FROM file WHERE path = ? AND path <> '' LIMIT 1", path) ||
         any(db_, "SELECT 1 FROM asset WHERE sidecar_path = ? AND sidecar_path <> '' LIMIT 1", path);
}

}  // namespace damsync
