// What a look at the service is compared with, and what came of it: pairs whose ids and versions
// became known, sightings of what is not as last agreed. Decides nothing, reads and writes nothing.
#pragma once

#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "ports/connector.hpp"
#include "ports/mapper.hpp"
#include "ports/store.hpp"

namespace mortise::sync {

/// RunItem::cause of what was read one by one: a write met it, or needs it.
inline constexpr const char* kMetInWriting = "write";

/// Whether the item is there, looked at or not.
bool exists(const ports::Item& item);

class Scene {
 public:
  struct About {
    std::string connection_id;
    core::Instant now_ms = 0;
    std::string cause;  ///< RunItem::cause
    bool pulls = true;  ///< else edits there are not wanted here: only ids and versions are noted
    /// Kinds of which unknown items matter.
    std::map<std::string, ports::KindRules> kinds = {};
    /// By the ids of items that notifications named: RunItem::cause of them and what stands in
    /// them.
    std::map<std::string, std::string> causes = {};
  };
  Scene(About about, std::vector<core::Pair> pairs, std::vector<core::Sighting> before);

  const std::vector<core::Pair>& pairs() const { return pairs_; }
  /// Null if no item of ours has this id or key.
  const core::Pair* by_id(const std::string& remote_id) const;
  const core::Pair* by_key(const std::string& key) const;
  /// The key of the container in which an item of ours stands (core::place_of); where that is not
  /// known, of what it was put into.
  const std::string& container_of(const core::Pair& pair) const;

  /// Gives the items that were made without their ids being said those of a listing of their
  /// container. Answers the keys of those that it does not have.
  std::vector<std::string> name_children(const std::string& parent_key,
                                         const std::string& container_id,
                                         const std::vector<ports::Item>& items);
  /// All that a container holds: what it lacks of ours is looked for elsewhere.
  void note_whole(const std::string& key, const std::string& id,
                  const std::vector<ports::Item>& items);
  /// Once everything was looked at: what was made without its id being said, and does not stand in
  /// its container, was dragged to where an unknown item equals it, or is not there any more.
  void name_moved();
  /// Whether something may have been dragged out of a container that was looked at.
  bool lacks() const { return !lacking_.empty(); }
  /// An item as it was seen. One that is out of scope and without fields is there, and no more is
  /// known.
  void note(const ports::Item& item);
  /// Whether an item was seen last as not being there any more.
  bool is_lost(const core::Pair& pair) const;
  /// An item that exists after all, whatever was seen before; says nothing of its content.
  void note_found(const std::string& remote_id);
  /// It could be listed, so it is not lost. (What lies in the trash may be listed, too.)
  void note_listed(const std::string& remote_id);
  /// An item that a complete listing did not name, whether its id is known or not.
  void note_absent(const core::Pair& pair);
  /// Ours that stood in a container and are not among these ids. Occurrences are not asked about:
  /// they stand in no listing of their own.
  std::vector<const core::Pair*> missing(const std::string& container_key,
                                         const std::unordered_set<std::string>& listed) const;

  /// Whether anything was seen that must be reconciled.
  bool news() const { return news_; }
  /// What to commit, each once.
  ports::Changes take_changes() { return std::exchange(changes_, {}); }

 private:
  /// Ours of a container whose ids are not known, in the order in which they were made.
  std::vector<core::Pair*> nameless(const std::string& parent_key);
  bool left_with_container(const core::Pair& pair) const;
  void name(core::Pair& pair, const ports::Item& item, const std::string& container_id);
  bool update(core::Pair& pair, const ports::Item& item);
  void see(const ports::Item& item, core::ItemState state);
  void forget(const std::string& remote_id);
  core::Pair* find(const ports::Item& item);

  About about_;
  std::vector<core::Pair> pairs_;
  std::unordered_map<std::string, std::size_t> by_id_, by_key_;
  std::unordered_set<std::string> series_;  ///< keys of those of which occurrences have pairs
  std::unordered_map<std::string, core::Sighting> before_;
  /// A whole container, of which items of ours are missing.
  struct Listing {
    std::string key, id;
    std::vector<ports::Item> items;
  };
  std::vector<Listing> lacking_;
  bool some_nameless_ = false;
  std::vector<ports::Item> strangers_;  ///< that were seen and may be one of these
  ports::Changes changes_;
  bool news_ = false;
};

}  // namespace mortise::sync
