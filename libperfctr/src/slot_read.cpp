// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The out-of-line part of slot_read.h.
#include <perfctr/slot_read.h>

#include "backend.hpp"
#include "slot_algorithm.hpp"

namespace perfctr {
namespace {

// Sets with counters of another width get a stand-in (see DeviceSet).
constexpr unsigned kWidth = 48;

}  // namespace
}  // namespace perfctr

extern "C" {

uint64_t perfctr_slot_read_slow(const struct perfctr_slot* slot, unsigned index) {
  using namespace perfctr;
  if (index >= PERFCTR_MAX_COUNTERS) return PERFCTR_NO_VALUE;
  const BackendSet* set = BackendSet::behind(slot);
  if (set == nullptr) return read_slot<HardwarePmc>(*slot, index, kWidth);
  return set->read_value(index);
}

void perfctr_slot_read_all_slow(const struct perfctr_slot* slot, uint64_t* values, unsigned nr) {
  using namespace perfctr;
  if (nr > PERFCTR_MAX_COUNTERS) nr = PERFCTR_MAX_COUNTERS;
  const BackendSet* set = BackendSet::behind(slot);
  if (set == nullptr) {
    read_slot_all<HardwarePmc>(*slot, values, nr, kWidth);
  } else {
    set->read_values(values, nr);
  }
}

uint64_t perfctr_slot_time(const struct perfctr_slot* slot) {
  using namespace perfctr;
  const BackendSet* set = BackendSet::behind(slot);
  return set == nullptr ? read_slot_time<HardwarePmc>(*slot) : set->time_ticks();
}

}  // extern "C"
