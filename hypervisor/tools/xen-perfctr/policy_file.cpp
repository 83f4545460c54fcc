// SPDX-License-Identifier: GPL-2.0-only
//
// Policy files: lines "key = value", # begins a comment.
#include "policy.hpp"

#include "error.hpp"

#include <set>
#include <sstream>

namespace {

std::string trimmed(const std::string& text)
{
    const size_t first = text.find_first_not_of(" \t\r");

    if (first == std::string::npos)
        return {};

    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

} // namespace

PolicyChange parse_policy_file(const std::string& text,
                               const std::string& where, Vendor vendor)
{
    PolicyChange change;
    std::set<std::string> seen;
    std::istringstream lines(text);
    std::string line;

    for (unsigned int n = 1; std::getline(lines, line); n++) {
        const auto fail = [&](const std::string& what) {
            throw UsageError(where + ":" + std::to_string(n) + ": " + what);
        };

        line = trimmed(line.substr(0, line.find('#')));
        if (line.empty())
            continue;

        const size_t equals = line.find('=');
        if (equals == std::string::npos)
            fail("expected 'key = value'");

        const std::string key = trimmed(line.substr(0, equals));
        const std::string value = trimmed(line.substr(equals + 1));
        if (!seen.insert(key).second)
            fail("'" + key + "' is there twice");

        try {
            if (!change.set(key, value, vendor))
                fail("unknown key '" + key + "'");
        } catch (const UsageError& error) {
            if (std::string(error.what()).starts_with(where + ":"))
                throw;
            fail(error.what());
        }
    }

    // What a file leaves out must not depend on what was set before.
    if (!change.tier)
        throw UsageError(where + ": it has no tier");

    return change;
}
