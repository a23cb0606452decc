#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "storage/base/json.h"
#include "tests/simulators/demo_data.h"
#include "tests/simulators/shutterstock_sim.h"
#include "tests/support/program.h"
#include "tests/support/temp_dir.h"

namespace damsync {

using Words = std::vector<std::string>;

/// What identifies one version of a file on disk: written again, even with the same bytes, it is another one.
struct FileMark {
  std::uint64_t inode = 0;
  std::int64_t modified_ns = 0;
  std::int64_t bytes = 0;
  bool operator==(const FileMark&) const = default;
};

/// The real program and a simulated Shutterstock, side by side: an account with a few images, settings in a temporary
/// folder, a log of every request.
///
/// At its end the simulator's books are compared with what the program printed: no purchase, no credential on a file,
/// no request beyond the published contract, every call counted, every fault fired, no secret in any output.
class Desk {
 public:
  /// With `images` pictures of one license each, an hour apart, the newest two hours ago.
  explicit Desk(int images = 6);
  ~Desk();

  /// Runs the program with the settings of this desk.
  ProgramResult damsync(const Words& words);
  /// `sync --json`; checks its exit code and returns what it printed.
  Json sync(int exit_code = 0, const Words& more = {});
  /// The only account of what `sync` returns.
  static Json account_of(const Json& run);
  /// `list WHAT --json`.
  std::vector<Json> list(const Words& what);
  Json show(const std::string& asset_id);
  /// Starts the program and comes back at once.
  std::unique_ptr<Program> start(const Words& words);
  /// The call that `damsync` would make.
  [[nodiscard]] ProgramCall call(const Words& words) const;

  /// Writes the settings file from the tables below.
  void write_settings() const;
  void write_file(const std::string& name, const std::string& text, unsigned mode = 0600) const;

  /// A picture in the catalogue, and one license of it.
  void add_image(const std::string& id, const std::string& description = "A picture");
  std::string add_license(const std::string& image_id, UtcTime time);
  static std::string image_id(int index) { return std::to_string(118'139'110 + index * 1009); }
  static std::string license_id(int index) { return "i" + std::to_string(1'188'641'320 + index * 7); }

  /// The published tree: relative path and bytes.
  [[nodiscard]] std::map<std::string, std::string> tree() const;
  /// Every file of the store, hidden ones too, with its mark.
  [[nodiscard]] std::map<std::string, FileMark> marks() const;
  [[nodiscard]] std::filesystem::path store() const { return dir.path() / "store"; }
  [[nodiscard]] std::filesystem::path catalog() const { return dir.path() / "catalog.db"; }
  /// The bytes the provider serves for an image.
  std::string served(const std::string& image_id, const std::string& size = "huge");

  [[nodiscard]] std::vector<SimRequest> requests() const;
  [[nodiscard]] std::int64_t count(const std::string& pattern) const;
  void forget_requests();

  ShutterstockSim sim;
  TempDir dir;
  std::map<std::string, std::string> account, store_keys, limits;  ///< TOML values of the settings file
  std::map<std::string, std::string> environment;
  std::function<void(SimRequest&)> before;                     ///< may change what the simulator sees
  std::function<void(const SimRequest&, SimResponse&)> after;  ///< may change what the program sees
  std::vector<std::string> secrets;                            ///< must never be seen in any output
  bool refusals_expected = false;                              ///< the simulator refuses something in this test
  bool calls_comparable = true;                                ///< every call was made by a `sync` of ours that ended

 private:
  SimResponse serve(const SimRequest& request);
  void keep(const ProgramResult& result);
  void check_requests() const;
  void check_books() const;
  void check_secrets() const;

  mutable std::mutex mutex_;
  std::vector<SimRequest> requests_;
  std::string outputs_;
  int licenses_added_ = 0;
  std::int64_t calls_reported_ = 0, calls_of_ours_ = 0;
  SimServer server_;
};

/// Members of JSON objects; a missing one fails the test.
const Json& member(const Json& json, std::string_view name);
std::int64_t number(const Json& json, std::string_view name);
std::string text(const Json& json, std::string_view name);
bool flag(const Json& json, std::string_view name);
bool holds(const std::string& text, std::string_view part);
/// The objects, one a line, of NDJSON.
std::vector<Json> lines_of(const std::string& text);

}  // namespace damsync
