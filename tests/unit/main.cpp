// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Runs all unit tests; a name as argument runs the tests whose name contains it.
#include "skip.hpp"

#include <cppunit/Exception.h>
#include <cppunit/SourceLine.h>
#include <cppunit/Test.h>
#include <cppunit/TestFailure.h>
#include <cppunit/TestListener.h>
#include <cppunit/TestResult.h>
#include <cppunit/extensions/TestFactoryRegistry.h>

#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

namespace perfctr::test {
namespace {

std::string skip_reason;

// Prints a line per test that did not pass, and counts.
class Listener final : public CppUnit::TestListener {
 public:
  void startTest(CppUnit::Test* test) override {
    name_ = test->getName();
    failed_ = false;
    skip_reason.clear();
  }
  void addFailure(const CppUnit::TestFailure& failure) override {
    failed_ = true;
    if (!skip_reason.empty()) return;
    const CppUnit::Exception* thrown = failure.thrownException();
    std::printf("FAIL %s\n     %s:%d: %s\n     %s\n", name_.c_str(),
                thrown->sourceLine().fileName().c_str(), thrown->sourceLine().lineNumber(),
                thrown->message().shortDescription().c_str(), thrown->message().details().c_str());
  }
  void endTest(CppUnit::Test*) override {
    if (!skip_reason.empty()) {
      std::printf("SKIP %s: %s\n", name_.c_str(), skip_reason.c_str());
      ++skipped;
    } else {
      ++(failed_ ? failed : passed);
    }
    std::fflush(stdout);
  }
  unsigned passed = 0, failed = 0, skipped = 0;

 private:
  std::string name_;
  bool failed_ = false;
};

void run_tests(CppUnit::Test* test, const std::string& filter, CppUnit::TestResult& result) {
  if (test->getChildTestCount() > 0) {
    for (int i = 0; i < test->getChildTestCount(); ++i)
      run_tests(test->getChildTestAt(i), filter, result);
  } else if (test->getName().find(filter) != std::string::npos) {
    test->run(&result);
  }
}

}  // namespace

void skip(const std::string& reason) {
  skip_reason = reason;
  throw Skip{reason};
}

std::string setting(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) skip(std::string(name) + " is not set; run 'make check'");
  return value;
}

Ran run(const std::string& command) {
  std::FILE* pipe = ::popen(("{ " + command + "\n} 2>&1").c_str(), "r");
  CPPUNIT_ASSERT(pipe != nullptr);
  Ran ran{0, {}};
  char buffer[4096];
  for (std::size_t size; (size = std::fread(buffer, 1, sizeof(buffer), pipe)) > 0;) {
    ran.output.append(buffer, size);
  }
  const int status = ::pclose(pipe);
  ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ran;
}

}  // namespace perfctr::test

int main(int argc, char** argv) {
  // The tests are about one CPU model, whatever this machine has.
  ::setenv("LIBPFM_FORCE_PMU", "skl", 1);
  ::unsetenv("PERFCTR_BACKEND");
  perfctr::test::Listener listener;
  CppUnit::TestResult result;
  result.addListener(&listener);
  std::unique_ptr<CppUnit::Test> all(CppUnit::TestFactoryRegistry::getRegistry().makeTest());
  perfctr::test::run_tests(all.get(), argc > 1 ? argv[1] : "", result);
  std::printf("%u passed, %u failed, %u skipped\n", listener.passed, listener.failed,
              listener.skipped);
  return listener.failed == 0 ? 0 : 1;
}
