#include <sys/resource.h>
#include <time.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <string>

#include "script/hostile.hpp"
#include "script/sandbox.hpp"

using namespace mortise;
using script::Sandbox;

namespace {

// The bounds in time and memory are those of a release build; sanitizers change both.
#if defined(NDEBUG) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
constexpr bool kMeasured = true;
#else
constexpr bool kMeasured = false;
#endif

double thread_cpu_ms() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

// What the process holds at most since reset_peak(), in KiB.
long peak_resident_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmHWM:", 0) == 0) return std::stol(line.substr(6));
  }
  return -1;
}

void reset_peak() {
  std::ofstream("/proc/self/clear_refs") << "5";
}

}  // namespace

// No hook fires in the parser, and it looks a name that is no local up in every function around it.
TEST_CASE("hostile scripts: the text alone keeps nobody busy", "[script][hostile]") {
  const script::Limits limits;
  for (const int levels : {20, 50, 80}) {
    std::string source;
    for (int level = 0; level < levels; ++level) {
      source += " return function()local ";
      for (int i = 0; i < 180; ++i) source += (i == 0 ? "" : ",") + std::string("a");
    }
    source += "\n";
    const std::string ends = [&] {
      std::string text;
      for (int level = 0; level < levels; ++level) text += " end";
      return text;
    }();
    while (source.size() + ends.size() + 3 < limits.source_bytes) source += "b()";
    source += ends;
    auto sandbox = Sandbox::open(limits);
    REQUIRE(sandbox.ok());
    const double started = thread_cpu_ms();
    const Status ended = (*sandbox)->load(source, "busy.lua");
    const double took = thread_cpu_ms() - started;
    INFO(levels << " levels: " << (ended ? "loaded" : ended.error().message));
    CHECK((ended.ok() || ended.error().reason == script::kScriptBudget));
    if (kMeasured) CHECK(took < 500.0);
    if (kMeasured) WARN(levels << " levels around: " << took << " ms of CPU");
  }
}

TEST_CASE("hostile scripts: each ends with a typed error, in time, within memory",
          "[script][hostile]") {
  const script::Limits limits;
  REQUIRE(tests::hostile_scripts().size() >= 60);
  double slowest = 0;
  const char* slowest_name = "";
  reset_peak();
  const long before = peak_resident_kib();
  for (const tests::HostileScript& hostile : tests::hostile_scripts()) {
    INFO(hostile.name);
    auto sandbox = Sandbox::open(limits);
    REQUIRE(sandbox.ok());
    const double started = thread_cpu_ms();
    const Status ended = (*sandbox)->load(hostile.source, "hostile.lua");
    const double took = thread_cpu_ms() - started;
    if (took > slowest) slowest = took, slowest_name = hostile.name;
    REQUIRE_FALSE(ended.ok());
    INFO(ended.error().message);
    CHECK((ended.error().reason == script::kScriptError ||
           ended.error().reason == script::kScriptBudget));
    // Sanitizers slow our own C++ down so much that CPU time may end what another wall would have.
    const bool out_of_time =
        !kMeasured && ended.error().message.find("ms of CPU time") != std::string::npos;
    CHECK((out_of_time || ended.error().message.find(hostile.want) != std::string::npos));
    CHECK(ended.error().message.rfind("hostile.lua:", 0) == 0);
    CHECK((*sandbox)->budget().peak_bytes() <= limits.memory_bytes);
    if (kMeasured) CHECK(took < 100.0);
  }
  if (kMeasured) {
    CHECK(peak_resident_kib() - before <= static_cast<long>(limits.memory_bytes >> 10) + 4096);
    WARN("slowest: '" << slowest_name << "' with " << slowest
                      << " ms of CPU; resident memory grew by " << peak_resident_kib() - before
                      << " KiB");
  }
}
