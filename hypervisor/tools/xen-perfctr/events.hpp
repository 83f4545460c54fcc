// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <string>
#include <vector>

// Whose event codes: what Xen's query calls the vendor.
enum class Vendor { kIntel, kAmd };

// Of the processor that executes this.
Vendor this_vendor();

// "branches", or a raw code such as "r01c4"; throws UsageError.
uint64_t event_code(const std::string& name, Vendor vendor);
std::string event_name(uint64_t code, Vendor vendor);

// "cycles,r01c4": without duplicates, in the given order.
std::vector<uint64_t> parse_events(const std::string& list, Vendor vendor);
