// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pfm_events.hpp"

#include "event_bits.hpp"

#include <perfmon/pfmlib.h>

#include <cstdlib>
#include <mutex>

namespace perfctr {
namespace {

// libpfm4 looks at the CPU once.  Its answer of failure leaves raw and generic
// names usable.
bool pfm_ready() {
  static const bool ready = pfm_initialize() == PFM_SUCCESS;
  return ready;
}

Error pfm_error(int error, const std::string& name) {
  Error result;
  result.subject = name;
  switch (error) {
    case PFM_ERR_NOTFOUND:
      result.code = Errc::kUnknownEvent;
      result.message = "no event is called '" + name + "' on this CPU";
      result.remedy = "see 'perfctr list'";
      break;
    case PFM_ERR_UMASK:
    case PFM_ERR_ATTR:
      result.code = Errc::kBadTerm;
      result.message = "event '" + name + "' has an unknown or missing unit mask or attribute";
      result.remedy = "see 'perfctr list " + name.substr(0, name.find(':')) + "'";
      break;
    case PFM_ERR_ATTR_VAL:
    case PFM_ERR_ATTR_SET:
    case PFM_ERR_FEATCOMB:
      result.code = Errc::kBadTerm;
      result.message =
          "event '" + name + "' has attributes that do not go together or are out of range";
      result.remedy = "see 'perfctr list " + name.substr(0, name.find(':')) + "'";
      break;
    default:
      result.code = Errc::kUnknownEvent;
      result.message = "event '" + name + "' cannot be encoded (" + pfm_strerror(error) + ")";
      result.remedy = "see 'perfctr list'";
  }
  return result;
}

bool is_core_pmu(const pfm_pmu_info_t& info) {
  return info.is_present != 0 && info.type == PFM_PMU_TYPE_CORE;
}

template <class Visit>
void for_each_core_pmu(Visit visit) {
  if (!pfm_ready()) return;
  for (int i = PFM_PMU_NONE; i < PFM_PMU_MAX; ++i) {
    pfm_pmu_info_t info{};
    info.size = sizeof(info);
    const auto pmu = static_cast<pfm_pmu_t>(i);
    if (pfm_get_pmu_info(pmu, &info) == PFM_SUCCESS && is_core_pmu(info)) visit(info);
  }
}

void list_event(int index, const std::string& pmu, std::vector<EventDescription>& out) {
  pfm_event_info_t event{};
  event.size = sizeof(event);
  if (pfm_get_event_info(index, PFM_OS_NONE, &event) != PFM_SUCCESS) return;
  const std::string name = pmu + "::" + event.name;
  bool has_umask = false;
  for (int i = 0; i < event.nattrs; ++i) {
    pfm_event_attr_info_t attr{};
    attr.size = sizeof(attr);
    if (pfm_get_event_attr_info(index, i, PFM_OS_NONE, &attr) != PFM_SUCCESS) continue;
    if (attr.type != PFM_ATTR_UMASK) continue;
    has_umask = true;
    out.push_back({name + ":" + attr.name, pmu, attr.desc != nullptr ? attr.desc : "",
                   event.code | attr.code << 8});
  }
  if (!has_umask) out.push_back({name, pmu, event.desc != nullptr ? event.desc : "", event.code});
}

}  // namespace

std::string hex(std::uint64_t number) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  do {
    text.insert(text.begin(), kDigits[number & 15]);
    number >>= 4;
  } while (number != 0);
  return "0x" + text;
}

Result<PfmEvent> pfm_encode(const std::string& name) {
  if (!pfm_ready()) return pfm_error(PFM_ERR_NOTFOUND, name);
  char* canonical = nullptr;
  pfm_pmu_encode_arg_t arg{};
  arg.size = sizeof(arg);
  arg.fstr = &canonical;
  const int error = pfm_get_os_event_encoding(name.c_str(), PFM_PLM3, PFM_OS_NONE, &arg);
  PfmEvent event;
  event.canonical = canonical != nullptr ? canonical : "";
  std::free(canonical);
  const int count = arg.count;
  const std::uint64_t code = count > 0 ? arg.codes[0] : 0;
  std::free(arg.codes);
  if (error != PFM_SUCCESS) return pfm_error(error, name);

  const std::uint64_t refused = code & ~(kAmdEventBits | kKernelBits);
  if (count != 1 || refused != 0) {
    return Error{.code = Errc::kReservedBits,
                 .message = "event '" + name + "' needs more than a counter's event select (" +
                            (count != 1 ? "a second register" : "bits " + hex(refused)) + ")",
                 .remedy =
                     "choose another event; extra registers and any-thread counting are not "
                     "offered",
                 .subject = name};
  }
  event.code = code & kAmdEventBits;
  // The canonical name carries libpfm4's privilege and modifier defaults; keep
  // the event and its unit masks.
  for (const char* suffix :
       {":e=", ":i=", ":c=", ":t=", ":intx=", ":intxcp=", ":u=", ":k=", ":h=", ":g="}) {
    const auto at = event.canonical.find(suffix);
    if (at != std::string::npos) event.canonical.erase(at);
  }
  return event;
}

std::vector<EventDescription> pfm_list() {
  std::vector<EventDescription> events;
  for_each_core_pmu([&](const pfm_pmu_info_t& pmu) {
    for (int i = pmu.first_event; i != -1; i = pfm_get_event_next(i))
      list_event(i, pmu.name, events);
  });
  // What needs another register, or counts other threads, is not on offer; nor is
  // what has a meaning only with a second unit mask.
  std::erase_if(events, [](const EventDescription& event) {
    const auto encoded = pfm_encode(event.name);
    return !encoded || encoded->code != event.code;
  });
  return events;
}

std::string pfm_core_pmu() {
  std::string name;
  for_each_core_pmu([&](const pfm_pmu_info_t& pmu) {
    // "ix86arch" is the architectural fallback beside the model's own.
    if (name.empty() || name == "ix86arch") name = pmu.name;
  });
  return name;
}

}  // namespace perfctr
