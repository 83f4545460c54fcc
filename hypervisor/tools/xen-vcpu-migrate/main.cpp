// SPDX-License-Identifier: GPL-2.0-only
//
// xen-vcpu-migrate: move VCPUs of domains from CPU to CPU all the time.
//
// A test's tool: pins one VCPU after the other to a random CPU.  The moves
// follow from the seed; the previous affinity is put back at the end.

#include "domains.hpp"

#include <boost/program_options.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

extern "C" {
#include <xenctrl.h>
}

namespace po = boost::program_options;

namespace {

volatile std::sig_atomic_t stop_requested;

void request_stop(int)
{
    stop_requested = 1;
}

// One VCPU, with the affinity it had before.
class Vcpu final {
public:
    Vcpu(xc_interface* xc, uint32_t domid, uint32_t id)
        : xc_(xc), domid_(domid), id_(static_cast<int>(id)), saved_(map()),
          soft_(map())
    {
        if (xc_vcpu_getaffinity(xc_, domid_, id_, saved_.data(), soft_.data(),
                                XEN_VCPUAFFINITY_HARD))
            throw std::runtime_error(failure("read"));
    }

    void pin(unsigned int cpu)
    {
        std::vector<uint8_t> hard = map();

        hard[cpu / 8] = static_cast<uint8_t>(1u << (cpu % 8));
        set(hard);
    }

    void restore() { set(saved_); }

private:
    std::vector<uint8_t> map() const
    {
        return std::vector<uint8_t>(
            static_cast<size_t>(xc_get_cpumap_size(xc_)));
    }

    void set(std::vector<uint8_t> hard)
    {
        std::vector<uint8_t> soft = map();

        if (xc_vcpu_setaffinity(xc_, domid_, id_, hard.data(), soft.data(),
                                XEN_VCPUAFFINITY_HARD))
            throw std::runtime_error(failure("set"));
    }

    std::string failure(const char* what) const
    {
        return std::string("cannot ") + what + " the affinity of VCPU " +
               std::to_string(id_) + " of domain " + std::to_string(domid_) +
               ": " + std::strerror(errno);
    }

    xc_interface* xc_;
    uint32_t domid_;
    int id_;
    std::vector<uint8_t> saved_, soft_;
};

int migrate(const po::variables_map& options,
            const std::vector<std::string>& names)
{
    Domains domains;
    const int max_cpus = xc_get_online_cpus(domains.xc());
    std::vector<Vcpu> vcpus;

    if (max_cpus < 1)
        throw std::runtime_error("cannot find out the number of CPUs");

    for (const std::string& name : names) {
        const Domain dom = domains.find(name);

        for (uint32_t i = 0; i <= dom.max_vcpu_id; i++)
            vcpus.emplace_back(domains.xc(), dom.id, i);
    }

    std::mt19937 random(options["seed"].as<uint32_t>());
    const auto interval =
        std::chrono::milliseconds(options["interval-ms"].as<unsigned int>());
    const uint64_t count = options["count"].as<uint64_t>();
    const auto duration =
        std::chrono::duration<double>(options["duration"].as<double>());
    const auto start = std::chrono::steady_clock::now();
    uint64_t moves = 0;
    std::string lost;

    std::signal(SIGINT, request_stop);
    std::signal(SIGTERM, request_stop);

    while (!stop_requested && (!count || moves < count) &&
           (duration.count() <= 0 ||
            std::chrono::steady_clock::now() - start < duration)) {
        const auto begin = std::chrono::steady_clock::now();
        // Not uniform_int_distribution: its results differ between libraries.
        Vcpu& vcpu = vcpus[random() % vcpus.size()];
        const auto cpu = static_cast<unsigned int>(
            random() % static_cast<unsigned int>(max_cpus));

        try {
            vcpu.pin(cpu);
        } catch (const std::runtime_error& error) {
            lost = error.what();        // the domain may just have ended
            break;
        }
        moves++;
        // On a slow machine the moves must leave time for what is moved.
        std::this_thread::sleep_for(std::max<std::chrono::steady_clock::duration>(
            interval, 3 * (std::chrono::steady_clock::now() - begin)));
    }

    for (Vcpu& vcpu : vcpus) {
        try {
            vcpu.restore();
        } catch (const std::runtime_error&) {
        }
    }

    std::printf("%llu moves\n", static_cast<unsigned long long>(moves));
    if (!lost.empty())
        std::cerr << "xen-vcpu-migrate: stopped: " << lost << '\n';

    return 0;
}

} // namespace

int main(int argc, char** argv)
{
    std::vector<std::string> names;
    po::options_description visible(
        "Usage: xen-vcpu-migrate [OPTION]... DOMAIN...\n"
        "Move VCPUs to random CPUs, until all is done or a signal comes.\n"
        "Options");
    po::options_description all;
    po::positional_options_description positional;
    po::variables_map options;

    visible.add_options()
        ("help,h", "this text")
        ("seed", po::value<uint32_t>()->default_value(1), "of the moves")
        ("interval-ms", po::value<unsigned int>()->default_value(5),
         "time between moves; more where a move takes longer than a third of it")
        ("count", po::value<uint64_t>()->default_value(0),
         "number of moves, 0: no limit")
        ("duration", po::value<double>()->default_value(0),
         "seconds, 0: no limit");
    all.add(visible).add_options()("domain", po::value(&names));
    positional.add("domain", -1);

    try {
        po::store(po::command_line_parser(argc, argv)
                      .options(all).positional(positional).run(), options);
        po::notify(options);

        if (options.count("help")) {
            std::cout << visible;
            return 0;
        }
        if (names.empty())
            throw po::error("no domain given");

        return migrate(options, names);
    } catch (const po::error& error) {
        std::cerr << "xen-vcpu-migrate: " << error.what()
                  << "\nTry 'xen-vcpu-migrate --help'.\n";
        return 2;
    } catch (const std::exception& error) {
        std::cerr << "xen-vcpu-migrate: " << error.what() << '\n';
        return 1;
    }
}
