// SPDX-License-Identifier: LGPL-2.1-or-later
#include "perf_features.hpp"

#include <perfctr/perfctr.hpp>

#include <sys/utsname.h>
#include <unistd.h>

#include <cstring>
#include <string_view>

namespace perfctr::cli {
namespace {

void add(RecordBytes& section, const void* data, std::size_t size) {
  const auto* bytes = static_cast<const std::byte*>(data);
  section.insert(section.end(), bytes, bytes + size);
}

void add_u32(RecordBytes& section, std::size_t value) {
  const auto number = static_cast<std::uint32_t>(value);
  add(section, &number, sizeof(number));
}

// A length, then the text filled up with zeros to that length.
void add_text(RecordBytes& section, std::string_view text) {
  const std::size_t length = (text.size() + 1 + 63) / 64 * 64;
  add_u32(section, length);
  add(section, text.data(), text.size());
  section.resize(section.size() + length - text.size());
}

RecordBytes text_section(std::string_view text) {
  RecordBytes section;
  add_text(section, text);
  return section;
}

RecordBytes command_line_section(const std::vector<std::string>& words) {
  RecordBytes section;
  add_u32(section, words.size());
  for (const std::string& word : words) add_text(section, word);
  return section;
}

RecordBytes event_section(const PerfDataWriter::Description& description) {
  RecordBytes section;
  add_u32(section, description.events.size());
  add_u32(section, kFileAttrSize);
  for (unsigned i = 0; i < description.events.size(); ++i) {
    const SampledEvent& event = description.events[i];
    const perf_event_attr attr =
        file_attribute(event, description.call_chain, description.inherit, i == 0);
    add(section, &attr, kFileAttrSize);
    add_u32(section, 1);
    add_text(section, event.event.name);
    const std::uint64_t id = id_of_event(i);
    add(section, &id, sizeof(id));
  }
  return section;
}

}  // namespace

std::vector<RecordBytes> feature_sections(const PerfDataWriter::Description& description,
                                          std::uint64_t first_ns, std::uint64_t last_ns) {
  utsname names{};
  ::uname(&names);
  RecordBytes cpus;
  add_u32(cpus, static_cast<std::size_t>(::sysconf(_SC_NPROCESSORS_CONF)));
  add_u32(cpus, static_cast<std::size_t>(::sysconf(_SC_NPROCESSORS_ONLN)));
  RecordBytes times;
  add(times, &first_ns, sizeof(first_ns));
  add(times, &last_ns, sizeof(last_ns));
  return {text_section(names.nodename),
          text_section(names.release),
          text_section(std::string("perfctr ") + version()),
          text_section(names.machine),
          cpus,
          command_line_section(description.command_line),
          event_section(description),
          times};
}

}  // namespace perfctr::cli
