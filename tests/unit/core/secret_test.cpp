#include "core/secret.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <ostream>
#include <type_traits>

using namespace mortise::core;

namespace {

template <class T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};

}  // namespace

static_assert(!Printable<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_convertible_v<Secret, std::string_view>);
static_assert(!std::is_constructible_v<nlohmann::json, Secret>);

TEST_CASE("secret: copies and moves keep the text, and a moved-from one is empty",
          "[core][secret]") {
  const std::string size =
      GENERATE(as<std::string>{}, "short", "a text that is too long to live inside");
  Secret secret(size);
  Secret copy(secret);
  CHECK(copy.reveal_for_use() == size);
  Secret moved(std::move(secret));
  CHECK(moved.reveal_for_use() == size);
  CHECK(secret.empty());  // NOLINT(bugprone-use-after-move): its state is what is tested
  copy = std::move(moved);
  CHECK(copy.reveal_for_use() == size);
  CHECK(moved.empty());  // NOLINT(bugprone-use-after-move)
  Secret& self = copy;
  copy = self;
  CHECK(copy.reveal_for_use() == size);
  Secret assigned;
  assigned = copy;
  CHECK(assigned.equals(size));
}

TEST_CASE("secret: short texts leave nothing in the object they are moved from", "[core][secret]") {
  alignas(Secret) unsigned char memory[sizeof(Secret)];
  Secret* from = new (memory) Secret(std::string("canary-7f3a"));
  const auto holds_canary = [&] {
    return std::string_view(reinterpret_cast<char*>(memory), sizeof memory).find("canary") !=
           std::string_view::npos;
  };
  REQUIRE(holds_canary());
  Secret to(std::move(*from));
  CHECK_FALSE(holds_canary());
  *from = to;
  REQUIRE(holds_canary());
  from->~Secret();
  CHECK_FALSE(holds_canary());
}

TEST_CASE("secret: equality looks at every byte and the length", "[core][secret]") {
  CHECK(constant_time_equal("", ""));
  CHECK(constant_time_equal("abc", "abc"));
  CHECK_FALSE(constant_time_equal("abc", "abd"));
  CHECK_FALSE(constant_time_equal("abc", "ab"));
  CHECK_FALSE(constant_time_equal(std::string_view("a\0b", 3), std::string_view("a\0c", 3)));
  CHECK_FALSE(Secret().equals("x"));
}
