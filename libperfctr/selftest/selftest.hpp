// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <perfctr/perfctr.hpp>
#include <perfctr/sampler.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace perfctr::selftest {

// Each prints one JSON object on standard output and returns the exit status.
int measure_read_cost();
int count_in_threads(unsigned threads, unsigned rounds);
int only_read(std::uint64_t reads);

struct SampleRequest {
  std::string events;  // as `perfctr record -e` takes them
  bool call_chain = false;
  bool notify = false;   // deliver each sample at once
  bool raw = false;      // number the samples, and look into none
  std::size_t list = 0;  // samples that are printed
};
int sample_program(const SampleRequest& request, char** command);

int fail(const Error& error);

}  // namespace perfctr::selftest
