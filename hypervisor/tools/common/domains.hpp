// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <string>
#include <vector>

struct xc_interface_core;

struct Domain {
    uint32_t id;
    uint32_t max_vcpu_id;
};

// The domains of this machine.
class Domains final {
public:
    Domains();
    ~Domains();
    Domains(const Domains&) = delete;
    Domains& operator=(const Domains&) = delete;

    std::vector<Domain> all();
    // By id or by name.
    Domain find(const std::string& text);

    xc_interface_core* xc() { return xc_; }

private:
    uint32_t id_of(const std::string& name);

    xc_interface_core* xc_;
};
