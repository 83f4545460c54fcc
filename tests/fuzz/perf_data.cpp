// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Any bytes as a recording, through all outputs of `perfctr report`.
#include "flame_graph.hpp"
#include "folded.hpp"
#include "json_report.hpp"
#include "pprof.hpp"
#include "profile_builder.hpp"
#include "text_report.hpp"

#include <cstdlib>

using namespace perfctr::report;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // No file of this machine is opened, whatever the recording names.
  const auto profile = build_profile(
      {data, size}, {.root = "/no/such/root", .kernel_table = {}, .hypervisor_table = {}});
  if (!profile) {
    if (profile.error().message.empty() || profile.error().remedy.empty()) std::abort();
    return 0;
  }
  std::vector<const EventProfile*> events;
  for (const EventProfile& event : profile->events) {
    if (event.total.samples > 0) events.push_back(&event);
  }
  if (events.empty()) return 0;
  TableOptions options;
  options.call_graph = true;
  for (const bool children : {false, true}) {
    options.children = children;
    static_cast<void>(text_report(*profile, events, options));
  }
  static_cast<void>(json_report(*profile, events, options));
  const EventProfile& first = *events.front();
  static_cast<void>(folded_stacks(*profile, first, false));
  static_cast<void>(flame_graph(*profile, first, false));
  static_cast<void>(pprof_profile(*profile, first));
  return 0;
}
