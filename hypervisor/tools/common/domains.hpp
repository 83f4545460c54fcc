// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "uuid.hpp"

#include <cstdint>
#include <string>
#include <vector>

struct xc_interface_core;
struct xs_handle;

struct Domain {
    uint32_t id;
    uint32_t max_vcpu_id;
    Uuid uuid;
    std::string name;       // empty where xenstore does not tell
};

// The domains of this machine.
class Domains final {
public:
    Domains();
    ~Domains();
    Domains(const Domains&) = delete;
    Domains& operator=(const Domains&) = delete;

    std::vector<Domain> all();
    // By id, by name, or by UUID.
    Domain find(const std::string& text);

    xc_interface_core* xc() { return xc_; }

private:
    std::string name_of(uint32_t id);

    xc_interface_core* xc_;
    xs_handle* xs_;         // or nullptr
};
