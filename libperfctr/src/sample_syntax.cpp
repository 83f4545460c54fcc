// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The form of events that are sampled: EVENT@PERIOD, and perf's software events.
#include <perfctr/sampler.hpp>

#include "event_syntax.hpp"
#include "event_table.hpp"

#include <linux/perf_event.h>
#include <linux/perfctr.h>

#include <charconv>
#include <optional>

namespace perfctr {
namespace {

constexpr std::uint64_t kMostPeriod = (1ull << 46) - 1;

// "100000", "100k", "2M".
std::optional<std::uint64_t> parse_period(std::string_view text) {
  std::uint64_t unit = 1;
  if (!text.empty()) {
    switch (text.back()) {
      case 'k':
      case 'K':
        unit = 1000;
        break;
      case 'm':
      case 'M':
        unit = 1000000;
        break;
      case 'g':
      case 'G':
        unit = 1000000000;
        break;
    }
    if (unit != 1) text.remove_suffix(1);
  }
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || error != std::errc() || stop != end) return std::nullopt;
  if (number == 0 || number > kMostPeriod / unit) return std::nullopt;
  return number * unit;
}

struct SoftwareEvent {
  std::string_view name;
  std::uint64_t code;
};
constexpr SoftwareEvent kSoftware[] = {
    {"cpu-clock", PERF_COUNT_SW_CPU_CLOCK},
    {"task-clock", PERF_COUNT_SW_TASK_CLOCK},
    {"page-faults", PERF_COUNT_SW_PAGE_FAULTS},
    {"faults", PERF_COUNT_SW_PAGE_FAULTS},
    {"context-switches", PERF_COUNT_SW_CONTEXT_SWITCHES},
    {"cs", PERF_COUNT_SW_CONTEXT_SWITCHES},
    {"cpu-migrations", PERF_COUNT_SW_CPU_MIGRATIONS},
    {"migrations", PERF_COUNT_SW_CPU_MIGRATIONS},
    {"minor-faults", PERF_COUNT_SW_PAGE_FAULTS_MIN},
    {"major-faults", PERF_COUNT_SW_PAGE_FAULTS_MAJ},
};

Result<SampledEvent> parse_one(std::string text, SampleRate rate) {
  SampledEvent sampled;
  sampled.rate = rate;
  if (const auto at = text.rfind('@'); at != std::string::npos) {
    // Modifiers stand before the period, or after it where they came from a group.
    const auto colon = std::min(text.find(':', at), text.size());
    const std::string_view number = std::string_view(text).substr(at + 1, colon - at - 1);
    const auto period = parse_period(number);
    if (!period) {
      return event_error(Errc::kBadTerm,
                         "the period of event " + quoted(text) + " is not a number from 1 to 2^46",
                         "write for example instructions:u@100000", number);
    }
    sampled.rate = {.period = *period, .frequency = 0};
    text.erase(at, colon - at);
  }
  const EventParts parts = split_modifiers(text);
  for (const SoftwareEvent& known : kSoftware) {
    if (known.name != parts.body) continue;
    const auto domains = parse_modifiers(parts.modifiers, text);
    if (!domains) return domains.error();
    sampled.software = true;
    sampled.event.name = parts.modifiers.empty() ? text + ":u" : text;
    sampled.event.canonical = known.name;
    sampled.event.code = known.code;
    sampled.event.domains = *domains;
    return sampled;
  }
  auto event = parse_event(text);
  if (!event) return event.error();
  sampled.event = std::move(*event);
  return sampled;
}

}  // namespace

Result<std::vector<SampledEvent>> parse_sampled_events(std::string_view text, SampleRate rate) {
  const auto items = split_events(text);
  if (!items) return items.error();
  std::vector<SampledEvent> events;
  for (const std::string& item : *items) {
    auto event = parse_one(item, rate);
    if (!event) return event.error();
    events.push_back(std::move(*event));
  }
  if (events.size() > PERFCTR_MAX_COUNTERS) {
    return event_error(Errc::kTooManyCounters,
                       std::to_string(events.size()) +
                           " events are more than a sampler can hold (" +
                           std::to_string(PERFCTR_MAX_COUNTERS) + ")",
                       "sample fewer events at a time", text);
  }
  return events;
}

}  // namespace perfctr
