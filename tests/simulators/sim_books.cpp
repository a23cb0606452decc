#include "tests/simulators/sim_books.h"

namespace damsync {
namespace {

template <class Counts>
Json counts_to_json(const Counts& counts) {
  Json json = Json::object();
  for (const auto& [key, count] : counts) json.set(key, count);
  return json;
}

}  // namespace

Json SimBooks::to_json() const {
  Json by_status = Json::object();
  for (const auto& [status, count] : statuses) by_status.set(std::to_string(status), count);
  Json json = Json::object();
  json.set("purchases", purchases);
  json.set("calls", counts_to_json(calls));
  json.set("statuses", std::move(by_status));
  json.set("refusals", counts_to_json(refusals));
  json.set("file_bytes", file_bytes);
  json.set("credentials_on_files", credentials_on_files);
  json.set("executions", counts_to_json(executions));
  json.set("redownloads", counts_to_json(redownloads));
  json.set("files", counts_to_json(files));
  return json;
}

}  // namespace damsync
