#include "sync/report/html_charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "sync/report/html_text.h"

namespace damsync {
namespace {

constexpr int kWidth = 360;
constexpr int kMonths = 24;
constexpr std::size_t kWords = 8;

struct Bar {
  std::string name;   ///< as text
  std::string value;  ///< as text
  double share = 0;   ///< of the width, 0 to 1
  const char* kind = "bar";
};

std::string opening(int height, const std::string& label) {
  return fmt::format(R"(<svg viewBox="0 0 {} {}" role="img" aria-label="{}">)", kWidth, height, html(label));
}

/// The month that many before or after `YYYY-MM`; empty for other text.
std::string month_after(const std::string& month, int months) {
  int year = 0, number = 0;
  if (month.size() != 7 || std::from_chars(month.data(), month.data() + 4, year).ec != std::errc() ||
      std::from_chars(month.data() + 5, month.data() + 7, number).ec != std::errc())
    return {};
  const int count = year * 12 + number - 1 + months;
  return fmt::format("{:04}-{:02}", count / 12, count % 12 + 1);
}

/// Names above their bars, values at the right.
std::string bars_svg(const std::vector<Bar>& bars, const std::string& label) {
  constexpr int kStep = 38;
  std::string out = opening(static_cast<int>(bars.size()) * kStep, label);
  int top = 0;
  for (const auto& bar : bars) {
    fmt::format_to(std::back_inserter(out), R"(<text class="name" x="0" y="{}">{}</text>)", top + 13, html(bar.name));
    fmt::format_to(std::back_inserter(out), R"(<text class="value" x="{}" y="{}">{}</text>)", kWidth, top + 13,
                   html(bar.value));
    fmt::format_to(std::back_inserter(out), R"(<rect class="track" x="0" y="{}" width="{}" height="8" rx="2"/>)",
                   top + 20, kWidth);
    fmt::format_to(std::back_inserter(out), R"(<rect class="{}" x="0" y="{}" width="{:.1f}" height="8" rx="2"/>)",
                   bar.kind, top + 20, std::clamp(bar.share, 0.0, 1.0) * kWidth);
    top += kStep;
  }
  return out + "</svg>";
}

std::string shortened(const std::string& text) {
  constexpr std::size_t kMax = 40;
  if (text.size() <= kMax) return text;
  auto end = kMax - 1;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

}  // namespace

std::string month_chart(const std::map<std::string, std::int64_t>& licenses_by_month) {
  constexpr int kHeight = 150, kBase = 124, kTop = 18;
  const auto last = licenses_by_month.empty() ? std::string() : month_after(licenses_by_month.rbegin()->first, 0);
  if (last.empty()) return {};
  std::vector<std::pair<std::string, std::int64_t>> months;
  for (int back = kMonths - 1; back >= 0; --back) {
    const auto month = month_after(last, -back);
    const auto found = licenses_by_month.find(month);
    months.emplace_back(month, found == licenses_by_month.end() ? 0 : found->second);
  }
  std::int64_t most = 1;
  for (const auto& [month, count] : months) most = std::max(most, count);
  std::string out =
      opening(kHeight, fmt::format("Licenses per month, {} to {}, at most {}", months.front().first, last, most));
  const double step = static_cast<double>(kWidth) / kMonths;
  fmt::format_to(std::back_inserter(out), R"(<line class="rule" x1="0" y1="{0}" x2="{1}" y2="{0}"/>)", kTop, kWidth);
  fmt::format_to(std::back_inserter(out), R"(<text class="axis" x="0" y="{}">{}</text>)", kTop - 5, grouped(most));
  for (int i = 0; i < kMonths; ++i) {
    const auto& [month, count] = months[static_cast<std::size_t>(i)];
    double height = static_cast<double>(count) / static_cast<double>(most) * (kBase - kTop);
    if (count > 0) height = std::max(height, 1.5);
    fmt::format_to(
        std::back_inserter(out),
        R"(<rect class="bar" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{}: {}</title></rect>)",
        i * step + 1.5, kBase - height, step - 3, height, month, grouped(count));
    if (i % 6 == 0)
      fmt::format_to(std::back_inserter(out), R"(<text class="axis" x="{:.1f}" y="{}">{}</text>)", i * step + 1.5,
                     kHeight - 8, month);
  }
  fmt::format_to(std::back_inserter(out), R"(<line class="rule" x1="0" y1="{0}" x2="{1}" y2="{0}"/></svg>)", kBase,
                 kWidth);
  return out;
}

std::string word_chart(const std::map<std::string, std::int64_t>& counts, const std::string& label) {
  if (counts.empty()) return {};
  std::vector<std::pair<std::string, std::int64_t>> words(counts.begin(), counts.end());
  std::stable_sort(words.begin(), words.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  if (words.size() > kWords) {
    std::int64_t rest = 0;
    for (std::size_t i = kWords - 1; i < words.size(); ++i) rest += words[i].second;
    words.resize(kWords - 1);
    words.emplace_back("others", rest);
  }
  std::int64_t most = 1;
  for (const auto& [word, count] : words) most = std::max(most, count);
  std::vector<Bar> bars;
  for (const auto& [word, count] : words)
    bars.push_back({word.empty() ? "not said" : shortened(word), grouped(count),
                    static_cast<double>(count) / static_cast<double>(most)});
  return bars_svg(bars, label);
}

std::string quota_chart(const std::vector<ReportPlan>& plans) {
  std::vector<Bar> bars;
  for (const auto& item : plans) {
    const auto& account = item.account;
    const auto& plan = item.plan;
    if (!plan.limit || !plan.left || *plan.limit <= 0) continue;
    const auto used = *plan.limit - *plan.left;
    const double share = static_cast<double>(used) / static_cast<double>(*plan.limit);
    const auto& name = plan.description.empty() ? plan.plan_id : plan.description;
    bars.push_back({shortened(account + ": " + name), fmt::format("{} of {}", grouped(used), grouped(*plan.limit)),
                    share, share > 0.9 ? "bar tight" : "bar"});
  }
  if (bars.empty()) return {};
  return bars_svg(bars, "Quota used");
}

}  // namespace damsync
