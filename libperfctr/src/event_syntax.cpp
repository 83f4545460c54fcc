// SPDX-License-Identifier: LGPL-2.1-or-later
#include "event_syntax.hpp"

#include "event_bits.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace perfctr {
namespace {

// Decimal, or hexadecimal after 0x; nothing else may follow.
std::optional<std::uint64_t> parse_number(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  }
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, base);
  if (text.empty() || error != std::errc() || stop != end) return std::nullopt;
  return number;
}

// A term of cpu/.../ and its place in the event's code.
struct Term {
  std::string_view name;
  std::uint64_t most;
  unsigned shift;
};
constexpr Term kTerms[] = {
    {"event", 0xff, 0}, {"umask", 0xff, 8}, {"edge", 1, 18}, {"inv", 1, 23}, {"cmask", 0xff, 24},
};

Result<std::uint64_t> parse_term(std::string_view term, std::string_view event, CpuVendor vendor) {
  const auto equals = term.find('=');
  const std::string_view name = term.substr(0, equals);
  const auto known = std::find_if(std::begin(kTerms), std::end(kTerms),
                                  [&](const Term& candidate) { return candidate.name == name; });
  if (known == std::end(kTerms)) {
    // perf's own terms that mean nothing for counting in a thread, or too much.
    return event_error(Errc::kBadTerm,
                       "event " + quoted(event) + " has the term " + quoted(name) +
                           ", which is not one of event, umask, edge, inv, cmask",
                       "leave it out", name);
  }
  std::uint64_t number = 1;
  if (equals != std::string_view::npos) {
    const auto parsed = parse_number(term.substr(equals + 1));
    if (!parsed) {
      return event_error(Errc::kBadTerm,
                         "in event " + quoted(event) + ", " + quoted(term) + " has no number",
                         "write for example " + std::string(name) + "=0x1", term);
    }
    number = *parsed;
  } else if (known->most != 1) {
    return event_error(Errc::kBadTerm,
                       "in event " + quoted(event) + ", " + quoted(term) + " has no number",
                       "write for example " + std::string(name) + "=0x1", term);
  }
  // AMD's event select has four more bits, far above the others.
  if (name == "event" && vendor == CpuVendor::kAmd && number <= 0xfff) {
    return (number & 0xff) | (number >> 8) << 32;
  }
  if (number > known->most) {
    return event_error(
        Errc::kBadTerm,
        "in event " + quoted(event) + ", " + quoted(term) + " is above " + hex(known->most),
        "give a smaller number", term);
  }
  return number << known->shift;
}

bool is_modifiers(std::string_view text) {
  return !text.empty() && text.find_first_not_of("ukhpPGHISDWe") == std::string_view::npos;
}

}  // namespace

Error event_error(Errc code, std::string message, std::string remedy, std::string_view subject) {
  return Error{.code = code,
               .sys_errno = 0,
               .message = std::move(message),
               .remedy = std::move(remedy),
               .subject = std::string(subject)};
}

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\n')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n')) text.remove_suffix(1);
  return text;
}

Result<std::vector<std::string>> split_events(std::string_view list) {
  std::vector<std::string> events;
  std::size_t begin = 0;
  std::size_t group_begin = 0;
  bool in_group = false;
  bool in_slashes = false;
  bool after_group = false;
  for (std::size_t i = 0; i <= list.size(); ++i) {
    const char c = i < list.size() ? list[i] : ',';
    if (c == '/') in_slashes = !in_slashes && i < list.size();
    if (in_slashes && i < list.size()) continue;
    if (in_slashes)
      return event_error(Errc::kSyntax, "a '/' is not closed in " + quoted(list), "close it",
                         list.substr(begin));
    if (c == '{') {
      if (in_group || !trim(list.substr(begin, i - begin)).empty()) {
        return event_error(Errc::kSyntax,
                           "a '{' stands inside a group or an event in " + quoted(list),
                           "write {a,b},{c,d}", list.substr(begin, i + 1 - begin));
      }
      in_group = true;
      group_begin = events.size();
      begin = i + 1;
      continue;
    }
    if (c == '}' && !in_group) {
      return event_error(Errc::kSyntax, "a '}' without '{' in " + quoted(list), "write {a,b}",
                         list.substr(begin, i + 1 - begin));
    }
    if (c != ',' && c != '}') continue;
    if (i == list.size() && in_group) {
      return event_error(Errc::kSyntax, "a '{' is not closed in " + quoted(list), "write {a,b}",
                         list.substr(begin));
    }
    const std::string_view item = trim(list.substr(begin, i - begin));
    begin = i + 1;
    if (after_group) {
      // "{a,b}:u": the modifiers of all in the group.
      after_group = false;
      if (!item.empty() && !item.starts_with(':')) {
        return event_error(Errc::kSyntax, quoted(item) + " follows a '}' in " + quoted(list),
                           "put a comma between them", item);
      }
      for (std::size_t k = group_begin; k < events.size(); ++k) {
        if (!item.empty()) events[k] += item;
      }
      continue;
    }
    if (item.empty()) {
      return event_error(Errc::kEmptyEvent, "an event name is missing in " + quoted(list),
                         "take out the extra comma, or name an event", list);
    }
    events.emplace_back(item);
    if (c == '}') {
      in_group = false;
      after_group = true;
    }
  }
  return events;
}

EventParts split_modifiers(std::string_view text) {
  const auto slash = text.rfind('/');
  if (slash != std::string_view::npos && text.find('/') != slash) {
    // "cpu/event=0xc0/u" and ".../:u".
    std::string_view modifiers = text.substr(slash + 1);
    if (modifiers.starts_with(':')) modifiers.remove_prefix(1);
    return {text.substr(0, slash + 1), modifiers};
  }
  const auto first = text.find(':');
  if (first == std::string_view::npos) return {text, {}};
  // A generic name or a raw code has nothing but modifiers after a colon.
  const std::string_view body = text.substr(0, first);
  if (find_generic_event(body) != nullptr || is_software_event(body) || looks_raw(body)) {
    return {body, text.substr(first + 1)};
  }
  const auto last = text.rfind(':');
  const std::string_view modifiers = text.substr(last + 1);
  // "skl::..." has no modifiers at its second colon.
  const bool after_pmu = last > 0 && text[last - 1] == ':';
  if (is_modifiers(modifiers) && !after_pmu) return {text.substr(0, last), modifiers};
  return {text, {}};
}

Result<std::uint32_t> parse_modifiers(std::string_view modifiers, std::string_view event) {
  std::uint32_t domains = 0;
  for (const char& c : modifiers) {
    switch (c) {
      case 'u':
        domains |= kDomainUser;
        break;
      case 'k':
        domains |= kDomainKernel;
        break;
      case 'h':
        domains |= kDomainHypervisor;
        break;
      case 'p':
      case 'P':
        return event_error(
            Errc::kBadModifier,
            "event " + quoted(event) + " asks for precise sampling (modifier 'p')",
            "leave it out: a count is exact anyway, and precise sampling is not offered",
            std::string_view(&c, 1));
      default:
        return event_error(Errc::kBadModifier,
                           "event " + quoted(event) + " has the modifier " + quoted({&c, 1}) +
                               ", which is not one of u, k, h",
                           "write for example instructions:u", std::string_view(&c, 1));
    }
  }
  return domains == 0 ? kDomainUser : domains;
}

bool looks_raw(std::string_view body) {
  return body.size() > 1 && body.front() == 'r' &&
         body.find_first_not_of("0123456789abcdefABCDEF", 1) == std::string_view::npos;
}

Result<std::uint64_t> parse_raw(std::string_view body, CpuVendor vendor) {
  std::uint64_t code = 0;
  const auto [stop, error] = std::from_chars(body.data() + 1, body.data() + body.size(), code, 16);
  if (error != std::errc() || stop != body.data() + body.size()) {
    return event_error(Errc::kBadTerm, "raw event " + quoted(body) + " is not a number of 64 bits",
                       "write r and the unit mask and event select in hexadecimal, such as r01c4",
                       body);
  }
  const std::uint64_t allowed = vendor == CpuVendor::kAmd ? kAmdEventBits : kEventBits;
  const std::uint64_t refused = code & ~allowed;
  if (refused == 0) return code;
  const std::string plain = "r" + hex(code & allowed).substr(2);
  if ((refused & ~kKernelBits) == 0) {
    return event_error(Errc::kReservedBits,
                       "raw event " + quoted(body) + " sets bits " + hex(refused) +
                           " (USR, OS, INT, EN), which the kernel sets itself",
                       "write " + plain + " with ':u' or ':k'", body);
  }
  return event_error(Errc::kReservedBits,
                     "raw event " + quoted(body) + " sets bits " + hex(refused & ~kKernelBits) +
                         ", which do not belong to an event" +
                         ((refused & kAnyThreadBit) != 0 ? " (any-thread)" : "") +
                         ((refused & kPinBit) != 0 ? " (pin control)" : ""),
                     "use select 7:0, unit mask 15:8, edge 18, inv 23, cmask 31:24", body);
}

Result<std::uint64_t> parse_terms(std::string_view terms, std::string_view event,
                                  CpuVendor vendor) {
  std::uint64_t code = 0;
  bool has_event = false;
  while (!terms.empty()) {
    const auto comma = terms.find(',');
    const std::string_view term = trim(terms.substr(0, comma));
    terms = comma == std::string_view::npos ? std::string_view() : terms.substr(comma + 1);
    if (term.starts_with("name=")) continue;
    const auto bits = parse_term(term, event, vendor);
    if (!bits) return bits.error();
    has_event |= term.starts_with("event=");
    code |= *bits;
  }
  if (!has_event) {
    return event_error(Errc::kBadTerm,
                       "event " + quoted(event) + " has no 'event=' between its slashes",
                       "write for example cpu/event=0xc4,umask=0x1/", event);
  }
  return code;
}

}  // namespace perfctr
