#include "pack.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "codec.hpp"
#include "table.hpp"

namespace notion {
namespace {

using mortise::Action;
using mortise::Code;
using mortise::Error;
using mortise::Result;
using mortise::Write;

bool is_block(const Write& write) {
  return write.kind == "section" || write.kind == "todo";
}

/// The kinds that a kind may hold.
bool may_stand_in(std::string_view kind, std::string_view container) {
  if (kind == "row") return container == "database";
  if (kind == "todo") return container == "section" || container == "page";
  return container == "page";
}

bool is_known(std::string_view kind) {
  return kind == "page" || kind == "section" || kind == "todo" || kind == "database" ||
         kind == "row";
}

class Packer {
 public:
  Packer(const std::vector<Write>& writes, const std::string& target_id, const Limits& limits)
      : writes_(writes), target_id_(target_id), limits_(limits), children_(writes.size()) {
    packed_.blocks.resize(writes.size());
  }

  Packed run() {
    for (std::uint32_t i = 0; i < writes_.size(); ++i) {
      if (writes_[i].action == Action::create) {
        place_in_container(i);
      } else {
        change(i);
      }
    }
    for (const auto& [id, content] : known_) {
      Lane lane{id, kNone, true, {}};
      fill(lane, content, Container::known);
      add(std::move(lane));
    }
    // Lanes of what is made here come as their makers are met: breadth first, so parents first.
    for (std::size_t i = 0; i < made_.size(); ++i) {
      const auto [maker, content] = std::move(made_[i]);
      Lane lane{{}, maker, true, {}};
      fill(lane, content, Container::made);
      add(std::move(lane));
    }
    return std::move(packed_);
  }

 private:
  enum class Container { known, made };
  using Content = std::vector<std::uint32_t>;

  void add(Lane lane) {
    if (!lane.jobs.empty()) packed_.lanes.push_back(std::move(lane));
  }
  void refuse(std::uint32_t i, Error error) { packed_.unsendable.push_back({i, std::move(error)}); }

  /// Sorts a creation under its container, if that is known or made in this batch.
  void place_in_container(std::uint32_t i) {
    const Write& write = writes_[i];
    if (!is_known(write.kind)) {
      return refuse(i, {Code::unsupported, "Notion has no kind '" + write.kind + "'"});
    }
    std::string id = write.parent_id;
    if (id.empty() && write.parent_key.empty()) id = target_id_;
    if (id.empty()) {
      const auto parent = makers_.find(write.parent_key);
      if (parent == makers_.end()) return packed_.homeless.push_back(i);
      const std::string& container = writes_[parent->second].kind;
      if (!may_stand_in(write.kind, container)) {
        return refuse(i, {Code::invalid, "a " + write.kind + " cannot stand in a " + container});
      }
      if (!take(i)) return;
      children_[parent->second].push_back(i);
    } else {
      if (!take(i)) return;
      const auto [found, fresh] = known_index_.try_emplace(id, known_.size());
      if (fresh) known_.emplace_back(id, Content());
      known_[found->second].second.push_back(i);
    }
    if (!write.key.empty()) makers_[write.key] = i;
  }

  /// Spells out what can be spelled out now. False: it cannot be sent.
  bool take(std::uint32_t i) {
    if (writes_[i].kind == "page") {
      const Result<PageParts> parts = new_page(writes_[i].fields);
      if (!parts) refuse(i, parts.error());
      return parts.ok();
    }
    if (!is_block(writes_[i])) return true;
    Result<std::string> block = new_block(writes_[i].kind, writes_[i].fields);
    if (!block) {
      refuse(i, block.error());
      return false;
    }
    packed_.blocks[i] = *std::move(block);
    return true;
  }

  /// An update or a removal: a lane of its own.
  void change(std::uint32_t i) {
    const Write& write = writes_[i];
    if (!is_known(write.kind)) {
      return refuse(i, {Code::unsupported, "Notion has no kind '" + write.kind + "'"});
    }
    if (write.id.empty()) return packed_.homeless.push_back(i);
    Lane lane{write.id, kNone, true, {}};
    if (write.action == Action::remove) {
      lane.jobs.push_back({Job::Kind::remove, i});
    } else if (write.action != Action::update) {
      return refuse(i, {Code::unsupported, "Notion does not move a " + write.kind});
    } else if (write.kind == "row") {
      if (!write.changed.empty()) lane.jobs.push_back({Job::Kind::update, i});
    } else {
      Result<std::string> body = changed_body(write);
      if (!body) return refuse(i, body.error());
      const auto& changed = write.changed;
      if (write.kind == "database" &&
          std::find(changed.begin(), changed.end(), "columns") != changed.end()) {
        lane.jobs.push_back({Job::Kind::update_columns, i});
      }
      if (!body->empty()) lane.jobs.push_back({Job::Kind::update, i});
    }
    if (lane.jobs.empty()) return packed_.nothing_to_send.push_back(i);
    add(std::move(lane));
  }

  /// The requests that make `content`, in order.
  void fill(Lane& lane, const Content& content, Container container) {
    std::size_t at = 0;
    std::uint32_t before = kNone;  // the sibling that was dealt with last
    while (at < content.size()) {
      const std::uint32_t i = content[at];
      const Place place = place_of(lane, i, before, container);
      if (is_block(writes_[i])) {
        at = append(lane, content, at, place, container);
      } else {
        make(lane, i, place);
        ++at;
      }
      before = content[at - 1];
    }
  }

  bool follows(std::uint32_t i, std::uint32_t before) const {
    return before != kNone && writes_[i].after_id.empty() && !writes_[before].key.empty() &&
           writes_[i].after_key == writes_[before].key;
  }

  Place place_of(const Lane& lane, std::uint32_t i, std::uint32_t before,
                 Container container) const {
    if (container == Container::made) return {};
    const Write& write = writes_[i];
    if (!write.after_id.empty()) return {Place::At::after, write.after_id};
    if (follows(i, before)) return {Place::At::after_last};
    const bool first = write.after_key.empty() && lane.container_id != target_id_;
    return {first ? Place::At::front : Place::At::end};
  }

  /// One append with the blocks from content[at] on that fit and follow one another; answers where
  /// the next request begins.
  std::size_t append(Lane& lane, const Content& content, std::size_t at, Place place,
                     Container container) {
    Job job;
    job.kind = Job::Kind::append;
    job.place = std::move(place);
    Load load;
    while (at < content.size() && is_block(writes_[content[at]])) {
      const std::uint32_t i = content[at];
      if (!job.tops.empty() && container == Container::known && !follows(i, content[at - 1])) break;
      const std::size_t whole = fitting(i, load);
      if (whole < children_[i].size() && !job.tops.empty()) break;
      if (!fits(i, load) && !job.tops.empty()) break;
      carry(job, i, whole, load);
      ++at;
    }
    lane.jobs.push_back(std::move(job));
    return at;
  }

  void make(Lane& lane, std::uint32_t i, Place place) {
    const std::string& kind = writes_[i].kind;
    Job job;
    job.write = i;
    job.place = std::move(place);
    Content content = std::move(children_[i]);
    if (kind == "row") {
      job.kind = Job::Kind::make_row;
      lane.in_order = false;
    } else if (kind == "database") {
      job.kind = Job::Kind::make_database;
    } else {
      job.kind = Job::Kind::make_page;
      const Result<PageParts> parts = new_page(writes_[i].fields);
      const std::size_t help = parts->help.empty() ? 0 : 1;
      Load load{help, help, parts->properties.size() + parts->icon.size() + parts->help.size()};
      std::size_t taken = 0;
      while (taken < content.size() && is_block(writes_[content[taken]]) &&
             fits(content[taken], load) &&
             fitting(content[taken], load) == children_[content[taken]].size()) {
        carry(job, content[taken], children_[content[taken]].size(), load);
        ++taken;
      }
      content.erase(content.begin(), content.begin() + static_cast<std::ptrdiff_t>(taken));
    }
    lane.jobs.push_back(std::move(job));
    if (!content.empty()) made_.emplace_back(i, std::move(content));
  }

  struct Load {
    std::size_t tops = 0, blocks = 0, bytes = 0;
  };
  std::size_t bytes_of(std::uint32_t i) const { return packed_.blocks[i].size() + 1; }
  bool fits(std::uint32_t i, const Load& load) const {
    return load.tops < limits_.siblings && load.blocks < limits_.blocks &&
           load.bytes + bytes_of(i) <= limits_.bytes;
  }
  /// How many of a section's todos can come with it.
  std::size_t fitting(std::uint32_t i, const Load& load) const {
    std::size_t count = 0;
    std::size_t bytes = load.bytes + bytes_of(i) + 20;
    for (const std::uint32_t child : children_[i]) {
      bytes += bytes_of(child);
      if (count == limits_.siblings || load.blocks + 1 + count + 1 > limits_.blocks ||
          bytes > limits_.bytes) {
        break;
      }
      ++count;
    }
    return count;
  }
  void carry(Job& job, std::uint32_t i, std::size_t nested, Load& load) {
    Content& content = children_[i];
    const auto end = content.begin() + static_cast<std::ptrdiff_t>(nested);
    Top top{i, {content.begin(), end}};
    ++load.tops;
    load.blocks += 1 + nested;
    load.bytes += bytes_of(i) + 20;
    for (const std::uint32_t child : top.nested) load.bytes += bytes_of(child);
    job.tops.push_back(std::move(top));
    content.erase(content.begin(), end);
    if (!content.empty()) made_.emplace_back(i, std::exchange(content, {}));
  }

  const std::vector<Write>& writes_;
  const std::string& target_id_;
  const Limits& limits_;
  std::unordered_map<std::string, std::uint32_t> makers_;  ///< by key
  std::vector<Content> children_;  ///< by the write that makes the container
  std::unordered_map<std::string, std::size_t> known_index_;
  std::vector<std::pair<std::string, Content>> known_;
  std::deque<std::pair<std::uint32_t, Content>> made_;
  Packed packed_;
};

}  // namespace

Packed pack(const std::vector<Write>& writes, const std::string& target_id, const Limits& limits) {
  return Packer(writes, target_id, limits).run();
}

Packed::Cost Packed::cost(const std::vector<Write>& writes) const {
  Cost cost;
  for (const Lane& lane : lanes) {
    cost.writes += static_cast<std::uint32_t>(lane.jobs.size());
    const Job& first = lane.jobs.front();
    const bool looks = std::any_of(lane.jobs.begin(), lane.jobs.end(),
                                   [](const Job& job) { return job.place.at == Place::At::front; });
    if (looks) ++cost.reads;
    if (first.guarded(writes)) ++cost.reads;
    const bool told = first.write != kNone && !writes[first.write].memo.empty();
    if (first.kind == Job::Kind::make_row && lane.maker == kNone) cost.reads += 2;
    if (first.kind == Job::Kind::update_columns) cost.reads += told ? 1 : 2;
    const bool row = first.kind == Job::Kind::update && writes[first.write].kind == "row";
    if (row && !told && !first.guarded(writes)) ++cost.reads;
  }
  return cost;
}

}  // namespace notion
