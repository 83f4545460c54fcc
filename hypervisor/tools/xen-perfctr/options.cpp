// SPDX-License-Identifier: GPL-2.0-only
#include "options.hpp"

#include "error.hpp"

#include <boost/program_options.hpp>

#include <algorithm>
#include <iterator>
#include <limits>

namespace po = boost::program_options;

const char* const kUsage =
    "Usage: xen-perfctr COMMAND [OPTION]...\n"
    "\n"
    "  list                         policies of all domains\n"
    "  status DOMAIN                policy and counts of each VCPU\n"
    "  stats DOMAIN VCPU            counts of one VCPU\n"
    "  policy DOMAIN [RULE]...      change these rules, leave the others\n"
    "  enable DOMAIN [RULE]...      a new policy of these rules (tier: full)\n"
    "  disable DOMAIN               freeze the counters, refuse new ones\n"
    "  reset DOMAIN                 back to what Xen's command line says\n"
    "  apply [DOMAIN]               set the stored policy of it, or of all\n"
    "  watch                        do that for each domain that is created\n"
    "\n"
    "Rules:\n"
    "  --tier off|ipc|arch|full     which events there are\n"
    "  --allow EVENT,...|all        of these, only the listed ones\n"
    "  --counters N|all             hardware counters at once\n"
    "  --min-period N               least sampling period\n"
    "  --pmi-rate N                 most samples a second and VCPU\n"
    "  --kernel[=yes|no]            counting in the guest's kernel\n"
    "  --hypervisor[=yes|no]        counting of Xen's work for the guest\n"
    "\n"
    "  --save                       with policy, enable, disable, reset: also\n"
    "                               store it (reset: forget it) for the UUID\n"
    "  --directory DIR              where (default: /etc/xen/perfctr)\n"
    "  --json                       with list, status, stats\n"
    "\n"
    "DOMAIN is an id, a name or a UUID.  See xen-perfctr(8).\n";

namespace {

// What a command takes: the least and the most arguments, and which options.
struct Command {
    const char* name;
    size_t least, most;
    bool rules, save, json;
};

constexpr Command kCommands[] = {
    {"list", 0, 0, false, false, true},
    {"status", 1, 1, false, false, true},
    {"stats", 2, 2, false, false, true},
    {"policy", 1, 1, true, true, false},
    {"enable", 1, 1, true, true, false},
    {"disable", 1, 1, false, true, false},
    {"reset", 1, 1, false, true, false},
    {"apply", 0, 1, false, false, false},
    {"watch", 0, 0, false, false, false},
};

constexpr const char* kRules[] = {"tier", "allow", "counters", "max-counters",
                                  "min-period", "pmi-rate", "kernel",
                                  "hypervisor"};

po::options_description description()
{
    po::options_description all;

    for (const char* rule : kRules) {
        const std::string name = rule;

        if (name == "kernel" || name == "hypervisor")
            all.add_options()(rule,
                              po::value<std::string>()->implicit_value("yes"));
        else
            all.add_options()(rule, po::value<std::string>());
    }
    all.add_options()
        ("save", po::bool_switch())
        ("json", po::bool_switch())
        ("help,h", po::bool_switch())
        ("directory",
         po::value<std::string>()->default_value("/etc/xen/perfctr"))
        ("argument", po::value<std::vector<std::string>>());

    return all;
}

// "--kernel DOMAIN": the word that follows is not the option's value.
std::vector<std::string> explicit_values(std::vector<std::string> words)
{
    for (std::string& word : words)
        if (word == "--kernel" || word == "--hypervisor")
            word += "=yes";

    return words;
}

uint32_t vcpu_number(const std::string& text)
{
    if (text.empty() || text.size() > 9 ||
        text.find_first_not_of("0123456789") != std::string::npos)
        throw UsageError("no VCPU '" + text + "'");

    return static_cast<uint32_t>(std::stoul(text));
}

void check(const Command& command, const po::variables_map& given,
           size_t arguments)
{
    const std::string name = command.name;

    if (arguments < command.least)
        throw UsageError(name + ": " + (arguments ? "no VCPU" : "no domain") +
                         " given");
    if (arguments > command.most)
        throw UsageError(name + ": too many arguments");
    for (const char* rule : kRules)
        if (given.count(rule) && !command.rules)
            throw UsageError(name + ": --" + rule + " is of no use here");
    if (given["save"].as<bool>() && !command.save)
        throw UsageError(name + ": --save is of no use here");
    if (given["json"].as<bool>() && !command.json)
        throw UsageError(name + ": --json is of no use here");
}

void take_rules(const po::variables_map& given, Vendor vendor,
                PolicyChange& change)
{
    for (const char* rule : kRules) {
        if (!given.count(rule))
            continue;

        // The name that --counters had first.
        const std::string key =
            std::string(rule) == "max-counters" ? "counters" : rule;
        change.set(key, given[rule].as<std::string>(), vendor);
    }
}

} // namespace

Options parse_options(const std::vector<std::string>& words, Vendor vendor)
{
    const po::options_description all = description();
    po::positional_options_description positional;
    po::variables_map given;
    Options options;

    positional.add("argument", -1);
    try {
        using Style = po::command_line_style::style_t;

        po::store(po::command_line_parser(explicit_values(words))
                      .options(all)
                      .positional(positional)
                      .style(Style::unix_style & ~Style::allow_guessing)
                      .run(), given);
        po::notify(given);
    } catch (const po::error& error) {
        throw UsageError(error.what());
    }

    options.help = given["help"].as<bool>();
    if (options.help)
        return options;

    std::vector<std::string> arguments;
    if (given.count("argument"))
        arguments = given["argument"].as<std::vector<std::string>>();
    if (arguments.empty())
        throw UsageError("no command given");

    options.command = arguments[0];
    const auto command =
        std::find_if(std::begin(kCommands), std::end(kCommands),
                     [&](const Command& row) {
                         return options.command == row.name;
                     });
    if (command == std::end(kCommands))
        throw UsageError("unknown command '" + options.command + "'");

    check(*command, given, arguments.size() - 1);
    take_rules(given, vendor, options.change);
    if (arguments.size() > 1)
        options.domain = arguments[1];
    if (arguments.size() > 2)
        options.vcpu = vcpu_number(arguments[2]);
    if (command->least && options.domain.empty())
        throw UsageError(options.command + ": the domain's name is empty");
    options.save = given["save"].as<bool>();
    options.json = given["json"].as<bool>();
    options.directory = given["directory"].as<std::string>();

    return options;
}
