// SPDX-License-Identifier: LGPL-2.1-or-later
//
// libperfctr: counts of hardware events of a thread, read in user mode.
//
//   auto set = perfctr::CounterSet::open("instructions,branches");
//   if (!set) return complain(set.error().sentence());
//   if (auto started = set->start(); !started) return complain(...);
//   const perfctr::Reader reader = set->reader();
//   const auto before = reader.read(0);
//   work();
//   const auto after = reader.read(0);
#pragma once

#include <perfctr/counter_set.hpp>
#include <perfctr/error.hpp>
#include <perfctr/event.hpp>
#include <perfctr/reader.hpp>
#include <perfctr/region.hpp>
#include <perfctr/result.hpp>
#include <perfctr/sampler.hpp>

namespace perfctr {

// "1.0.0"
[[nodiscard]] const char* version() noexcept;

}  // namespace perfctr
