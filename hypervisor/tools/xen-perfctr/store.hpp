// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "policy.hpp"
#include "uuid.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

// Stored policies: a file UUID.conf for each, written by one rename.
class Store final {
public:
    explicit Store(std::filesystem::path directory);

    std::filesystem::path place(const Uuid& uuid) const;
    // None: nothing is stored. Throws UsageError for a file that is no policy.
    std::optional<PolicyChange> load(const Uuid& uuid, Vendor vendor) const;
    void save(const Uuid& uuid, const std::string& name,
              const xen_perfctr_policy& policy, Vendor vendor) const;
    // Whether there was one.
    bool remove(const Uuid& uuid) const;

private:
    std::filesystem::path directory_;
};
