// planning.hours: what is understood, and what is refused.
#include <catch2/catch.hpp>

#include "app/hours.hpp"

namespace mortise::tests {

using app::working_hours;

TEST_CASE("hours: one or several windows, every day", "[app][hours]") {
  const auto evening = working_hours("18:00-21:00");
  REQUIRE(evening.ok());
  for (const auto& day : evening->days) {
    CHECK(day == std::vector<core::DayWindow>{{18 * 3600, 21 * 3600}});
  }
  const auto two = working_hours(" 09:00 - 12:30 ,14:00-24:00 ");
  REQUIRE(two.ok());
  CHECK(two->days[6] ==
        std::vector<core::DayWindow>{{9 * 3600, 12 * 3600 + 1800}, {14 * 3600, 86'400}});
  CHECK(working_hours("0:00-24:00").ok());
  CHECK(working_hours("9:05-9:06").ok());
  CHECK(working_hours("09:00-12:00,12:00-13:00").ok());  // touching is in order
}

TEST_CASE("hours: anything else is refused with what was expected", "[app][hours]") {
  for (const std::string& bad : {std::string(),
                                 std::string(" "),
                                 std::string(","),
                                 std::string("18:00-21:00,"),
                                 std::string("18:00"),
                                 std::string("18:00-"),
                                 std::string("-21:00"),
                                 std::string("21:00-18:00"),
                                 std::string("18:00-18:00"),
                                 std::string("18:00-24:01"),
                                 std::string("25:00-26:00"),
                                 std::string("18:60-21:00"),
                                 std::string("18:00-20:61"),
                                 std::string("-1:00-21:00"),
                                 std::string("-0:00-21:00"),
                                 std::string("18:-5-21:00"),
                                 std::string("18:00-21:-5"),
                                 std::string("+8:00-21:00"),
                                 std::string("18: 0-21: 0"),
                                 std::string("1 8:00-21:00"),
                                 std::string("018:00-21:00"),
                                 std::string("18:0-21:0"),
                                 std::string("18-21"),
                                 std::string("6pm-9pm"),
                                 std::string("18:00-21:00 x"),
                                 std::string("14:00-17:00, 09:00-12:00"),
                                 std::string("09:00-12:00, 11:00-13:00"),
                                 std::string("18:00-21:00\0", 12),
                                 std::string("18:00-21:00\0,", 13),
                                 std::string("99999999999:00-21:00"),
                                 std::string(100'000, '1')}) {
    CAPTURE(bad.substr(0, 40));
    const auto hours = working_hours(bad);
    REQUIRE_FALSE(hours.ok());
    CHECK(hours.error().code == Code::invalid);
    CHECK_THAT(hours.error().message, Catch::Contains("expected hours like 18:00-21:00"));
  }
}

}  // namespace mortise::tests
