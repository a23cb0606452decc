#include "tests/simulators/sandbox_switches.h"

#include <charconv>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <utility>

namespace damsync {
namespace {

/// Sets a switch to a text; false when the text is no value for it.
using Setter = std::function<bool(const std::string&)>;
using Setters = std::map<std::string, Setter>;

template <class T>
Setter words(T& target, std::initializer_list<std::pair<const std::string, T>> all) {
  return [&target, known = std::map<std::string, T>(all)](const std::string& value) {
    const auto found = known.find(value);
    if (found != known.end()) target = found->second;
    return found != known.end();
  };
}

Setter flag(bool& target) { return words<bool>(target, {{"true", true}, {"false", false}}); }

/// A whole number that is not negative, in the unit of `target`.
template <class T>
Setter number(T& target) {
  return [&target](const std::string& value) {
    int read = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), read);
    if (error != std::errc() || end != value.data() + value.size() || read < 0) return false;
    target = T(read);
    return true;
  };
}

Setters newsroom(ShutterstockSwitches& s) {
  using Kind = ShutterstockSwitches::LongRange;
  return {{"page_fields", flag(s.page_fields)},
          {"total_count", flag(s.total_count)},
          {"license_dates", flag(s.license_dates)},
          {"license_availability", flag(s.license_availability)},
          {"team_history", flag(s.team_history)},
          {"updated_timestamps", flag(s.updated_timestamps)},
          {"merged_updates", flag(s.merged_updates)},
          {"etags", flag(s.etags)},
          {"long_range", words<Kind>(s.long_range, {{"reject", Kind::kReject}, {"truncate", Kind::kTruncate}})},
          {"latency_ms", number(s.latency)},
          {"url_lifetime_s", number(s.url_lifetime)},
          {"token_lifetime_s", number(s.token_lifetime)},
          {"max_ids", number(s.max_ids)},
          {"not_downloadable_status", number(s.not_downloadable_status)}};
}

Setters photo_desk(GettySwitches& s) {
  using S = GettySwitches;
  return {{"photo-desk.envelope", words<S::Envelope>(s.envelope, {{"error_code", S::Envelope::kErrorCode},
                                                                  {"code", S::Envelope::kCode},
                                                                  {"message", S::Envelope::kMessage},
                                                                  {"empty", S::Envelope::kEmpty}})},
          {"photo-desk.throttling", words<S::Throttling>(s.throttling, {{"403", S::Throttling::kForbidden},
                                                                        {"429", S::Throttling::kTooManyRequests}})},
          {"photo-desk.shape",
           words<S::Shape>(s.shape,
                           {{"snake", S::Shape::kSnake}, {"pascal", S::Shape::kPascal}, {"camel", S::Shape::kCamel}})},
          {"photo-desk.dialect", words<S::Dialect>(s.dialect, {{"date_from", S::Dialect::kDateFrom},
                                                               {"start_date", S::Dialect::kStartDate}})},
          {"photo-desk.expires_in_text", flag(s.expires_in_text)},
          {"photo-desk.created_is_201", flag(s.created_is_201)},
          {"photo-desk.channels_entitled", flag(s.channels_entitled)},
          {"photo-desk.company_entitled", flag(s.company_entitled)},
          {"photo-desk.credits_entitled", flag(s.credits_entitled)},
          {"photo-desk.related_of_withdrawn", flag(s.related_of_withdrawn)},
          {"photo-desk.all_missing_is_404", flag(s.all_missing_is_404)},
          {"photo-desk.single_image_bare", flag(s.single_image_bare)},
          {"photo-desk.zone_in_times", flag(s.zone_in_times)},
          {"photo-desk.static_test_image", flag(s.static_test_image)},
          {"photo-desk.delivery_redirects", flag(s.delivery_redirects)},
          {"photo-desk.delivery_without_length", flag(s.delivery_without_length)},
          {"photo-desk.token_lifetime_s", number(s.token_lifetime)},
          {"photo-desk.uri_lifetime_s", number(s.uri_lifetime)},
          {"photo-desk.history_lag_s", number(s.history_lag)},
          {"photo-desk.calls_per_day", number(s.calls_per_day)}};
}

Setters archive(ConnectSwitches& s) {
  using S = ConnectSwitches;
  return {{"archive.token_form", words<S::TokenForm>(s.token_form, {{"challenge", S::TokenForm::kChallenge},
                                                                    {"header", S::TokenForm::kHeader}})},
          {"archive.algorithm",
           words<S::Algorithm>(s.algorithm, {{"md5", S::Algorithm::kMd5}, {"sha256", S::Algorithm::kSha256}})},
          {"archive.nonce_uses", number(s.nonce_uses)},
          {"archive.duration_as_text", flag(s.duration_as_text)},
          {"archive.errors_in_array", flag(s.errors_in_array)},
          {"archive.images_in_envelope", flag(s.images_in_envelope)},
          {"archive.token_lifetime_min", number(s.token_lifetime)}};
}

}  // namespace

bool apply_switch(SandboxSwitches& switches, const std::string& name, const std::string& value) {
  Setters all = newsroom(switches.newsroom);
  all.merge(photo_desk(switches.photo_desk));
  all.merge(archive(switches.archive));
  const auto found = all.find(name);
  return found != all.end() && found->second(value);
}

}  // namespace damsync
