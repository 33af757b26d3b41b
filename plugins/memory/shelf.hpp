// The service that the memory connector speaks to: a shelf of items in order, with versions, stable
// ids and a record of changes. Pure data, no locking; lives and ends with its connector instance.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <mortise/values.hpp>

namespace memory {

class Shelf {
 public:
  /// `epoch` tells this shelf's cursors from those of an earlier process.
  explicit Shelf(std::int64_t epoch) : epoch_(epoch) {}

  /// Carries out one write. Creating again with the same once_key gives the item that is there.
  /// Errors: `not_found` (no such item, parent or sibling), `conflict` (another version, or an id
  /// that was used and removed), `too_large` (over `largest`), `invalid` (fields are no JSON
  /// object).
  mortise::Result<mortise::Item> apply(const mortise::Write& write, std::size_t largest,
                                       std::int64_t now_ms);

  /// Present items, parents before children, each container's in order; only the children of
  /// `container` unless that is empty.
  std::vector<mortise::Item> all(const std::string& container) const;
  /// What changed since `cursor`, removed items included. `stale`: not a cursor of this shelf.
  mortise::Result<std::vector<mortise::Item>> since(std::string_view cursor) const;
  std::string cursor() const;

  /// The item, state absent if it was never here.
  mortise::Item get(const std::string& id) const;
  std::vector<mortise::Item> find(const std::string& key) const;

 private:
  struct Thing {
    mortise::Item item;
    std::vector<std::string> children;
    std::uint64_t changed = 0;
  };

  mortise::Result<mortise::Item> create(const mortise::Write& write, std::size_t largest,
                                        std::int64_t now_ms);
  mortise::Result<mortise::Item> update(Thing& thing, const mortise::Write& write,
                                        std::int64_t now_ms);
  void remove(Thing& thing, std::int64_t now_ms);

  // The id that stands for an id or a key, empty if there is none.
  std::string resolve(const std::string& id, const std::string& key) const;
  mortise::Result<std::string> parent_of(const mortise::Write& write) const;
  mortise::Status insert(const std::string& id, const std::string& parent,
                         const mortise::Write& write);
  void take_out(const Thing& thing);
  void touch(Thing& thing, std::int64_t now_ms);
  void collect(const std::vector<std::string>& ids, bool deep,
               std::vector<mortise::Item>& out) const;
  std::vector<std::string>& children_of(const std::string& parent);

  std::int64_t epoch_;
  std::uint64_t changes_ = 0;
  std::size_t present_ = 0;
  std::map<std::string, Thing> things_;  // by id; removed ones stay as tombstones
  std::multimap<std::string, std::string> ids_by_key_;
  std::vector<std::string> top_;
};

}  // namespace memory
