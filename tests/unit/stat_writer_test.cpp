// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The output of `perfctr stat`, letter by letter as perf 6.1 writes it (without
// the blanks that perf leaves at the ends of lines).
#include "skip.hpp"

#include "running_stats.hpp"
#include "stat_report.hpp"

namespace perfctr::test {
namespace {

using namespace perfctr::cli;

StatRow row(const char* event, std::optional<double> value) {
  StatRow out;
  out.event = event;
  out.value = value;
  out.runtime_ns = 627010;
  return out;
}

StatReport report_of_true() {
  StatReport report;
  report.title = "'true'";
  report.rows = {row("instructions:u", 17756), row("cycles:u", 20410), row("branches:u", 4777),
                 row("branch-misses:u", 12)};
  report.elapsed_s = 0.001256801;
  report.user_s = 0.001205;
  report.sys_s = 0.0;
  report.times = StatTimes{1256801, 627010, 5};
  return report;
}

StatOptions options_of(StatFormat format, unsigned repeat = 1) {
  StatOptions options;
  options.format = format;
  options.separator = ";";
  options.repeat = repeat;
  options.big_numbers = false;
  return options;
}

class StatWriterTest final : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(StatWriterTest);
  CPPUNIT_TEST(text);
  CPPUNIT_TEST(text_repeated);
  CPPUNIT_TEST(text_interval);
  CPPUNIT_TEST(text_per_thread);
  CPPUNIT_TEST(text_without_counters);
  CPPUNIT_TEST(text_notes);
  CPPUNIT_TEST(csv);
  CPPUNIT_TEST(csv_repeated);
  CPPUNIT_TEST(csv_interval_and_thread);
  CPPUNIT_TEST(csv_not_counted);
  CPPUNIT_TEST(json);
  CPPUNIT_TEST(json_repeated_interval_thread);
  CPPUNIT_TEST(json_is_escaped);
  CPPUNIT_TEST(metrics);
  CPPUNIT_TEST(statistics);
  CPPUNIT_TEST_SUITE_END();

  static void compare(const std::string& expected, const StatOptions& options,
                      const StatReport& report) {
    CPPUNIT_ASSERT_EQUAL(expected, StatWriter::create(options)->report(report));
  }

 public:
  void text() {
    compare(
        "\n"
        " Performance counter stats for 'true':\n"
        "\n"
        "             17756      instructions:u                   #    0.87  insn per cycle\n"
        "             20410      cycles:u\n"
        "              4777      branches:u\n"
        "                12      branch-misses:u                  #    0.25% of all branches\n"
        "\n"
        "       0.001256801 seconds time elapsed\n"
        "\n"
        "       0.001205000 seconds user\n"
        "       0.000000000 seconds sys\n"
        "\n"
        "       0.001256801 seconds counting enabled\n"
        "       0.000627010 seconds running on a CPU\n"
        "       0.000000005 seconds stolen by the hypervisor\n"
        "\n",
        options_of(StatFormat::kText), report_of_true());
  }

  void text_repeated() {
    StatReport report;
    report.title = "'true'";
    report.runs = 3;
    report.rows = {row("branches:u", 48)};
    report.rows[0].deviation_percent = 1.2;
    report.elapsed_s = 0.0008147;
    report.elapsed_deviation_s = 0.0000195;
    report.elapsed_deviation_percent = 2.4;
    compare(
        "\n"
        " Performance counter stats for 'true' (3 runs):\n"
        "\n"
        "                48      branches:u                                                        "
        "   "
        "( +-  1.20% )\n"
        "\n"
        "         0.0008147 +- 0.0000195 seconds time elapsed  ( +-  2.40% )\n"
        "\n",
        options_of(StatFormat::kText, 3), report);
  }

  void text_interval() {
    StatReport report;
    report.interval_s = 0.100197928;
    report.rows = {row("branches:u", 75)};
    const auto writer = StatWriter::create(options_of(StatFormat::kText));
    CPPUNIT_ASSERT_EQUAL(std::string("#           time             counts unit events\n"
                                     "     0.100197928                 75      branches:u\n"),
                         writer->report(report));
    // The head line comes once.
    report.interval_s = 0.2;
    report.rows[0].value.reset();
    CPPUNIT_ASSERT_EQUAL(std::string("     0.200000000      <not counted>      branches:u\n"),
                         writer->report(report));
  }

  void text_per_thread() {
    StatReport report;
    report.title = "process id '6151'";
    report.rows = {row("branches:u", std::nullopt)};
    report.rows[0].thread = "my-bash-6151";
    report.elapsed_s = 0.101749273;
    StatOptions options = options_of(StatFormat::kText);
    options.per_thread = true;
    compare(
        "\n"
        " Performance counter stats for process id '6151':\n"
        "\n"
        "         my-bash-6151          <not counted>      branches:u\n"
        "\n"
        "       0.101749273 seconds time elapsed\n"
        "\n",
        options, report);
  }

  void text_without_counters() {
    StatReport report;
    report.title = "'true'";
    report.elapsed_s = 0.000977174;
    compare(
        "\n"
        " Performance counter stats for 'true':\n"
        "\n"
        "       0.000977174 seconds time elapsed\n"
        "\n",
        options_of(StatFormat::kText), report);
  }

  void text_notes() {
    StatReport report = report_of_true();
    report.notes = {"the counts were lost; measure again"};
    const std::string text = StatWriter::create(options_of(StatFormat::kText))->report(report);
    CPPUNIT_ASSERT(text.ends_with(" Note: the counts were lost; measure again.\n\n"));
  }

  void csv() {
    compare(
        "17756;;instructions:u;627010;100.00;0.87;insn per cycle\n"
        "20410;;cycles:u;627010;100.00;;\n"
        "4777;;branches:u;627010;100.00;;\n"
        "12;;branch-misses:u;627010;100.00;0.25;of all branches\n"
        "1256801;ns;time-enabled;627010;100.00;;\n"
        "627010;ns;time-running;627010;100.00;;\n"
        "5;ns;time-stolen;627010;100.00;;\n",
        options_of(StatFormat::kCsv), report_of_true());
  }

  void csv_repeated() {
    StatReport report;
    report.runs = 3;
    report.rows = {row("branches:u", 50)};
    report.rows[0].deviation_percent = 1.15;
    report.times = StatTimes{10, 9, 1};
    compare(
        "50;;branches:u;1.15%;627010;100.00;;\n"
        "10;ns;time-enabled;0.00%;9;100.00;;\n"
        "9;ns;time-running;0.00%;9;100.00;;\n"
        "1;ns;time-stolen;0.00%;9;100.00;;\n",
        options_of(StatFormat::kCsv, 3), report);
  }

  void csv_interval_and_thread() {
    StatReport report;
    report.interval_s = 0.100241603;
    report.rows = {row("branches:u", 75)};
    report.rows[0].thread = "bash-6151";
    StatOptions options = options_of(StatFormat::kCsv);
    options.separator = ",";
    compare("     0.100241603,bash-6151,75,,branches:u,627010,100.00,,\n", options, report);
  }

  void csv_not_counted() {
    StatReport report;
    report.rows = {row("branches:u", std::nullopt)};
    report.rows[0].running_percent = 12.345;
    compare("<not counted>;;branches:u;627010;12.35;;\n", options_of(StatFormat::kCsv), report);
  }

  void json() {
    StatReport report = report_of_true();
    report.rows.resize(2);
    compare(
        "{\"counter-value\" : \"17756.000000\", \"unit\" : \"\", \"event\" : \"instructions:u\", "
        "\"event-runtime\" : 627010, \"pcnt-running\" : 100.00, \"metric-value\" : 0.869966, "
        "\"metric-unit\" : \"insn per cycle\", \"time-enabled-ns\" : 1256801, \"time-running-ns\" "
        ": "
        "627010, \"vcpu-steal-ns\" : 5}\n"
        "{\"counter-value\" : \"20410.000000\", \"unit\" : \"\", \"event\" : \"cycles:u\", "
        "\"event-runtime\" : 627010, \"pcnt-running\" : 100.00, \"metric-value\" : 0.000000, "
        "\"metric-unit\" : \"\", \"time-enabled-ns\" : 1256801, \"time-running-ns\" : 627010, "
        "\"vcpu-steal-ns\" : 5}\n",
        options_of(StatFormat::kJson), report);
  }

  void json_repeated_interval_thread() {
    StatReport report;
    report.interval_s = 0.100236753;
    report.rows = {row("branches:u", std::nullopt)};
    report.rows[0].thread = "bash-6151";
    report.rows[0].deviation_percent = 0.5;
    compare(
        "{\"interval\" : 0.100236753, \"thread\" : \"bash-6151\", \"counter-value\" : \"<not "
        "counted>\", \"unit\" : \"\", \"event\" : \"branches:u\", \"variance\" : 0.50, "
        "\"event-runtime\" : 627010, \"pcnt-running\" : 100.00, \"metric-value\" : 0.000000, "
        "\"metric-unit\" : \"\"}\n",
        options_of(StatFormat::kJson, 2), report);
  }

  void json_is_escaped() {
    StatReport report;
    report.rows = {row("branches:u", 1)};
    report.rows[0].thread = "a\"b\\c\n-1";
    const std::string text = StatWriter::create(options_of(StatFormat::kJson))->report(report);
    CPPUNIT_ASSERT(text.find("\"thread\" : \"a\\\"b\\\\c\\u000a-1\"") != std::string::npos);
  }

  void metrics() {
    const std::vector<StatRow> rows = {row("instructions:u", 100), row("cycles:k", 50),
                                       row("cache-misses:u", 1), row("cache-references:u", 0)};
    // Another mode's cycles and an idle cache make no ratio.
    CPPUNIT_ASSERT(!metric_of(rows[0], rows));
    CPPUNIT_ASSERT(!metric_of(rows[2], rows));
    CPPUNIT_ASSERT(!metric_of(rows[1], rows));
  }

  void statistics() {
    RunningStats stats;
    CPPUNIT_ASSERT_EQUAL(0.0, stats.relative_deviation());
    for (const double value : {2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0}) stats.add(value);
    CPPUNIT_ASSERT_DOUBLES_EQUAL(5.0, stats.mean(), 1e-12);
    // Variance 32/7 of the sample, so that of the mean is 32/56.
    CPPUNIT_ASSERT_DOUBLES_EQUAL(0.7559289460184544, stats.deviation(), 1e-12);
    CPPUNIT_ASSERT_DOUBLES_EQUAL(15.118578920369089, stats.relative_deviation(), 1e-9);
    RunningStats same;
    for (int i = 0; i < 3; ++i) same.add(17756);
    CPPUNIT_ASSERT_EQUAL(0.0, same.deviation());
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(StatWriterTest);

}  // namespace
}  // namespace perfctr::test
