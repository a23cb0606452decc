#include "sync/providers/getty_connect/asset_list.h"

#include <doctest/doctest.h>

#include <fstream>

#include "tests/support/temp_dir.h"

using namespace damsync;
using namespace damsync::getty_connect;

using Ids = std::vector<std::string>;

TEST_CASE("assets file: one id a line, comments and blanks do not count") {
  const auto list = parse_asset_list("\xEF\xBB\xBF# our archive\r\n\r\n  53 # the Beatles\r\n51\t\n#54\n51\n5-2_b");
  CHECK(list.ids == Ids{"5-2_b", "51", "53"});
  CHECK(list.rejected.empty());
  CHECK(parse_asset_list("").ids.empty());
}

TEST_CASE("P1 assets file: a line that is no id is rejected with its number, the others count") {
  const auto list = parse_asset_list("51\n../../etc/passwd\n\n52 53\n54\n" + std::string(65, '7') + "\n\x01\n");
  CHECK(list.ids == Ids{"51", "54"});
  REQUIRE(list.rejected.size() == 4);
  CHECK(list.rejected[0].key == "../../etc/passwd");
  CHECK(list.rejected[0].reason == "line 2: does not have the form of an asset id");
  CHECK(list.rejected[1].reason.starts_with("line 4:"));
  CHECK(list.rejected[2].reason.starts_with("line 6:"));
  CHECK(list.rejected[3].key == "\\x01");
}

TEST_CASE("assets file: one that cannot be read is named, with the reason") {
  const TempDir dir;
  const auto absent = read_asset_list(dir / "archive.ids");
  REQUIRE_FALSE(absent);
  CHECK(absent.error().code == ErrorCode::kSettings);
  CHECK(absent.error().message == "assets_file " + (dir / "archive.ids") + ": there is no such file");
  CHECK(read_asset_list(dir.path()).error().message.ends_with("is no regular file"));
  std::ofstream(dir / "large.ids") << std::string((16 << 20) + 1, '\n');
  CHECK(read_asset_list(dir / "large.ids").error().message.ends_with("is larger than 16 MiB"));
}
