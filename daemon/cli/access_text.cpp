#include "daemon/cli/access_text.h"

#include <fmt/format.h>

#include "storage/base/text.h"
#include "storage/base/time.h"

namespace damsync {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

bool is_fine(const AccessView& view) { return view.report && view.report->missing.empty(); }

}  // namespace

std::string text_of(const AccessView& view, const Redactor& redactor) {
  const auto shown = [&](const std::string& text) { return printable(redactor.redact(text)); };
  std::string out = fmt::format("{} ({}): {}\n", view.account, view.provider,
                                view.error      ? shown(view.error->message)
                                : is_fine(view) ? "credentials accepted"
                                                : "credentials accepted, but scopes are missing");
  const auto row = [&](const char* name, const std::string& value) {
    if (!value.empty()) out += fmt::format("  {:<10}  {}\n", name, value);
  };
  for (const auto& token : view.stored) row("stored", fmt::format("{} in {}", token.key, shown(token.file)));
  if (!view.report) return out;
  const AccessReport& report = *view.report;
  row("user", shown(report.username));
  row("scopes", shown(joined(report.scopes)));
  for (const auto& scope : report.missing) row("missing", fmt::format("{}: {}", scope.name, scope.purpose));
  if (report.expires_at)
    row("expires", fmt::format("{}; {}", format_rfc3339(*report.expires_at), report.lifetime));
  else
    row("expires", report.lifetime);
  return out;
}

Json json_of(const AccessView& view, const Redactor& redactor) {
  Json out = Json::object({{"account", view.account}, {"provider", view.provider}, {"ok", is_fine(view)}});
  out.set("error", view.error ? Json(printable(redactor.redact(view.error->message))) : Json());
  Json stored = Json::array(), scopes = Json::array(), missing = Json::array();
  for (const auto& token : view.stored) stored.push(Json::object({{"key", token.key}, {"file", token.file}}));
  const AccessReport report = view.report.value_or(AccessReport{});
  for (const auto& scope : report.scopes) scopes.push(redactor.redact(scope));
  for (const auto& scope : report.missing)
    missing.push(Json::object({{"scope", scope.name}, {"purpose", scope.purpose}}));
  out.set("stored", std::move(stored));
  out.set("username", report.username.empty() ? Json() : Json(printable(redactor.redact(report.username))));
  out.set("scopes", std::move(scopes));
  out.set("missing", std::move(missing));
  out.set("expires_at", report.expires_at ? Json(format_rfc3339(*report.expires_at)) : Json());
  out.set("lifetime", report.lifetime.empty() ? Json() : Json(report.lifetime));
  return out;
}

ExitCode exit_code_of(const AccessView& view) noexcept {
  if (view.error) return exit_code_for(view.error->code);
  return is_fine(view) ? ExitCode::kDone : ExitCode::kUnauthorized;
}

}  // namespace damsync
