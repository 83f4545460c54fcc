// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The outputs of `perfctr report`, letter by letter where they are text; pictures
// and pprof profiles read again by a Python that knows nothing of this code.
#include "skip.hpp"

#include "flame_graph.hpp"
#include "folded.hpp"
#include "json_report.hpp"
#include "perf_data_image.hpp"
#include "pprof.hpp"
#include "printable.hpp"
#include "profile_builder.hpp"
#include "proto_writer.hpp"
#include "text_report.hpp"

#include <filesystem>
#include <fstream>

namespace perfctr::test {
namespace {

using namespace perfctr::report;

constexpr std::uint64_t kUser = static_cast<std::uint64_t>(PERF_CONTEXT_USER);

Profile profile_of(const PerfDataImage& image, const std::string& kernel_table = {}) {
  const std::string file = image.file();
  auto profile = build_profile({reinterpret_cast<const std::uint8_t*>(file.data()), file.size()},
                               {.root = {}, .kernel_table = kernel_table, .hypervisor_table = {}});
  CPPUNIT_ASSERT_MESSAGE(profile ? "" : profile.error().message, profile.ok());
  return std::move(*profile);
}

std::string text_of(const Profile& profile, const TableOptions& options) {
  return text_report(profile, {&profile.events[0]}, options);
}

// The lines that are not comments.
std::string rows_of(const Profile& profile, const TableOptions& options) {
  std::string rows, text = text_of(profile, options);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin) + 1;
    if (text[begin] != '#') rows += text.substr(begin, end - begin);
    begin = end;
  }
  return rows;
}

// Python that reads a file; prints what was found.
std::string python(const std::string& program, const std::string& input) {
  if (run("command -v python3").status != 0) skip("python3 is not installed");
  const std::string directory = setting("PERFCTR_SCRATCH");
  std::filesystem::create_directories(directory);
  std::ofstream(directory + "/report-input", std::ios::binary) << input;
  std::ofstream(directory + "/report-check.py") << program;
  const Ran ran = run("python3 " + directory + "/report-check.py " + directory + "/report-input");
  CPPUNIT_ASSERT_MESSAGE(ran.output, ran.status == 0);
  return ran.output;
}

// Names that every output has to cope with.
PerfDataImage image_of_bad_names() {
  PerfDataImage image;
  image.comm(1, 1, "<a>&\"'\x1b[2J;]]>--\xff\xc3\xa9", 0);
  image.mmap(1, 0x1000, 0x1000, 0, "/no/such/x;<y>\"\\\n", 0);
  image.sample(1, 1, 0x1010, 1, 3, {kUser, 0x1010, 0x1021});
  return image;
}

class ReportOutputTest final : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(ReportOutputTest);
  CPPUNIT_TEST(text);
  CPPUNIT_TEST(sorting);
  CPPUNIT_TEST(weights);
  CPPUNIT_TEST(percent_limit);
  CPPUNIT_TEST(children);
  CPPUNIT_TEST(recursion_counts_once);
  CPPUNIT_TEST(call_graph);
  CPPUNIT_TEST(no_weight_at_all);
  CPPUNIT_TEST(folded);
  CPPUNIT_TEST(json);
  CPPUNIT_TEST(printable_text);
  CPPUNIT_TEST(protocol_buffers);
  CPPUNIT_TEST(pprof);
  CPPUNIT_TEST(svg);
  CPPUNIT_TEST(svg_is_deterministic);
  CPPUNIT_TEST(bad_names);
  CPPUNIT_TEST_SUITE_END();

 public:
  void text() {
    CPPUNIT_ASSERT_EQUAL(
        std::string("# hostname: guest\n"
                    "# Total Lost Samples: 7\n"
                    "#\n"
                    "# Samples: 4 of event 'instructions:u'\n"
                    "# Event count (approx.): 4500\n"
                    "#\n"
                    "# Overhead  Samples  Command  Shared Object      Symbol\n"
                    "# ........  .......  .......  .................  ......................\n"
                    "#\n"
                    "    44.44%        1  child    other              [.] 0x0000000000000100\n"
                    "    33.33%        2  parent   program            [.] 0x0000000000000100\n"
                    "    22.22%        1  parent   [kernel.kallsyms]  [k] 0xffffffff81000010\n"),
        text_of(profile_of(image_of_everything()), {}));
  }

  void sorting() {
    const Profile profile = profile_of(image_of_everything());
    CPPUNIT_ASSERT_EQUAL(std::string("    55.56%        3  parent\n    44.44%        1  child\n"),
                         rows_of(profile, {.keys = {SortKey::kComm}}));
    CPPUNIT_ASSERT_EQUAL(std::string("    44.44%        1  other              child\n"
                                     "    33.33%        2  program            parent\n"
                                     "    22.22%        1  [kernel.kallsyms]  parent\n"),
                         rows_of(profile, {.keys = {SortKey::kDso, SortKey::kComm}}));
    CPPUNIT_ASSERT_EQUAL(std::string("    44.44%        1  [.] 0x0000000000000100\n"
                                     "    33.33%        2  [.] 0x0000000000000100\n"
                                     "    22.22%        1  [k] 0xffffffff81000010\n"),
                         rows_of(profile, {.keys = {SortKey::kSymbol}}));
  }

  void weights() {
    CPPUNIT_ASSERT_EQUAL(
        std::string("    75.00%        3  parent\n    25.00%        1  child\n"),
        rows_of(profile_of(image_of_everything()), {.keys = {SortKey::kComm}, .by_samples = true}));
  }

  void percent_limit() {
    const Profile profile = profile_of(image_of_everything());
    const std::string text = text_of(profile, {.keys = {SortKey::kComm}, .percent_limit = 50});
    CPPUNIT_ASSERT(text.find("parent") != std::string::npos);
    CPPUNIT_ASSERT(text.find("child") == std::string::npos);
    CPPUNIT_ASSERT(text.ends_with("# 1 rows below 50 % are not shown\n"));
  }

  void children() {
    // The heaviest first, whatever is their own.
    const auto rows = lines(rows_of(profile_of(image_of_everything()), {.children = true}));
    CPPUNIT_ASSERT_EQUAL(std::size_t{7}, rows.size());
    CPPUNIT_ASSERT_EQUAL(
        std::string(
            "    55.56%  33.33%        2  parent   program            [.] 0x0000000000000100"),
        rows[0]);
    CPPUNIT_ASSERT_EQUAL(
        std::string(
            "    44.44%  44.44%        1  child    other              [.] 0x0000000000000100"),
        rows[1]);
    CPPUNIT_ASSERT_EQUAL(
        std::string(
            "    44.44%   0.00%        0  child    other              [.] 0x000000000000014f"),
        rows[2]);
    CPPUNIT_ASSERT_EQUAL(
        std::string(
            "    44.44%   0.00%        0  parent   program            [.] 0x0000000000000200"),
        rows[3]);
  }

  void recursion_counts_once() {
    PerfDataImage image;
    image.mmap(1, 0x1000, 0x1000, 0, "/p", 0);
    image.sample(1, 1, 0x1010, 1, 10, {kUser, 0x1010, 0x1011, 0x1011, 0x1021});
    image.sample(1, 1, 0x1020, 2, 10, {kUser, 0x1020});
    const std::string rows = rows_of(profile_of(image), {.children = true});
    CPPUNIT_ASSERT_EQUAL(
        std::string("   100.00%  50.00%        1  :1       p              [.] 0x0000000000000020"),
        lines(rows)[0]);
    CPPUNIT_ASSERT_EQUAL(
        std::string("    50.00%  50.00%        1  :1       p              [.] 0x0000000000000010"),
        lines(rows)[1]);
  }

  void call_graph() {
    PerfDataImage image;
    image.mmap(1, 0x1000, 0x1000, 0, "/p", 0);
    image.sample(1, 1, 0x1010, 1, 70, {kUser, 0x1010, 0x1021, 0x1031, 0x1041});
    image.sample(1, 1, 0x1010, 2, 20, {kUser, 0x1010, 0x1051, 0x1041});
    image.sample(1, 1, 0x1060, 3, 10, {kUser, 0x1060, 0x1041});
    CPPUNIT_ASSERT_EQUAL(
        std::string("    90.00%        2  :1       p              [.] 0x0000000000000010\n"
                    "            |\n"
                    "            |--70.00%--0x0000000000000020\n"
                    "            |          0x0000000000000030\n"
                    "            |          0x0000000000000040\n"
                    "            |\n"
                    "             --20.00%--0x0000000000000050\n"
                    "                       0x0000000000000040\n"
                    "\n"
                    "    10.00%        1  :1       p              [.] 0x0000000000000060\n"
                    "            |\n"
                    "             ---0x0000000000000040\n"
                    "\n"),
        rows_of(profile_of(image), {.call_graph = true}));
    // Callers that split further up.
    PerfDataImage deep;
    deep.mmap(1, 0x1000, 0x1000, 0, "/p", 0);
    deep.sample(1, 1, 0x1010, 1, 60, {kUser, 0x1010, 0x1021, 0x1031});
    deep.sample(1, 1, 0x1010, 2, 40, {kUser, 0x1010, 0x1021, 0x1041});
    CPPUNIT_ASSERT_EQUAL(
        std::string("   100.00%        2  :1       p              [.] 0x0000000000000010\n"
                    "            |\n"
                    "             ---0x0000000000000020\n"
                    "                |\n"
                    "                |--60.00%--0x0000000000000030\n"
                    "                |\n"
                    "                 --40.00%--0x0000000000000040\n"
                    "\n"),
        rows_of(profile_of(deep), {.call_graph = true}));
  }

  void no_weight_at_all() {
    PerfDataImage image;
    image.sample(1, 1, 2, 3, 0);
    const Profile profile = profile_of(image);
    CPPUNIT_ASSERT(rows_of(profile, {}).starts_with("     0.00%        1"));
    CPPUNIT_ASSERT_EQUAL(std::string(), folded_stacks(profile, profile.events[0], false));
    CPPUNIT_ASSERT(!flame_graph(profile, profile.events[0], false).empty());
  }

  void folded() {
    const Profile profile = profile_of(image_of_everything());
    CPPUNIT_ASSERT_EQUAL(std::string("child;[other];[other] 2000\n"
                                     "parent;[library.so];[program];[program] 1000\n"
                                     "parent;[program] 500\n"
                                     "parent;[program];[program];[kernel.kallsyms]_[k];"
                                     "[kernel.kallsyms]_[k] 1000\n"),
                         folded_stacks(profile, profile.events[0], false));
    CPPUNIT_ASSERT(folded_stacks(profile, profile.events[0], true).find("[other] 1\n") !=
                   std::string::npos);
  }

  void json() {
    const Profile profile = profile_of(image_of_everything());
    CPPUNIT_ASSERT_EQUAL(
        std::string("{\"hostname\": \"guest\", \"command\": \"\", \"lost\": 7, \"damage\": [], "
                    "\"notes\": [], \"events\": [\n"
                    " {\"event\": \"cycles:ukh\", \"samples\": 1, \"period\": 1000, \"rows\": [\n"
                    "  {\"percent\": 100.0000, \"samples\": 1, \"period\": 1000, \"command\": "
                    "\"parent\", \"dso\": \"[hypervisor]\", \"symbol\": \"0xffff82d040200010\", "
                    "\"mode\": \"H\"}]}]}\n"),
        json_report(profile, {&profile.events[1]}, {}));
    const std::string both =
        json_report(profile, {&profile.events[0], &profile.events[1]}, {.children = true});
    CPPUNIT_ASSERT_EQUAL(
        std::string("2 parent 2500 55.5556\n"),
        python("import json,sys\nd=json.load(open(sys.argv[1]))\nr=d['events'][0]['rows'][0]\n"
               "print(len(d['events']),r['command'],r['children-period'],r['children-percent'])\n",
               both));
  }

  void printable_text() {
    CPPUNIT_ASSERT_EQUAL(std::string("plain \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"),
                         printable("plain \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"));
    for (const char* bad :
         {"\x1b", "\n", "\x7f", "\x80", "\xff", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
          "\xf4\x90\x80\x80", "\xc2\x9b", "\xe2\x80\xae", "\xef\xbf\xbf", "\xf0\x80\x80"}) {
      const std::string text = printable(bad);
      CPPUNIT_ASSERT_EQUAL_MESSAGE(bad, std::string(std::string(bad).size(), '?'), text);
    }
    CPPUNIT_ASSERT_EQUAL(std::string("a\\\"b\\\\c?"), json_escaped("a\"b\\c\n"));
    CPPUNIT_ASSERT_EQUAL(std::string("&lt;&amp;&gt;&quot;&#39;"), xml_escaped("<&>\"'"));
  }

  void protocol_buffers() {
    ProtoWriter writer;
    writer.number(1, 150);
    writer.number(2, 0);
    writer.text(2, "testing");
    writer.packed(4, {3, 270, 86942});
    writer.number(16, ~std::uint64_t{0});
    // The examples of the encoding's own description.
    CPPUNIT_ASSERT_EQUAL(std::string("\x08\x96\x01\x12\x07testing\x22\x06\x03\x8e\x02\x9e\xa7\x05"
                                     "\x80\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
                         writer.bytes());
  }

  void pprof() {
    const Profile profile = profile_of(image_of_everything());
    const std::string decoded = python(kReadPprof, pprof_profile(profile, profile.events[0]));
    CPPUNIT_ASSERT_EQUAL(
        std::string("samples/count instructions:u/count\n"
                    "period instructions:u/count 1 default instructions:u\n"
                    "1,1000 comm=parent execution_mode=Host User: /no/such/program+256 "
                    "/no/such/program+512 /no/such/library.so+8447\n"
                    "1,500 comm=parent execution_mode=Host User: /no/such/program+256\n"
                    "1,2000 comm=child execution_mode=Host User: /no/such/other+256 "
                    "/no/such/other+335\n"
                    "1,1000 comm=parent execution_mode=Host Kernel: "
                    "[kernel.kallsyms]+18446744071578845200 "
                    "[kernel.kallsyms]+18446744071578845695 /no/such/program+256 "
                    "/no/such/program+512\n"),
        decoded);
    // With a symbol there is a function.
    const std::string table = setting("PERFCTR_SCRATCH") + "/report-kallsyms";
    std::filesystem::create_directories(setting("PERFCTR_SCRATCH"));
    std::ofstream(table) << "ffffffff81000000 T entry\n";
    const Profile named = profile_of(image_of_everything(), table);
    CPPUNIT_ASSERT(python(kReadPprof, pprof_profile(named, named.events[0])).find(": entry ") !=
                   std::string::npos);
  }

  void svg() {
    const Profile profile = profile_of(image_of_everything());
    const std::string boxes = python(kReadSvg, flame_graph(profile, profile.events[0], false));
    CPPUNIT_ASSERT_EQUAL(std::string("all (4500, 100.00%) 1180.0\n"
                                     "child (2000, 44.44%) 524.4\n"
                                     "[other] (2000, 44.44%) 524.4\n"
                                     "[other] (2000, 44.44%) 524.4\n"
                                     "parent (2500, 55.56%) 655.6\n"
                                     "[library.so] (1000, 22.22%) 262.2\n"
                                     "[program] (1000, 22.22%) 262.2\n"
                                     "[program] (1000, 22.22%) 262.2\n"
                                     "[program] (1500, 33.33%) 393.3\n"
                                     "[program] (1000, 22.22%) 262.2\n"
                                     "[kernel.kallsyms]_[k] (1000, 22.22%) 262.2\n"
                                     "[kernel.kallsyms]_[k] (1000, 22.22%) 262.2\n"),
                         boxes);
  }

  void svg_is_deterministic() {
    const Profile once = profile_of(image_of_everything());
    const Profile again = profile_of(image_of_everything());
    CPPUNIT_ASSERT_EQUAL(flame_graph(once, once.events[0], false),
                         flame_graph(again, again.events[0], false));
  }

  void bad_names() {
    const Profile profile = profile_of(image_of_bad_names());
    const EventProfile& event = profile.events[0];
    const std::string name = "<a>&\"'?[2J;]]>--?\xc3\xa9";
    const std::string boxes = python(kReadSvg, flame_graph(profile, event, false));
    CPPUNIT_ASSERT_MESSAGE(boxes, boxes.find('\n' + name + " (3, 100.00%)") != std::string::npos);
    CPPUNIT_ASSERT_EQUAL(
        name + '\n',
        python("import json,sys\nprint(json.load(open(sys.argv[1]))['events'][0]['rows'][0]"
               "['command'])\n",
               json_report(profile, {&event}, {})));
    const std::string text = text_of(profile, {.call_graph = true});
    CPPUNIT_ASSERT(text.find('\x1b') == std::string::npos);
    const std::string stacks = folded_stacks(profile, event, false);
    CPPUNIT_ASSERT_EQUAL(1l, std::count(stacks.begin(), stacks.end(), '\n'));
    CPPUNIT_ASSERT_EQUAL(2l, std::count(stacks.begin(), stacks.end(), ';'));
  }

 private:
  static std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> list;
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = text.find('\n', begin);
      list.push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
    return list;
  }

  // Walks the wire format: field numbers as profile.proto has them.
  static constexpr const char* kReadPprof = R"(
import sys
def varint(b, i):
    v = s = 0
    while True:
        v |= (b[i] & 127) << s; s += 7; i += 1
        if b[i - 1] < 128: return v, i
def message(b):
    i, out = 0, {}
    while i < len(b):
        tag, i = varint(b, i)
        if tag & 7 == 0: value, i = varint(b, i)
        else:
            assert tag & 7 == 2, tag
            size, i = varint(b, i)
            assert i + size <= len(b)
            value, i = b[i:i + size], i + size
        out.setdefault(tag >> 3, []).append(value)
    return out
def packed(b):
    i, out = 0, []
    while i < len(b):
        v, i = varint(b, i); out.append(v)
    return out
p = message(open(sys.argv[1], 'rb').read())
s = [x.decode() for x in p[6]]
assert s[0] == '' and len(set(s)) == len(s)
one = lambda m, f: m.get(f, [0])[0]
kind = lambda b: s[one(message(b), 1)] + '/' + s[one(message(b), 2)]
functions = {one(message(b), 1): s[one(message(b), 2)] for b in p.get(5, [])}
mappings = {one(message(b), 1): s[one(message(b), 5)] for b in p[3]}
locations = {}
for b in p[4]:
    l = message(b)
    assert one(l, 1) not in locations and one(l, 1) > 0
    if 4 in l: locations[one(l, 1)] = functions[one(message(l[4][0]), 1)]
    else: locations[one(l, 1)] = mappings[one(l, 2)] + '+%d' % one(l, 3)
print(*[kind(b) for b in p[1]])
print('period', kind(p[11][0]), one(p, 12), 'default', s[one(p, 14)])
for b in p[2]:
    m = message(b)
    labels = [message(x) for x in m[3]]
    print(','.join(map(str, packed(m[2][0]))), *[s[one(x, 1)] + '=' + s[one(x, 2)] for x in labels], end=': ')
    print(*[locations[x] for x in packed(m[1][0])])
)";

  // Every box: its tool tip and width; they have to lie within their callers.
  static constexpr const char* kReadSvg = R"(
import sys
import xml.etree.ElementTree as tree
n = '{http://www.w3.org/2000/svg}'
root = tree.parse(sys.argv[1]).getroot()
assert root.tag == n + 'svg'
width, height = float(root.get('width')), float(root.get('height'))
boxes = []
for g in root.iter(n + 'g'):
    assert g.get('class') == 'f'
    rect, title = g.find(n + 'rect'), g.find(n + 'title').text
    assert title.startswith(g.get('data-name') + ' (')
    x, y, w = (float(rect.get(k)) for k in ('x', 'y', 'width'))
    assert 0 <= x and x + w <= width and 0 <= y < height
    under = [b for b in boxes if b[1] == y + 17 and b[0] <= x + 0.01 and x + w <= b[0] + b[2] + 0.01]
    assert not boxes or len(under) == 1, title
    assert all(b[1] != y or b[0] + b[2] <= x + 0.01 or x + w <= b[0] + 0.01 for b in boxes), title
    boxes.append((x, y, w))
    print(title, '%.1f' % w)
)";
};

CPPUNIT_TEST_SUITE_REGISTRATION(ReportOutputTest);

}  // namespace
}  // namespace perfctr::test
