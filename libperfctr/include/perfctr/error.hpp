// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>

namespace perfctr {

// What was wrong.  The values are part of the C interface: add, never renumber.
enum class Errc : std::uint32_t {
  kNone = 0,
  // The event string; Error::subject is the offending part of it.
  kEmptyEvent = 1,
  kUnknownEvent = 2,
  kBadModifier = 3,
  kBadTerm = 4,
  kReservedBits = 5,
  kNotCountable = 6,  // known, but not as a counter of a thread
  kSyntax = 7,
  // The set.
  kTooManyCounters = 16,
  kNoHardwareCounter = 17,
  kBadDomain = 18,
  kBadArgument = 19,
  kBadPeriod = 20,
  // The machine and the rights on it.
  kNoDevice = 32,
  kNoPmu = 33,
  kNoPermission = 34,
  kPolicy = 35,
  kDisabled = 36,
  kNoThread = 37,
  kUnsupported = 38,
  kAbi = 39,
  // Something else is in the way.
  kBusy = 48,
  kState = 49,
  // The values.
  kLost = 64,
  kRevoked = 65,
  // A system call failed for another reason; Error::sys_errno says which.
  kSystem = 80,
};

// An observation, its probable cause and the remedy, each without a full stop.
struct Error {
  Errc code = Errc::kNone;
  int sys_errno = 0;
  std::string message;  // what was observed, and why
  std::string remedy;   // what to do about it; may be empty
  std::string subject;  // the part of the caller's input that it is about

  // "message; remedy", one sentence.
  [[nodiscard]] std::string sentence() const {
    return remedy.empty() ? message : message + "; " + remedy;
  }
};

}  // namespace perfctr
