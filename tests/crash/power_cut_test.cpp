#include <doctest/doctest.h>

#include "storage/sqlite/statement.h"
#include "tests/crash/small_world.h"
#include "tests/support/fault_file_ops.h"
#include "tests/support/power_loss_file_ops.h"

namespace damsync {
namespace {

using Survivors = PowerLossFileOps::Survivors;

/// A cycle whose store forgets what was not synced. What a commit of the catalog says stays, as SQLite promises with
/// synchronous=FULL; whenever one was made the power could go, and the store must still have all that the catalog
/// names.
class PowerCuts {
 public:
  PowerCuts() {
    bench_.wrap_ops = [this](FileOps&) {
      auto gate = std::make_unique<FaultFileOps>(disk_);
      gate_ = gate.get();
      gate_->before_each = [this] { look_at_store(); };
      return gate;
    };
    bench_.reopen();
    set_moment(bench_, Moment::kFirst);
  }

  void run() {
    bench_.db().set_fault_hook([this](std::string_view sql) {
      if (sql == "BEGIN IMMEDIATE" && !looking_) look();
      return 0;
    });
    REQUIRE_FALSE(bench_.cycle().error);
    look();
    bench_.db().set_fault_hook(nullptr);
    CHECK(broken_ == "");
  }

  [[nodiscard]] int looks() const noexcept { return looks_; }

 private:
  void look() {
    looking_ = true;
    ++looks_;
    const auto waiting = gate_->pause();
    for (const auto survivors : {Survivors::kOnlySynced, Survivors::kAllNames})
      check(disk_.after_power_cut(survivors)->files());
    looking_ = false;
  }

  void check(const std::map<std::string, std::string>& left) {
    for (const char* named : {"SELECT path, sha256 FROM file WHERE state = 'mirrored'",
                              "SELECT sidecar_path, sidecar_sha256 FROM asset WHERE sidecar_path <> ''"}) {
      Statement rows(bench_.db(), named);
      while (rows.step()) {
        const auto path = rows.text(0);
        CAPTURE(path);
        const auto file = left.find(path);
        REQUIRE(file != left.end());
        CHECK(sha256_hex(file->second) == rows.text(1));
      }
    }
  }

  /// Between any two calls, in whatever thread: each name that may have survived is of a whole file.
  void look_at_store() {
    for (const auto& [path, bytes] : disk_.after_power_cut(Survivors::kAllNames)->files()) {
      if (path.starts_with(".damsync/")) continue;
      const bool sidecar = path.ends_with(".json") || path.ends_with(".xmp");
      if (bytes.empty() || (sidecar && !parses(path, bytes))) complain(path);
    }
  }

  void complain(const std::string& path) {
    if (broken_.find(path) == std::string::npos) broken_ += "\n" + path;
  }

  PowerLossFileOps disk_;
  FaultFileOps* gate_ = nullptr;
  CycleBench bench_;
  bool looking_ = false;
  int looks_ = 0;
  std::string broken_;
};

}  // namespace

TEST_CASE("G3 I1 I2 power: what is visible is whole and what the catalog names is there whenever the power goes") {
  PowerCuts cuts;
  cuts.run();
  CHECK(cuts.looks() > 10);
}

}  // namespace damsync
