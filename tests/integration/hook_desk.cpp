#include "tests/integration/hook_desk.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "storage/base/text.h"
#include "sync/deliver/webhook_signature.h"
#include "sync/http/json_reader.h"

namespace damsync {
namespace {

std::string header_of(const std::string& request, const std::string& name) {
  const auto at = request.find("\r\n" + name + ": ");
  if (at == std::string::npos) return "";
  const auto begin = at + name.size() + 4;
  return request.substr(begin, request.find("\r\n", begin) - begin);
}

}  // namespace

HookServer::HookServer(std::string secret)
    : secret_(std::move(secret)), server_([this](RawPeer& peer) {
        for (std::string request = peer.read_request(); !request.empty(); request = peer.read_request())
          if (!peer.send("HTTP/1.1 " + play(request) + "Content-Length: 0\r\n\r\n")) return;
      }) {}

std::string HookServer::play(const std::string& request) {
  const std::string body = request.substr(request.find("\r\n\r\n") + 4);
  Received got;
  const auto blank = request.find(' ') + 1;
  got.target = request.substr(blank, request.find(' ', blank) - blank);
  got.id = header_of(request, "webhook-id");
  const auto wanted =
      webhook_signature({webhook_key(Secret(secret_)).value()}, got.id, header_of(request, "webhook-timestamp"), body);
  const auto signatures = " " + header_of(request, "webhook-signature") + " ";
  auto event = parse_json(body);
  got.verified = event.ok() && signatures.find(" " + wanted + " ") != std::string::npos;
  if (event) got.event = std::move(*event);
  const std::lock_guard lock(mutex_);
  const std::string status = how_ ? how_(got) : "204 No Content\r\n";
  if (status.starts_with("2")) accepted_.push_back(got.id);
  received_.push_back(std::move(got));
  return status;
}

std::vector<Received> HookServer::received() const {
  const std::lock_guard lock(mutex_);
  return received_;
}

std::vector<std::string> HookServer::ids() const {
  const std::lock_guard lock(mutex_);
  return accepted_;
}

void HookServer::forget() {
  const std::lock_guard lock(mutex_);
  received_.clear();
  accepted_.clear();
}

void HookServer::answer(std::function<std::string(const Received&)> how) {
  const std::lock_guard lock(mutex_);
  how_ = std::move(how);
}

HookDesk::HookDesk(int images) : desk(images) {
  std::filesystem::create_directory(desk.dir / "conf.d");
  desk.write_file("hook-secret", secret + "\n");
  desk.secrets.push_back(secret);
  write_hook();
}

void HookDesk::write_hook(const std::string& more) const {
  desk.write_file("conf.d/hooks.toml",
                  fmt::format("[[webhook]]\nname = \"cms\"\nurl = \"{}\"\nsecret = {{ file = \"{}\" }}\n{}\n",
                              hook.url(), desk.dir / "hook-secret", more));
}

std::vector<Json> HookDesk::deliveries(const Words& words, int exit_code) {
  Words all = {"deliveries"};
  all.insert(all.end(), words.begin(), words.end());
  all.push_back("--json");
  const auto result = desk.damsync(all);
  INFO(result.out << result.err);
  REQUIRE(result.exit_code == exit_code);
  return lines_of(result.out);
}

Json HookDesk::receiver() {
  const auto lines = deliveries({"list"});
  REQUIRE(!lines.empty());
  CHECK(text(lines.front(), "kind") == "receiver");
  return lines.front();
}

std::vector<std::string> HookDesk::feed() {
  std::vector<std::string> ids;
  for (const auto& change : desk.list({"changes"})) ids.push_back(text(change, "id"));
  return ids;
}

std::string HookDesk::new_secret(char seed) { return "whsec_" + base64(std::string(32, seed)); }

}  // namespace damsync
