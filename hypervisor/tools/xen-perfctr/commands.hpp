// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "domains.hpp"
#include "hypercall.hpp"
#include "options.hpp"
#include "store.hpp"

#include <string>

// What the command line asks for; run() returns the exit status.
class Commands final {
public:
    Commands(const Options& options, Vendor vendor);
    int run();

private:
    Domain domain() { return domains_.find(options_.domain); }
    void set(const Domain& dom, const xen_perfctr_policy& policy);
    void keep(const Domain& dom);
    bool apply_stored(const Domain& dom);

    int list();
    int status();
    int stats();
    int policy();
    int enable();
    int disable();
    int reset();
    int apply();
    int watch();

    const Options& options_;
    Vendor vendor_;
    Hypercall hypercall_;
    Domains domains_;
    Store store_;
};
