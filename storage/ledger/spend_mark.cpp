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
    "# Every call that may have used up quota, the newest last: its number and time in the catalog beside this file,\n"
    "# account, asset, license, size, format, product. Without it nothing tells what was paid for since a backup of "
    "the\n"
    "# catalog. It moves with the catalog; never restore it from a backup, never remove it.\n";
constexpr std::uintmax_t kMostBytes = 256 << 20;

template <class Number>
bool take_number(std::string_view& text, Number& out) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failure != std::errc{} || out < 0) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

Error needs_person(const std::string& what) {
  return make_error(
      ErrorCode::kGuard,
      what +
          "; nothing is paid for. With may_consume = \"never\" run `damsync sync`, then `damsync adopt` on "
          "the store, where the files are that were paid for since, then `damsync spend acknowledge "
          "--reason TEXT`");
}

/// What separates fields and lines must not stand in them.
std::string field(std::string_view text) {
  std::string out;
  for (const char c : text)
    out += c == '%' || static_cast<unsigned char>(c) < ' ' ? fmt::format("%{:02X}", static_cast<unsigned char>(c))
                                                           : std::string(1, c);
  return out;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    const bool escape = text[i] == '%' && i + 2 < text.size() &&
                        std::from_chars(&text[i + 1], &text[i + 1] + 2, value, 16).ec == std::errc{};
    out += escape ? static_cast<char>(value) : text[i];
    i += escape ? 2 : 0;
  }
  return out;
}

std::string line_for(std::int64_t spend_id, const SpendIntent& intent) {
  std::string line = fmt::format("{} {}", spend_id, to_millis(intent.at));
  for (const auto* text :
       {&intent.account, &intent.asset_id, &intent.license_id, &intent.size, &intent.format, &intent.product})
    line += '\t' + field(*text);
  return line;
}

/// Nothing for a line of an earlier version, which knows number and time alone.
std::optional<SpendIntent> intent_of(const std::string& line) {
  SpendIntent intent;
  std::size_t at = line.find('\t');
  for (auto* text :
       {&intent.account, &intent.asset_id, &intent.license_id, &intent.size, &intent.format, &intent.product}) {
    if (at == std::string::npos) return std::nullopt;
    const std::size_t end = line.find('\t', ++at);
    *text = unescaped(std::string_view(line).substr(at, end == std::string::npos ? end : end - at));
    at = end;
  }
  return intent;
}

}  // namespace

SpendMark::SpendMark(Database& db) : db_(db) {
  if (!db.path().empty()) path_ = db.path().string() + ".spends";
}

SpendMark::Reading SpendMark::read() const {
  Reading out;
  std::error_code failure;
  out.there = fs::exists(fs::symlink_status(path_, failure));
  out.damaged = !fs::is_regular_file(path_, failure) || fs::file_size(path_, failure) > kMostBytes || failure;
  if (out.damaged) return out;
  std::ifstream in(path_, std::ios::binary);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("#! ")) out.notes += line + "\n";
    if (line.empty() || line.front() == '#') continue;
    std::string_view rest = line;
    Call call{0, 0, line};
    const bool whole = take_number(rest, call.spend_id) && rest.starts_with(' ') &&
                       (rest.remove_prefix(1), take_number(rest, call.at)) && (rest.empty() || rest.front() == '\t');
    out.damaged = out.damaged || !whole || !in.good();  // its line end was written, too
    out.calls.push_back(std::move(call));
  }
  out.damaged = out.damaged || out.calls.empty();
  return out;
}

std::optional<SpendMark::Call> SpendMark::newest_row() const {
  Statement query(db_, "SELECT max(spend_id) FROM spend");
  if (!query.step() || query.is_null(0)) return std::nullopt;
  const std::int64_t spend_id = query.int64(0);
  const auto row = SpendLedger(db_).find(spend_id);
  return Call{spend_id, to_millis(row->at), line_for(spend_id, *row)};
}

bool SpendMark::knows(const Call& call) const {
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
  if (mark.damaged) return needs_person(fmt::format("{} is damaged", path_.string()));
  const Call& newest = mark.calls.back();
  if (knows(newest)) return {};
  return needs_person(fmt::format("the catalog does not know spend {} of {}, so it is older than that", newest.spend_id,
                                  format_rfc3339(from_millis(newest.at))));
}

Status SpendMark::admit() {
  if (auto known = check(); !known || path_.empty() || is_kept()) return known;
  if (!read().there) {
    const auto newest = newest_row();
    if (auto begun = write(newest ? std::vector<Call>{*newest} : std::vector<Call>{}, ""); !begun) return begun;
  }
  expect();
  return {};
}

void SpendMark::expect() {
  Transaction tx(db_);
  CatalogWriter(db_).put_setting(kSetting, "kept");
  tx.commit();
}

Status SpendMark::note(std::int64_t spend_id, const SpendIntent& intent) {
  if (path_.empty()) return {};
  Reading mark = read();
  mark.calls.push_back({spend_id, to_millis(intent.at), line_for(spend_id, intent)});
  return write(mark.calls, mark.notes);
}

void SpendMark::recover(const std::vector<Call>& calls, UtcTime now) const {
  for (const auto& call : calls) {
    auto intent = knows(call) ? std::nullopt : intent_of(call.line);
    if (!intent) continue;
    intent->at = from_millis(call.at);
    SpendLedger(db_).recover(*intent, call.spend_id, "known from " + path_.filename().string(), now);
  }
}

Status SpendMark::acknowledge(const std::string& by, const std::string& reason, UtcTime now) {
  Reading mark = read();
  const std::string lost = mark.calls.empty() ? "an unknown one" : std::to_string(mark.calls.back().spend_id);
  recover(mark.calls, now);
  std::vector<Call> calls;
  for (auto& call : mark.calls) {
    if (call.spend_id != 0 && knows(call))
      calls.push_back(std::move(call));
    else if (call.spend_id != 0)
      mark.notes += "#! not in the catalog: " + call.line + "\n";
  }
  const auto newest = newest_row();
  if (newest && (calls.empty() || calls.back().spend_id != newest->spend_id)) calls.push_back(*newest);
  mark.notes += fmt::format("#! {} {}: newest call was {}, of this catalog {}: {}\n", format_rfc3339(now),
                            printable(by), lost, newest ? newest->spend_id : 0, printable(reason));
  if (auto written = write(calls, mark.notes); !written) return written;
  expect();
  return {};
}

/// Made anew under another name and put in the old one's place, so that there is always a whole one. A number of 0
/// stands for no call, so that an empty file is a damaged one.
Status SpendMark::write(const std::vector<Call>& calls, const std::string& notes) const {
  const fs::path part = path_.string() + ".part";
  std::error_code ignored;
  fs::remove(part, ignored);
  if (auto made = create_private_file(part); !made) return made;
  {
    std::ofstream out(part, std::ios::binary | std::ios::trunc);
    out << kPreamble << notes;
    if (calls.empty()) out << "0 0\n";
    for (const auto& call : calls) out << call.line << '\n';
    out << std::flush;
    if (!out.good()) return make_error(ErrorCode::kStorage, fmt::format("cannot write {}", part.string()));
  }
  auto published = publish_file_over(part, path_);
  crash_point("spend.marked");
  return published;
}

}  // namespace damsync
