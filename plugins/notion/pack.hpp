// Which requests carry out a batch of writes: as few as Notion's limits allow, siblings in their
// order. Pure: no ids of things that are yet to be made, no network.
//
// Requests that must follow one another are a lane: what is made in one container, in order. Lanes
// are independent of each other once their container is there. A page takes along in its creating
// request what fits of its first blocks; the rest is appended. A section with more todos than fit
// is made by an append (which answers its id), and the rest of its todos by a lane of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include <mortise/values.hpp>

namespace notion {

/// Notion's, with room for what stands around the blocks of a request (it allows 500 KB).
struct Limits {
  std::size_t siblings = 100;  ///< in any list of blocks
  std::size_t blocks = 1000;   ///< of one request, with all that they hold
  std::size_t bytes = 450'000;
};

inline constexpr std::uint32_t kNone = 0xFFFF'FFFF;

/// A first-level block of a request, and the todos inside.
struct Top {
  std::uint32_t write = kNone;
  std::vector<std::uint32_t> nested;

  friend bool operator==(const Top&, const Top&) = default;
};

/// Where the first thing of a request goes in its container.
struct Place {
  enum class At {
    end,
    after,       ///< after the sibling `id`
    after_last,  ///< after what the lane's last request made (`id`, if that made nothing)
    front,       ///< before its siblings, but below a page's help: found out by looking
  };
  At at = At::end;
  std::string id = {};

  friend bool operator==(const Place&, const Place&) = default;
};

/// One request.
struct Job {
  enum class Kind { make_page, make_database, make_row, append, update, update_columns, remove };
  Kind kind = Kind::append;
  std::uint32_t write = kNone;  ///< of all but append
  std::vector<Top> tops = {};   ///< of make_page and append
  Place place = {};             ///< of make_page and append
  Place left_out = {};          ///< the place, while it is tried without
  // Set when Notion refused the request and a simpler form of it is tried.
  bool without_icon = false;
  bool select_for_status = false;
  bool schema_reloaded = false;

  /// What it changes has to be as it was read before: looked at right before it is sent.
  bool guarded(const std::vector<mortise::Write>& writes) const {
    const bool changes =
        kind == Kind::update || kind == Kind::update_columns || kind == Kind::remove;
    return changes && !writes[write].if_version.empty();
  }
};

struct Lane {
  std::string container_id;     ///< empty until `maker` made it
  std::uint32_t maker = kNone;  ///< the write that makes the container
  bool in_order = true;         ///< rows have no order: their requests need not wait
  std::deque<Job> jobs;
};

/// A write that needs no request, because it cannot be carried out.
struct Unsendable {
  std::uint32_t write = kNone;
  mortise::Error error = {mortise::Code::invalid, {}};
};

struct Packed {
  std::vector<Lane> lanes;
  /// Blocks as JSON, by write: sections (without their todos) and todos.
  std::vector<std::string> blocks;
  std::vector<std::uint32_t> nothing_to_send;  ///< updates of nothing that Notion holds: done
  std::vector<std::uint32_t> homeless;         ///< their container is unknown: not attempted
  std::vector<Unsendable> unsendable;

  /// Requests that write, and the reads that they need before.
  struct Cost {
    std::uint32_t writes = 0, reads = 0;
  };
  Cost cost(const std::vector<mortise::Write>& writes) const;
};

Packed pack(const std::vector<mortise::Write>& writes, const std::string& target_id,
            const Limits& limits = {});

}  // namespace notion
