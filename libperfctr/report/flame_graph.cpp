// SPDX-License-Identifier: LGPL-2.1-or-later
#include "flame_graph.hpp"

#include "file_error.hpp"
#include "flame_script.hpp"
#include "printable.hpp"

#include <algorithm>
#include <cinttypes>

namespace perfctr::report {
namespace {

constexpr double kWidth = 1200, kMargin = 10, kRow = 17, kBox = 16;
constexpr double kHead = 56, kFoot = 34;
constexpr double kLetter = 7.2;  // of the monospaced font, 12 px
// Boxes narrower than this are not drawn.
constexpr double kThinnest = 0.1;

struct Colour {
  unsigned red, green, blue;
};

// Warm colours for user code, orange for the kernel, blue for the hypervisor, grey
// for what has no name; equal names are alike in all pictures.
Colour colour_of(const std::string& name, Mode mode, bool known) {
  std::uint32_t hash = 2166136261;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619;
  const unsigned a = hash >> 8 & 0xff, b = hash >> 16 & 0xff;
  if (mode == Mode::kHypervisor) return {70 + a / 5, 140 + b / 5, 205 + a / 6};
  if (mode == Mode::kKernel || mode == Mode::kGuestKernel) return {235 + a / 13, 140 + b / 6, 30};
  if (!known) return {180 + a / 8, 180 + a / 8, 180 + a / 8};
  return {215 + a / 7, 70 + b / 2, 45 + a / 6};
}

// One box; frames of the same name are one even if their addresses differ.
struct Box {
  std::string name;
  Mode mode = Mode::kUser;
  bool known = true;
  std::uint64_t weight = 0;
  std::vector<std::uint32_t> nodes;  // of the event's tree
};

class Picture final {
 public:
  Picture(const Profile& profile, const EventProfile& event, bool by_samples)
      : profile_(profile), event_(event), by_samples_(by_samples), totals_(event.tree.totals()) {
    const auto& nodes = event.tree.nodes();
    children_.resize(nodes.size());
    for (std::uint32_t i = 1; i < nodes.size(); ++i) children_[nodes[i].parent].push_back(i);
    whole_ = totals_[CallTree::kRoot].by(by_samples);
  }

  std::string draw() {
    Box all{"all", Mode::kUser, false, whole_, {CallTree::kRoot}};
    draw(all, 0, 0);
    const double height = kHead + kFoot + static_cast<double>(depth_ + 1) * kRow;
    return head(height) + boxes(height) + "</svg>\n";
  }

 private:
  // A box waiting for the height of the picture to be known.
  struct Drawn {
    Box box;
    double x, width;
    unsigned level;
  };

  std::vector<Box> above(const Box& box) const {
    std::vector<Box> list;
    for (const std::uint32_t parent : box.nodes) {
      for (const std::uint32_t child : children_[parent]) {
        Box one{{}, Mode::kUser, true, totals_[child].by(by_samples_), {child}};
        if (parent == CallTree::kRoot) {
          one.name = printable(profile_.strings[event_.tree[child].key]);
        } else {
          const Frame& frame = profile_.frame(event_.tree[child]);
          one.name = printable(profile_.picture_name(frame));
          one.mode = frame.mode;
          one.known = frame.symbol != 0;
        }
        list.push_back(std::move(one));
      }
    }
    // By name, so that pictures of like profiles look alike.
    std::stable_sort(list.begin(), list.end(),
                     [](const Box& a, const Box& b) { return a.name < b.name; });
    std::vector<Box> merged;
    for (Box& one : list) {
      if (merged.empty() || merged.back().name != one.name) {
        merged.push_back(std::move(one));
      } else {
        merged.back().weight = saturating_sum(merged.back().weight, one.weight);
        merged.back().nodes.push_back(one.nodes.front());
      }
    }
    return merged;
  }

  // Chains are cut when they are read, which bounds the recursion.
  void draw(const Box& box, double x, unsigned level) {
    const double width = whole_ == 0 ? 0
                                     : (kWidth - 2 * kMargin) * static_cast<double>(box.weight) /
                                           static_cast<double>(whole_);
    if (width < kThinnest) return;
    depth_ = std::max(depth_, level);
    drawn_.push_back({box, x, width, level});
    for (const Box& next : above(box)) {
      draw(next, x, level + 1);
      x += (kWidth - 2 * kMargin) * static_cast<double>(next.weight) / static_cast<double>(whole_);
    }
  }

  std::string head(double height) const {
    const std::string unit = by_samples_ ? "samples" : event_.name;
    std::string text = print(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n"
        "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"%.0f\" "
        "height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\">\n",
        kWidth, height, kWidth, height);
    text +=
        "<style>text { font: 12px monospace; fill: #101010; pointer-events: none } "
        "#title { font: bold 17px sans-serif } .note { font: 12px sans-serif; fill: #505050 } "
        ".button { cursor: pointer; pointer-events: all } g.f { cursor: pointer } "
        "g.f:hover rect { stroke: #000000; stroke-width: 0.8 }</style>\n"
        "<defs><linearGradient id=\"sky\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"1\">"
        "<stop offset=\"0\" stop-color=\"#fafafa\"/><stop offset=\"1\" stop-color=\"#eeeadc\"/>"
        "</linearGradient></defs>\n"
        "<rect width=\"100%\" height=\"100%\" fill=\"url(#sky)\"/>\n";
    text += "<text id=\"title\" x=\"600\" y=\"26\" text-anchor=\"middle\">" +
            xml_escaped(event_.name) + "</text>\n";
    std::string about = print("%" PRIu64 " samples", event_.total.samples);
    if (!profile_.hostname.empty()) about += " on " + xml_escaped(profile_.hostname);
    if (!profile_.command.empty()) about += ": " + xml_escaped(profile_.command);
    if (profile_.lost > 0) about += print(" (%" PRIu64 " lost)", profile_.lost);
    if (!profile_.damage.empty()) about += " (the recording is incomplete)";
    text += "<text class=\"note\" x=\"600\" y=\"44\" text-anchor=\"middle\">" + about + "</text>\n";
    text +=
        "<text id=\"back\" class=\"note button\" x=\"10\" y=\"26\" style=\"display:none\">"
        "whole picture</text>\n"
        "<text id=\"search\" class=\"note button\" x=\"1190\" y=\"26\" text-anchor=\"end\">"
        "search</text>\n";
    text += print("<text id=\"info\" class=\"note\" x=\"10\" y=\"%.0f\"> </text>\n", height - 12);
    text += print(
        "<text id=\"found\" class=\"note\" x=\"1190\" y=\"%.0f\" text-anchor=\"end\"> </text>\n",
        height - 12);
    return text + "<!-- weights: " + comment(unit) + " -->\n";
  }

  // "--" must not stand in a comment.
  static std::string comment(const std::string& text) {
    std::string out = xml_escaped(text);
    std::replace(out.begin(), out.end(), '-', '_');
    return out;
  }

  std::string boxes(double height) const {
    std::string text;
    for (const Drawn& one : drawn_) {
      const double y = height - kFoot - static_cast<double>(one.level + 1) * kRow;
      const Colour colour = colour_of(one.box.name, one.box.mode, one.box.known);
      const double percent =
          100 * static_cast<double>(one.box.weight) / static_cast<double>(whole_);
      const std::string name = xml_escaped(one.box.name);
      text.append("<g class=\"f\" data-name=\"").append(name).append("\"><title>").append(name);
      text += print(" (%" PRIu64 ", %.2f%%)</title>", one.box.weight, percent);
      text += print(
          "<rect x=\"%.3f\" y=\"%.0f\" width=\"%.3f\" height=\"%.0f\" rx=\"1.5\" "
          "fill=\"#%02x%02x%02x\"/>",
          kMargin + one.x, y, one.width, kBox, colour.red, colour.green, colour.blue);
      text += print("<text x=\"%.3f\" y=\"%.1f\">", kMargin + one.x + 3, y + 12);
      text += xml_escaped(fitting(one.box.name, one.width)) + "</text></g>\n";
    }
    return text + "<script><![CDATA[" + kFlameScript + "]]></script>\n";
  }

  // As much of the name as the box has room for; whole characters of UTF-8.
  static std::string fitting(const std::string& name, double width) {
    const auto room = static_cast<std::size_t>(width / kLetter);
    if (room < 3) return {};
    if (name.size() <= room) return name;
    std::size_t end = room - 2;
    while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80) --end;
    return name.substr(0, end) + "..";
  }

  const Profile& profile_;
  const EventProfile& event_;
  bool by_samples_;
  std::vector<Weight> totals_;
  std::vector<std::vector<std::uint32_t>> children_;
  std::vector<Drawn> drawn_;
  std::uint64_t whole_ = 0;
  unsigned depth_ = 0;
};

}  // namespace

std::string flame_graph(const Profile& profile, const EventProfile& event, bool by_samples) {
  return Picture(profile, event, by_samples).draw();
}

}  // namespace perfctr::report
