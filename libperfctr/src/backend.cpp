// SPDX-License-Identifier: LGPL-2.1-or-later
#include "backend.hpp"

#include "device_set.hpp"
#include "perf_set.hpp"

#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <string_view>
#include <type_traits>

namespace perfctr {

static_assert(std::is_standard_layout_v<BackendSet::StandIn>);
static_assert(offsetof(BackendSet::StandIn, slot) == 0);

BackendSet::BackendSet() noexcept {
  for (auto& counter : stand_in_.slot.counter) counter.index = PERFCTR_NO_RDPMC;
  stand_in_.set = this;
}

const BackendSet* BackendSet::behind(const perfctr_slot* slot) noexcept {
  if (perfctr_slot_is_direct(slot) != 0) return nullptr;
  return reinterpret_cast<const StandIn*>(slot)->set;
}

Result<BackendKind> choose_backend(BackendKind wanted) {
  if (wanted != BackendKind::kAuto) return wanted;
  const char* text = std::getenv("PERFCTR_BACKEND");
  const std::string_view name = text != nullptr ? text : "";
  if (name == "device") return BackendKind::kDevice;
  if (name == "perf_event") return BackendKind::kPerfEvent;
  if (!name.empty() && name != "auto") {
    return Error{.code = Errc::kBadArgument,
                 .message = "PERFCTR_BACKEND is '" + std::string(name) + "'",
                 .remedy = "set it to device, perf_event or auto",
                 .subject = std::string(name)};
  }
  return ::access(kDevicePath, F_OK) == 0 ? BackendKind::kDevice : BackendKind::kPerfEvent;
}

Result<std::unique_ptr<BackendSet>> open_backend(BackendKind wanted) {
  const auto kind = choose_backend(wanted);
  if (!kind) return kind.error();
  if (*kind == BackendKind::kPerfEvent) return std::unique_ptr<BackendSet>(new PerfSet);
  auto file = DeviceFile::open(kDevicePath);
  if (!file) return file.error();
  auto set = DeviceSet::create(std::move(*file));
  if (!set) return set.error();
  return std::unique_ptr<BackendSet>(std::move(*set));
}

}  // namespace perfctr
