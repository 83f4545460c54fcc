// SPDX-License-Identifier: LGPL-2.1-or-later
#include "event_parser.hpp"

#include "event_bits.hpp"
#include "event_syntax.hpp"
#include "pfm_events.hpp"
#include "suggest.hpp"

#include <linux/perfctr.h>

#include <algorithm>
#include <cctype>

namespace perfctr {
namespace {

static_assert(kDomainUser == PERFCTR_DOM_USER);
static_assert(kDomainKernel == PERFCTR_DOM_KERNEL);
static_assert(kDomainHypervisor == PERFCTR_DOM_HYP);

Result<Event> resolve_generic(const GenericEvent& generic, CpuVendor vendor) {
  Event event;
  const bool amd = vendor == CpuVendor::kAmd;
  const std::int64_t code = amd ? generic.amd : generic.intel;
  if (code >= 0) {
    event.code = static_cast<std::uint64_t>(code);
    event.canonical = "r" + hex(event.code).substr(2);
    return event;
  }
  if (code == kByModel) {
    for (const std::string_view name : amd ? generic.amd_names : generic.intel_names) {
      if (name.empty()) continue;
      if (const auto found = pfm_encode(std::string(name))) {
        event.code = found->code;
        event.canonical = found->canonical;
        return event;
      }
    }
  }
  return event_error(
      Errc::kUnknownEvent,
      "this CPU model has no event for " + quoted(generic.name) + " that is known here",
      "give a raw code such as r81d0, from the processor's manual", generic.name);
}

std::string suggestion(std::string_view name) {
  std::vector<std::string> candidates;
  for (const GenericEvent& generic : generic_events()) {
    candidates.emplace_back(generic.name);
    if (!generic.alias.empty()) candidates.emplace_back(generic.alias);
  }
  for (const EventDescription& event : pfm_list()) {
    candidates.push_back(event.name);
    const std::string plain = event.name.substr(event.name.find("::") + 2);
    candidates.push_back(plain);
    candidates.push_back(plain.substr(0, plain.find(':')));
  }
  const std::string best = closest_name(name, candidates);
  return best.empty() ? "see 'perfctr list'" : "did you mean '" + best + "'? See 'perfctr list'";
}

Result<Event> resolve_name(std::string_view name, CpuVendor vendor) {
  if (const GenericEvent* generic = find_generic_event(name))
    return resolve_generic(*generic, vendor);
  if (is_software_event(name)) {
    return event_error(Errc::kNotCountable,
                       quoted(name) + " is an event of the kernel's software, not of the hardware",
                       "use 'perf stat' for it", name);
  }
  auto found = pfm_encode(std::string(name));
  if (!found) {
    Error error = found.error();
    if (error.code == Errc::kUnknownEvent) error.remedy = suggestion(name);
    return error;
  }
  Event event;
  event.code = found->code;
  event.canonical = found->canonical;
  return event;
}

}  // namespace

Result<Event> parse_event(std::string_view text, CpuVendor vendor) {
  text = trim(text);
  if (text.empty())
    return event_error(Errc::kEmptyEvent, "the event name is empty", "see 'perfctr list'", text);
  const EventParts parts = split_modifiers(text);
  const auto domains = parse_modifiers(parts.modifiers, text);
  if (!domains) return domains.error();

  Event event;
  const auto slash = parts.body.find('/');
  if (slash != std::string_view::npos) {
    const std::string_view pmu = parts.body.substr(0, slash);
    if (pmu != "cpu") {
      return event_error(Errc::kNotCountable,
                         "event " + quoted(text) + " is of the PMU " + quoted(pmu),
                         "only counters of the CPU core, cpu/.../, belong to a thread", pmu);
    }
    if (!parts.body.ends_with('/') || slash + 1 >= parts.body.size()) {
      return event_error(Errc::kSyntax, "a '/' is not closed in " + quoted(text), "close it", text);
    }
    const auto code =
        parse_terms(parts.body.substr(slash + 1, parts.body.size() - slash - 2), text, vendor);
    if (!code) return code.error();
    event.code = *code;
    event.canonical = "r" + hex(event.code).substr(2);
  } else if (looks_raw(parts.body)) {
    const auto code = parse_raw(parts.body, vendor);
    if (!code) return code.error();
    event.code = *code;
    event.canonical = "r" + hex(event.code).substr(2);
  } else {
    auto resolved = resolve_name(parts.body, vendor);
    if (!resolved) return resolved.error();
    event = std::move(*resolved);
  }
  event.domains = *domains;
  // Named as typed; what perf leaves to a default is said.
  event.name = std::string(text);
  if (parts.modifiers.empty()) event.name += event.name.ends_with('/') ? "u" : ":u";
  return event;
}

Result<Event> parse_event(std::string_view text) { return parse_event(text, cpu_vendor()); }

Result<std::vector<Event>> parse_events(std::string_view text) {
  const auto items = split_events(text);
  if (!items) return items.error();
  std::vector<Event> events;
  for (const std::string& item : *items) {
    auto event = parse_event(item);
    if (!event) return event.error();
    events.push_back(std::move(*event));
  }
  if (events.size() > PERFCTR_MAX_COUNTERS) {
    return event_error(Errc::kTooManyCounters,
                       std::to_string(events.size()) + " events are more than a set can hold (" +
                           std::to_string(PERFCTR_MAX_COUNTERS) + ")",
                       "count fewer events at a time", text);
  }
  return events;
}

std::vector<EventDescription> list_events(std::string_view pattern) {
  const CpuVendor vendor = cpu_vendor();
  std::vector<EventDescription> all;
  for (const GenericEvent& generic : generic_events()) {
    const auto event = resolve_generic(generic, vendor);
    if (event) {
      all.push_back({std::string(generic.name), "hw", std::string(generic.text), event->code});
    }
  }
  for (EventDescription& event : pfm_list()) all.push_back(std::move(event));
  if (pattern.empty()) return all;

  const auto same_letter = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  };
  std::vector<EventDescription> matching;
  for (EventDescription& event : all) {
    const bool in_name = std::search(event.name.begin(), event.name.end(), pattern.begin(),
                                     pattern.end(), same_letter) != event.name.end();
    if (in_name || event.kind == pattern) matching.push_back(std::move(event));
  }
  return matching;
}

}  // namespace perfctr
