#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/time.h"
#include "storage/catalog/catalog.h"

namespace damsync {

class Database;

/// What became of a call that may use up quota. Without one it is not known.
enum class SpendOutcome {
  kSpent,     ///< the provider counted it
  kRefused,   ///< the provider said no, in a way it documents
  kNotSpent,  ///< never sent, or the provider's history shows nothing of it
};
const char* to_word(SpendOutcome outcome) noexcept;
std::optional<SpendOutcome> spend_outcome_from_word(std::string_view word) noexcept;

/// What is about to be asked, and of what the provider's history held before.
struct SpendIntent {
  std::string account;
  std::string asset_id;
  std::string license_id;
  std::string size;
  std::string format;
  std::string product;  ///< the provider's word for what pays, e.g. `premiumaccess`
  std::int64_t history_rows = 0;
  UtcTime at{};                       ///< by our clock
  std::optional<UtcTime> service_at;  ///< by the provider's clock, when it tells
};

/// Where the paid file can be had.
struct SpendSource {
  std::string url;  ///< a secret: works without credentials
  std::string format;
  std::optional<UtcTime> valid_until;
};

/// A row of the book.
struct SpendRow : SpendIntent {
  std::int64_t spend_id = 0;
  std::string provider;
  std::string operation;
  std::optional<UtcTime> returned_at;   ///< when the call ended, however; nothing: the process ended first
  std::optional<SpendOutcome> outcome;  ///< nothing: open
  std::optional<UtcTime> closed_at;
  std::string detail;  ///< how it went, for a person
  SpendSource source;
  std::optional<UtcTime> looked_at;  ///< when the history first showed nothing of it
  std::string parked_reason;         ///< not empty while open: a person must decide
  std::string decided_by;
  std::string decision_reason;

  [[nodiscard]] bool open() const noexcept { return !outcome; }
  [[nodiscard]] bool parked() const noexcept { return open() && !parked_reason.empty(); }
  /// Open or spent: nothing may be spent on the same thing again.
  [[nodiscard]] bool claims() const noexcept { return open() || *outcome == SpendOutcome::kSpent; }
  /// Closed because the history showed nothing of it: a belief, not knowledge.
  [[nodiscard]] bool believed_unspent() const noexcept {
    return outcome == SpendOutcome::kNotSpent && looked_at && decided_by.empty();
  }
  /// The call took effect, or may have, and nothing that names the file ever came back.
  [[nodiscard]] bool unanswered() const noexcept { return claims() && source.url.empty() && decided_by.empty(); }
};

/// Whether a row could be opened.
struct SpendOpening {
  enum class Answer { kOpened, kClaimed, kOverBudget };
  Answer answer = Answer::kClaimed;
  std::int64_t spend_id = 0;  ///< when opened
};

/// How many calls are allowed since when.
struct SpendAllowance {
  std::int64_t calls = 0;
  UtcTime since{};
};

/// The book of calls that may use up quota. Rows are opened, then closed; never deleted, and never altered once closed.
///
/// Durable  each writing method is one transaction of its own: when it returns, the row survives a power cut.
/// Errors   SQL failures throw (`DatabaseError`), also an attempt to close what is closed; nothing is written then.
/// Threads  one thread.
class SpendLedger {
 public:
  explicit SpendLedger(Database& db) : db_(db) {}

  /// Writes down that a call is about to be made, unless something open or spent claims the same license, the same
  /// size and format of the asset, or is open for the asset, or the allowance is used up; all checked in the
  /// transaction that opens the row. A claim of any account at the same provider counts: an account may have been given
  /// another name, or be there twice.
  SpendOpening open(const SpendIntent& intent, const SpendAllowance& allowance);
  /// The call took effect. `source` empty: its answer was lost.
  void close_spent(std::int64_t spend_id, const SpendSource& source, const std::string& detail, UtcTime now);
  void close_unspent(std::int64_t spend_id, SpendOutcome outcome, const std::string& detail, UtcTime now);
  /// The call ended and it is not known how.
  void note_unknown(std::int64_t spend_id, const std::string& detail, UtcTime now);
  /// The provider's history was read and shows nothing of it.
  void note_look(std::int64_t spend_id, UtcTime now);
  void park(std::int64_t spend_id, const std::string& reason);
  /// A person's decision about an open row, with who decided and why; kSpent or kNotSpent.
  void decide(std::int64_t spend_id, SpendOutcome outcome, const std::string& by, const std::string& reason,
              UtcTime now);

  [[nodiscard]] std::optional<SpendRow> find(std::int64_t spend_id) const;
  /// Open rows, parked ones included, oldest first.
  [[nodiscard]] std::vector<SpendRow> open_rows(const std::string& account) const;
  /// Every row of one asset, of all accounts at the provider, oldest first.
  [[nodiscard]] std::vector<SpendRow> of_asset(const std::string& provider, const std::string& asset_id) const;
  /// The newest rows of an account that claim something, newest first.
  [[nodiscard]] std::vector<SpendRow> newest_claims(const std::string& account, std::int64_t limit) const;
  /// Writes down, as spent, a call that only somebody else's record tells of, under its own number where that is free.
  /// False when something claims the same already, or the license is not in the catalog.
  bool recover(const SpendIntent& intent, std::int64_t spend_id, const std::string& detail, UtcTime now);
  /// Calls intended since then that were or may have been made; refused ones used nothing up.
  [[nodiscard]] std::int64_t calls_since(const std::string& account, UtcTime since) const;
  /// Oldest first; `filter.state` is `open` or an outcome, its times are of `intended_at`.
  void list(const ListFilter& filter, const std::function<bool(const SpendRow&)>& visit) const;

 private:
  Database& db_;
};

}  // namespace damsync
