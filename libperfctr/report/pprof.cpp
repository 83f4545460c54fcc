// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pprof.hpp"

#include "printable.hpp"
#include "proto_writer.hpp"

#include <map>

namespace perfctr::report {
namespace {

// Field numbers of github.com/google/pprof/proto/profile.proto.
namespace field {
enum : unsigned { kSampleType = 1, kSample, kMapping, kLocation, kFunction, kStringTable };
enum : unsigned { kPeriodType = 11, kPeriod, kComment, kDefaultSampleType };
namespace value_type {
enum : unsigned { kType = 1, kUnit };
}
namespace sample {
enum : unsigned { kLocationId = 1, kValue, kLabel };
}
namespace label {
enum : unsigned { kKey = 1, kText };
}
namespace mapping {
enum : unsigned { kId = 1, kFilename = 5, kHasFunctions = 7 };
}
namespace location {
enum : unsigned { kId = 1, kMappingId, kAddress, kLine };
}
namespace line {
enum : unsigned { kFunctionId = 1 };
}
namespace function {
enum : unsigned { kId = 1, kName, kSystemName, kFilename };
}
}  // namespace field

const char* mode_text(Mode mode) {
  switch (mode) {
    case Mode::kKernel:
      return "Host Kernel";
    case Mode::kHypervisor:
      return "Hypervisor";
    case Mode::kGuestKernel:
      return "Guest Kernel";
    case Mode::kGuestUser:
      return "Guest User";
    default:
      return "Host User";
  }
}

class Encoder final {
 public:
  Encoder(const Profile& profile, const EventProfile& event) : profile_(profile), event_(event) {}

  std::string encode() {
    value_type(field::kSampleType, "samples", "count");
    value_type(field::kSampleType, event_.name, "count");
    samples();
    frames();
    value_type(field::kPeriodType, event_.name, "count");
    out_.number(field::kPeriod, 1);
    if (!profile_.command.empty()) out_.number(field::kComment, string(profile_.command));
    out_.number(field::kDefaultSampleType, string(event_.name));
    for (std::uint32_t i = 0; i < strings_.size(); ++i) out_.text(field::kStringTable, strings_[i]);
    return out_.bytes();
  }

 private:
  std::uint64_t string(std::string_view text) { return strings_.number(printable(text)); }

  void value_type(unsigned number, std::string_view type, std::string_view unit) {
    ProtoWriter value;
    value.number(field::value_type::kType, string(type));
    value.number(field::value_type::kUnit, string(unit));
    out_.message(number, value);
  }

  static void label(ProtoWriter& sample, std::uint64_t key, std::uint64_t text) {
    ProtoWriter label;
    label.number(field::label::kKey, key);
    label.number(field::label::kText, text);
    sample.message(field::sample::kLabel, label);
  }

  void samples() {
    const auto& nodes = event_.tree.nodes();
    for (std::size_t i = 1; i < nodes.size(); ++i) {
      if (nodes[i].self.samples == 0) continue;
      std::vector<std::uint64_t> locations;  // innermost first
      std::size_t at = i;
      for (; nodes[at].parent != CallTree::kRoot; at = nodes[at].parent)
        locations.push_back(location(nodes[at].key));
      ProtoWriter sample;
      sample.packed(field::sample::kLocationId, locations);
      sample.packed(field::sample::kValue, {nodes[i].self.samples, nodes[i].self.period});
      label(sample, string("comm"), string(profile_.strings[nodes[at].key]));
      label(sample, string("execution_mode"), string(mode_text(profile_.frame(nodes[i]).mode)));
      out_.message(field::kSample, sample);
    }
  }

  std::uint64_t location(std::uint32_t frame) {
    return locations_.try_emplace(frame, locations_.size() + 1).first->second;
  }

  void frames() {
    std::map<std::uint32_t, std::uint64_t> mappings;  // by shared object
    for (const auto& [number, id] : locations_) {
      const Frame& frame = profile_.frames[number];
      const std::uint64_t mapping =
          mappings.try_emplace(frame.dso, mappings.size() + 1).first->second;
      ProtoWriter location;
      location.number(field::location::kId, id);
      location.number(field::location::kMappingId, mapping);
      location.number(field::location::kAddress, frame.address);
      if (frame.symbol != 0) {
        ProtoWriter line;
        line.number(field::line::kFunctionId, id);
        location.message(field::location::kLine, line);
        ProtoWriter function;
        function.number(field::function::kId, id);
        function.number(field::function::kName, string(profile_.strings[frame.symbol]));
        function.number(field::function::kSystemName, string(profile_.strings[frame.symbol]));
        out_.message(field::kFunction, function);
      }
      out_.message(field::kLocation, location);
    }
    for (const auto& [dso, id] : mappings) {
      ProtoWriter mapping;
      mapping.number(field::mapping::kId, id);
      mapping.number(field::mapping::kFilename, string(profile_.strings[dso]));
      mapping.number(field::mapping::kHasFunctions, 1);
      out_.message(field::kMapping, mapping);
    }
  }

  const Profile& profile_;
  const EventProfile& event_;
  ProtoWriter out_;
  StringTable strings_;
  std::map<std::uint32_t, std::uint64_t> locations_;  // by frame
};

}  // namespace

std::string pprof_profile(const Profile& profile, const EventProfile& event) {
  return Encoder(profile, event).encode();
}

}  // namespace perfctr::report
