// Who counts as one caller, and that counting them takes bounded memory.
#include <catch2/catch.hpp>

#include "api/rate_limit.hpp"
#include "fakes/manual_clock.hpp"

using namespace mortise;

namespace {

api::Request from(const std::string& address, const std::string& path = "/v1/session") {
  api::Request request;
  request.path = path;
  request.client_address = address;
  return request;
}

}  // namespace

TEST_CASE("rates: an IPv4 address is one caller, an IPv6 network of 64 bits is one",
          "[api][rates]") {
  const fakes::ManualClock clock;
  api::RateLimits limits;
  limits.stranger_per_minute = 1;
  api::RateLimiter rates(limits, clock);
  CHECK(rates.take(from("2001:db8:1:2::1")).allowed);
  CHECK_FALSE(rates.take(from("2001:db8:1:2:ffff::9")).allowed);
  CHECK(rates.take(from("2001:db8:1:3::1")).allowed);
  CHECK(rates.take(from("192.0.2.1")).allowed);
  CHECK(rates.take(from("192.0.2.2")).allowed);
  CHECK_FALSE(rates.take(from("::ffff:192.0.2.1")).allowed);
  CHECK(rates.take(from("192.0.2.1", "/hooks/memo")).allowed);  // counted apart
}

TEST_CASE("rates: however many addresses come, the memory is bounded and nobody goes uncounted",
          "[api][rates]") {
  fakes::ManualClock clock;
  api::RateLimits limits;
  limits.stranger_per_minute = 2;
  limits.addresses = 100;
  api::RateLimiter rates(limits, clock);
  int allowed = 0;
  for (int i = 0; i < 1'000; ++i) {
    const std::string address = "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250);
    if (rates.take(from(address)).allowed) ++allowed;
  }
  CHECK(rates.size() == 101);
  CHECK(allowed == 102);  // those told apart, and what those beyond have together
  CHECK(rates.take(from("10.0.0.1")).allowed);  // who was there first is not the worse for it
  api::Request known = from("10.0.3.1");
  known.principal.kind = api::Principal::Kind::user;
  known.principal.account_id = "ann";
  CHECK(rates.take(known).allowed);  // and who is known does not share with them
  clock.advance(61'000);
  CHECK(rates.take(from("10.9.9.9")).allowed);
  CHECK(rates.size() == 2);
}
