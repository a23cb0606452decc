#include "storage/ledger/spend_mark.h"

#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <sstream>

#include "storage/base/crash_point.h"
#include "storage/base/text.h"
#include "storage/catalog/catalog.h"
#include "storage/catalog/catalog_writer.h"
#include "storage/ledger/spend_ledger.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/durable_file.h"
#include "storage/sqlite/statement.h"
#include "storage/sqlite/transaction.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSetting = "spend_mark";  ///< the catalog remembers that there is a mark
constexpr const char* kPreamble =
    "# The newest call that may have used up quota: its number and time in the catalog beside this file. Without it\n"
    "# nothing tells that a catalog is older than what was paid for. It moves with the catalog; never restore it from "
    "a\n"
    "# backup, never remove it.\n";
constexpr std::uintmax_t kMostBytes = 1 << 20;

template <class Number>
bool take_number(std::string_view& text, Number& out) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failure != std::errc{} || out < 0) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

Error needs_person(const std::string& what) {
  return make_error(ErrorCode::kGuard,
                    what +
                        "; nothing is paid for. What was paid for since is in the store: with may_consume = \"never\" "
                        "run `damsync sync`, then `damsync adopt` on the store, then `damsync spend acknowledge "
                        "--reason TEXT`");
}

}  // namespace

SpendMark::SpendMark(Database& db) : db_(db) {
  if (!db.path().empty()) path_ = db.path().string() + ".spends";
}

SpendMark::Reading SpendMark::read() const {
  Reading out;
  std::error_code failure;
  out.there = fs::exists(fs::symlink_status(path_, failure));
  if (!fs::is_regular_file(path_, failure) || fs::file_size(path_, failure) > kMostBytes || failure) return out;
  std::ifstream in(path_, std::ios::binary);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("#! ")) out.notes += line + "\n";
    if (line.empty() || line.front() == '#') continue;
    std::string_view rest = line;
    Newest newest;
    const bool whole = take_number(rest, newest.spend_id) && rest.starts_with(' ') &&
                       (rest.remove_prefix(1), take_number(rest, newest.at)) && rest.empty();
    out.newest = whole && in.good() ? std::optional(newest) : std::nullopt;  // its line end was written, too
    if (!out.newest) return out;
  }
  return out;
}

SpendMark::Newest SpendMark::newest_row() const {
  Statement query(db_, "SELECT spend_id, intended_at FROM spend ORDER BY spend_id DESC LIMIT 1");
  if (!query.step()) return {};
  return {query.int64(0), query.int64(1)};
}

bool SpendMark::knows(const Newest& call) const {
  if (call.spend_id == 0) return true;
  Statement query(db_, "SELECT 1 FROM spend WHERE spend_id = ? AND intended_at = ?");
  return query.bind_all(call.spend_id, call.at).step();
}

bool SpendMark::is_kept() const { return !Catalog(db_).setting(kSetting).empty(); }

Status SpendMark::check() const {
  if (path_.empty()) return {};
  const Reading mark = read();
  if (!mark.there)
    return is_kept() ? Status(needs_person(fmt::format("{} is missing, so the catalog may be older than what was paid "
                                                       "for",
                                                       path_.string())))
                     : Status();
  if (!mark.newest) return needs_person(fmt::format("{} is damaged", path_.string()));
  if (knows(*mark.newest)) return {};
  return needs_person(fmt::format("the catalog does not know spend {} of {}, so it is older than that",
                                  mark.newest->spend_id, format_rfc3339(from_millis(mark.newest->at))));
}

Status SpendMark::admit() {
  if (auto known = check(); !known || path_.empty() || is_kept()) return known;
  if (!read().there)
    if (auto begun = write(newest_row(), ""); !begun) return begun;
  expect();
  return {};
}

void SpendMark::expect() {
  Transaction tx(db_);
  CatalogWriter(db_).put_setting(kSetting, "kept");
  tx.commit();
}

Status SpendMark::note(std::int64_t spend_id, UtcTime at) {
  if (path_.empty()) return {};
  return write({spend_id, to_millis(at)}, read().notes);
}

Status SpendMark::acknowledge(const std::string& by, const std::string& reason, UtcTime now) {
  const Newest own = newest_row();
  const Reading before = read();
  const std::string lost = before.newest ? std::to_string(before.newest->spend_id) : "an unknown one";
  const std::string note = fmt::format("#! {} {}: newest call was {}, of this catalog {}: {}\n", format_rfc3339(now),
                                       printable(by), lost, own.spend_id, printable(reason));
  if (auto written = write(own, before.notes + note); !written) return written;
  Transaction tx(db_);
  CatalogWriter(db_).put_setting(kSetting, "kept");
  tx.commit();
  return {};
}

/// Made anew under another name and put in the old one's place, so that there is always a whole one.
Status SpendMark::write(const Newest& newest, const std::string& notes) {
  const fs::path part = path_.string() + ".part";
  std::error_code ignored;
  fs::remove(part, ignored);
  if (auto made = create_private_file(part); !made) return made;
  {
    std::ofstream out(part, std::ios::binary | std::ios::trunc);
    out << kPreamble << notes << newest.spend_id << ' ' << newest.at << '\n' << std::flush;
    if (!out.good()) return make_error(ErrorCode::kStorage, fmt::format("cannot write {}", part.string()));
  }
  auto published = publish_file_over(part, path_);
  crash_point("spend.marked");
  return published;
}

}  // namespace damsync
