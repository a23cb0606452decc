#include "daemon/config/listen_address.h"

#include <doctest/doctest.h>

namespace damsync {

TEST_CASE("listen address: numeric addresses and localhost are taken, and loopback is told from the rest") {
  struct Row {
    const char *text, *canonical;
    bool loopback;
  };
  for (const Row& row : {Row{"127.0.0.1:9187", "127.0.0.1:9187", true}, Row{"localhost:1", "127.0.0.1:1", true},
                         Row{"127.9.8.7:65535", "127.9.8.7:65535", true}, Row{"[::1]:9187", "[::1]:9187", true},
                         Row{"[0:0:0:0:0:0:0:1]:0", "[::1]:0", true}, Row{"0.0.0.0:9187", "0.0.0.0:9187", false},
                         Row{"[::]:9187", "[::]:9187", false}, Row{"192.168.1.5:80", "192.168.1.5:80", false},
                         Row{"[::ffff:127.0.0.1]:80", "[::ffff:127.0.0.1]:80", false}}) {
    CAPTURE(row.text);
    const auto address = parse_listen_address(row.text);
    REQUIRE(address);
    CHECK(address->text() == row.canonical);
    CHECK(address->loopback == row.loopback);
  }
}

TEST_CASE("listen address: whatever is no address with a port is refused with what is expected") {
  for (const char* text : {"9187", ":9187", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
                           "127.0.0.1:80x", "127.1:80", "0x7f.0.0.1:80", "::1:9187", "[::1]", "[]:80", "[127.0.0.1]:80",
                           "example.org:80", "[::1%lo]:80", "127.0.0.1 :80", ""}) {
    CAPTURE(text);
    const auto address = parse_listen_address(text);
    REQUIRE_FALSE(address);
    CHECK(address.error().code == ErrorCode::kSettings);
    CHECK(address.error().message.find("expected \"127.0.0.1:9187\"") != std::string::npos);
  }
}

}  // namespace damsync
