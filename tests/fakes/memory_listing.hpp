// How MemoryStore's reading side finds, sorts and pages.
#pragma once

#include <algorithm>
#include <iterator>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/cursor.hpp"
#include "fakes/memory_tables.hpp"

namespace mortise::fakes {

using Lock = std::lock_guard<std::mutex>;
using Two = MemoryTables::Two;
using ports::Page;
using ports::PageRequest;

template <class T, class Map>
Result<T> find_in(const Map& map, const typename Map::key_type& key, std::string_view kind) {
  const auto found = map.find(key);
  if (found == map.end()) {
    return Error{Code::not_found, "find " + std::string(kind) + ": there is none with this id"};
  }
  return T(found->second);
}

template <class T>
struct Placed {
  core::Cursor place;  ///< the sort key
  const T* value;      ///< valid under the lock
};

enum class Order : std::uint8_t { rising, falling };

template <class T>
bool before(const Placed<T>& a, const Placed<T>& b) {
  return std::tie(a.place.number, a.place.id) < std::tie(b.place.number, b.place.id);
}

template <class T>
std::vector<T> in_order(std::vector<Placed<T>> all) {
  std::sort(all.begin(), all.end(), before<T>);
  std::vector<T> values;
  for (const Placed<T>& item : all) values.push_back(*item.value);
  return values;
}

template <class T>
Result<Page<T>> page_of(std::vector<Placed<T>> all, const PageRequest& request, Order order) {
  const auto comes_before = [order](const Placed<T>& a, const Placed<T>& b) {
    return order == Order::rising ? before(a, b) : before(b, a);
  };
  std::sort(all.begin(), all.end(), comes_before);
  auto from = all.begin();
  if (!request.cursor.empty()) {
    const auto cursor = core::parse_cursor(request.cursor);
    if (!cursor) return Error{Code::invalid, "list: this is not a cursor", "bad_cursor"};
    from = std::upper_bound(all.begin(), all.end(), Placed<T>{*cursor, nullptr}, comes_before);
  }
  Page<T> page;
  const auto limit = static_cast<std::ptrdiff_t>(std::max<std::size_t>(request.limit, 1));
  const auto to = from + std::min(limit, std::distance(from, all.end()));
  for (auto item = from; item != to; ++item) page.items.push_back(*item->value);
  if (to != all.end()) {
    page.next_cursor = core::cursor_text(std::prev(to)->place.number, std::prev(to)->place.id);
  }
  return page;
}

}  // namespace mortise::fakes
