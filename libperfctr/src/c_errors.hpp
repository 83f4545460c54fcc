// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Errors in the C interface's form.
#pragma once

#include <perfctr/perfctr.h>
#include <perfctr/result.hpp>

#include <cerrno>
#include <new>

namespace perfctr {

// The negative errno of an error, which is described in *out.
int fail(const Error& error, perfctr_error* out);
[[nodiscard]] Error bad_argument(const char* message);
int out_of_memory(perfctr_error* out);

// Nothing may throw into C.
template <class Body>
int guarded(perfctr_error* error, Body body) {
  try {
    const Result<void> result = body();
    return result.ok() ? 0 : fail(result.error(), error);
  } catch (const std::bad_alloc&) {
    return out_of_memory(error);
  } catch (...) {
    return -EFAULT;
  }
}

}  // namespace perfctr
