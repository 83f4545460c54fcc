// SPDX-License-Identifier: GPL-2.0-only
//
// xen-perfctr: which domains may use performance counters, and for what.
//
// Works with the stock tool stack: the hypercall is made through libxencall,
// domains are found through libxenctrl.

#include "commands.hpp"
#include "error.hpp"
#include "options.hpp"

#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

int main(int argc, char** argv)
{
    try {
        const Vendor vendor = this_vendor();
        const Options options =
            parse_options(std::vector<std::string>(argv + 1, argv + argc),
                          vendor);

        if (options.help) {
            std::fputs(kUsage, stdout);
            return 0;
        }

        return Commands(options, vendor).run();
    } catch (const UsageError& error) {
        std::cerr << "xen-perfctr: " << error.what()
                  << "\nTry 'xen-perfctr --help'.\n";
        return 2;
    } catch (const std::exception& error) {
        std::cerr << "xen-perfctr: " << error.what() << '\n';
        return 1;
    }
}
