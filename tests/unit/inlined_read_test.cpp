// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The inlined reads as they are shipped, without a PMU: where RDPMC faults in
// user mode, a signal handler takes its place, with counters made up here, and
// can change the slot as an interrupt would.  Their length is counted by
// executing them one instruction at a time.
#include "skip.hpp"

#include <perfctr/reader.hpp>

#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <functional>
#include <utility>

namespace perfctr::test {
namespace {

constexpr unsigned char kRdpmc[] = {0x0f, 0x33};

// What the handler needs; one test runs at a time.
std::uint64_t raw_counters[16];
std::function<void()> at_rdpmc;
unsigned traps;

void emulate_rdpmc(int, siginfo_t*, void* context) {
  auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  const void* at = reinterpret_cast<const void*>(registers[REG_RIP]);
  if (std::memcmp(at, kRdpmc, sizeof(kRdpmc)) != 0) {
    ::signal(SIGSEGV, SIG_DFL);  // a fault of our own: happens again, and kills
    return;
  }
  ++traps;
  const std::uint64_t value = raw_counters[static_cast<std::uint64_t>(registers[REG_RCX]) & 15];
  registers[REG_RAX] = static_cast<greg_t>(value & 0xffffffff);
  registers[REG_RDX] = static_cast<greg_t>(value >> 32);
  registers[REG_RIP] += sizeof(kRdpmc);
  if (at_rdpmc) std::exchange(at_rdpmc, nullptr)();
}

class Emulation final {
 public:
  Emulation() {
    struct sigaction action {};
    action.sa_sigaction = emulate_rdpmc;
    action.sa_flags = SA_SIGINFO;
    ::sigaction(SIGSEGV, &action, &before_);
    traps = 0;
    at_rdpmc = nullptr;
    std::uint32_t low, high;
    __asm__ volatile("rdpmc" : "=a"(low), "=d"(high) : "c"(0) : "memory");
    works_ = traps == 1;
    traps = 0;
  }
  Emulation(const Emulation&) = delete;
  Emulation& operator=(const Emulation&) = delete;
  ~Emulation() { ::sigaction(SIGSEGV, &before_, nullptr); }
  void require() const {
    if (!works_) skip("RDPMC does not fault in user mode here");
  }

 private:
  struct sigaction before_ {};
  bool works_ = false;
};

template <unsigned kLength, class Read>
[[gnu::noinline]] void chain(Reader reader, Read read) {
#pragma GCC unroll 128
  for (unsigned i = 0; i < kLength; ++i) read(reader);
}

// Instructions that a child executes from its stop to its end.
template <unsigned kLength, class Read>
long steps(const perfctr_slot* slot, Read read) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    ::raise(SIGSTOP);
    chain<kLength>(Reader(slot), read);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (!WIFSTOPPED(status)) return -1;
  long count = 0;
  for (;;) {
    user_regs_struct registers{};
    ::ptrace(PTRACE_GETREGS, pid, nullptr, &registers);
    const long word = ::ptrace(PTRACE_PEEKTEXT, pid, registers.rip, nullptr);
    ++count;
    if (std::memcmp(&word, kRdpmc, sizeof(kRdpmc)) == 0) {
      registers.rip += sizeof(kRdpmc);
      registers.rax = registers.rdx = 0;
      ::ptrace(PTRACE_SETREGS, pid, nullptr, &registers);
      continue;
    }
    if (::ptrace(PTRACE_SINGLESTEP, pid, nullptr, nullptr) < 0) return -1;
    ::waitpid(pid, &status, 0);
    if (WIFEXITED(status)) return WEXITSTATUS(status) == 0 ? count : -1;
    if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, &status, 0);
      return -1;
    }
  }
}

template <class Read>
double length_of(const perfctr_slot* slot, Read read) {
  // Two chains, so that what surrounds them cancels out.
  const long twice = steps<128>(slot, read);
  const long once = steps<64>(slot, read);
  if (twice < 0 || once < 0) skip("this process may not trace its children");
  return static_cast<double>(twice - once) / 64;
}

class InlinedReadTest final : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(InlinedReadTest);
  CPPUNIT_TEST(values);
  CPPUNIT_TEST(snapshots);
  CPPUNIT_TEST(sign_extension);
  CPPUNIT_TEST(epoch_change_is_retried);
  CPPUNIT_TEST(snapshot_is_retried_as_a_whole);
  CPPUNIT_TEST(stopped_set_does_not_execute_rdpmc);
  CPPUNIT_TEST(set_stopped_in_the_middle);
  CPPUNIT_TEST(instructions_per_read);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override {
    slot_ = {};
    slot_.abi = PERFCTR_ABI_VERSION;
    slot_.state = PERFCTR_STATE_RUNNING;
    for (unsigned i = 0; i < 12; ++i) {
      slot_.counter[i].index = i;
      slot_.counter[i].offset = 1000 * i;
      raw_counters[i] = i + 1;
    }
  }

  void values() {
    const Emulation emulation;
    emulation.require();
    const Reader reader(&slot_);
    for (unsigned i = 0; i < 12; ++i) {
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{1001 * i + 1}, reader.read(i));
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{1001 * i + 1}, reader.read_unchecked(i));
    }
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3004}, reader.read(3));  // a constant place
    CPPUNIT_ASSERT_EQUAL(25u, traps);
  }

  template <std::size_t N>
  void snapshot_of() {
    const Reader reader(&slot_);
    const auto checked = reader.read_all<N>();
    const auto unchecked = reader.read_all_unchecked<N>();
    std::uint64_t values[12];
    reader.read_all(values, N);
    for (unsigned i = 0; i < N; ++i) {
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{1001 * i + 1}, checked[i]);
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{1001 * i + 1}, unchecked[i]);
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{1001 * i + 1}, values[i]);
    }
  }

  void snapshots() {
    const Emulation emulation;
    emulation.require();
    snapshot_of<1>();
    snapshot_of<2>();
    snapshot_of<3>();
    snapshot_of<4>();
    snapshot_of<5>();
    snapshot_of<6>();
    snapshot_of<7>();
    snapshot_of<8>();
    std::uint64_t values[12];
    Reader(&slot_).read_all(values, 12);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{11012}, values[11]);
  }

  void sign_extension() {
    const Emulation emulation;
    emulation.require();
    const std::uint64_t least = std::uint64_t{1} << 47;
    for (const std::uint64_t counted :
         {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0xffffffff}, std::uint64_t{0x100000000},
          least - 1, least, least + 5}) {
      // A counter that began at -2^47.
      slot_.counter[1].offset = least;
      raw_counters[1] = (least + counted) & 0xffffffffffff;
      const std::uint64_t expected = counted;
      const Reader reader(&slot_);
      CPPUNIT_ASSERT_EQUAL(expected, reader.read(1));
      CPPUNIT_ASSERT_EQUAL(expected, reader.read_unchecked(1));
      CPPUNIT_ASSERT_EQUAL(expected, reader.read_all<2>()[1]);
      CPPUNIT_ASSERT_EQUAL(expected, reader.read_all_unchecked<2>()[1]);
    }
  }

  void epoch_change_is_retried() {
    const Emulation emulation;
    emulation.require();
    const Reader reader(&slot_);
    const auto interrupt = [this] {
      ++slot_.epoch;
      slot_.counter[2].index = 9;
      slot_.counter[2].offset = 5000;
    };
    raw_counters[9] = 7;
    at_rdpmc = interrupt;
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{5007}, reader.read(2));
    slot_.counter[2] = {2000, 2, 0};
    at_rdpmc = interrupt;
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{5007}, reader.read_unchecked(2));
    CPPUNIT_ASSERT_EQUAL(4u, traps);
  }

  void snapshot_is_retried_as_a_whole() {
    const Emulation emulation;
    emulation.require();
    const Reader reader(&slot_);
    at_rdpmc = [this] {
      ++slot_.epoch;
      for (unsigned i = 0; i < 4; ++i) slot_.counter[i].offset += 1;
    };
    const auto values = reader.read_all<4>();
    for (unsigned i = 0; i < 4; ++i) CPPUNIT_ASSERT_EQUAL(std::uint64_t{1001 * i + 2}, values[i]);
    CPPUNIT_ASSERT_EQUAL(8u, traps);
  }

  void stop() {
    ++slot_.epoch;
    slot_.state = PERFCTR_STATE_STOPPED;
    for (unsigned i = 0; i < 12; ++i) {
      slot_.counter[i].index = PERFCTR_NO_RDPMC;
      slot_.counter[i].offset = 70 + i;
    }
  }

  void stopped_set_does_not_execute_rdpmc() {
    const Emulation emulation;
    emulation.require();
    stop();
    const Reader reader(&slot_);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{71}, reader.read(1));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{73}, reader.read_all<4>()[3]);
    CPPUNIT_ASSERT_EQUAL(0u, traps);
  }

  void set_stopped_in_the_middle() {
    const Emulation emulation;
    emulation.require();
    const Reader reader(&slot_);
    at_rdpmc = [this] { stop(); };
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{70}, reader.read(0));
    setUp();
    at_rdpmc = [this] { stop(); };
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{72}, reader.read_all<3>()[2]);
  }

  void instructions_per_read() {
#ifndef __OPTIMIZE__
    skip("the tests were built without optimisation");
#endif
    const perfctr_slot* slot = &slot_;
    CPPUNIT_ASSERT_EQUAL(9.0,
                         length_of(slot, [](Reader r) { static_cast<void>(r.read_unchecked(1)); }));
    CPPUNIT_ASSERT_EQUAL(11.0, length_of(slot, [](Reader r) { static_cast<void>(r.read(1)); }));
    CPPUNIT_ASSERT_EQUAL(
        9.0, length_of(slot, [](Reader r) { static_cast<void>(r.read_all_unchecked<1>()); }));
    CPPUNIT_ASSERT_EQUAL(
        27.0, length_of(slot, [](Reader r) { static_cast<void>(r.read_all_unchecked<4>()); }));
    CPPUNIT_ASSERT_EQUAL(
        51.0, length_of(slot, [](Reader r) { static_cast<void>(r.read_all_unchecked<8>()); }));
    CPPUNIT_ASSERT_EQUAL(29.0,
                         length_of(slot, [](Reader r) { static_cast<void>(r.read_all<4>()); }));
    CPPUNIT_ASSERT_EQUAL(53.0,
                         length_of(slot, [](Reader r) { static_cast<void>(r.read_all<8>()); }));
  }

 private:
  perfctr_slot slot_{};
};

CPPUNIT_TEST_SUITE_REGISTRATION(InlinedReadTest);

}  // namespace
}  // namespace perfctr::test
