// A connector with no service behind it: it is the service. For demos, for the first steps of a
// plugin author, and for tests of the runner on a real .so without a network. See README.md.
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>

#include <mortise/connector.hpp>

#include "shelf.hpp"

namespace memory {
namespace {

using mortise::Call;
using mortise::Code;
using mortise::Error;
using mortise::Item;
using mortise::ItemState;
using mortise::Outcome;
using mortise::Result;
using mortise::Status;
using mortise::Target;
using mortise::Task;
using mortise::Write;

constexpr const char* kShelf = "shelf";
constexpr const char* kDefaultShelf = "default";

// Every operation ends in its first step: there is nothing to send. A connector keeps no state
// between operations; this one holds the service's, under one lock, for as long as its instance
// lives.
class Memory final : public mortise::Connector {
 public:
  Task<Status> list(Call& call) override {
    const std::lock_guard lock(mutex_);
    const Shelf& shelf = shelf_of(call);
    if (!call.cursor().empty() && call.container_id().empty()) {
      Result<std::vector<Item>> changed = shelf.since(call.cursor());
      if (!changed) co_return changed.error();
      for (const Item& item : *changed) call.emit(item);
    } else {
      for (const Item& item : shelf.all(call.container_id())) call.emit(item);
      call.complete(call.container_id());
    }
    call.next_cursor(shelf.cursor());
    co_return Status();
  }

  Task<Status> get(Call& call) override {
    const std::lock_guard lock(mutex_);
    const Shelf& shelf = shelf_of(call);
    for (const std::string& id : call.ids()) call.emit(shelf.get(id));
    co_return Status();
  }

  Task<Status> find(Call& call) override {
    const std::lock_guard lock(mutex_);
    const Shelf& shelf = shelf_of(call);
    for (const std::string& key : call.ids()) {
      for (const Item& item : shelf.find(key)) call.emit(item);
    }
    co_return Status();
  }

  Task<Status> write(Call& call) override {
    const std::size_t largest = largest_shelf(call.settings());
    const std::lock_guard lock(mutex_);
    Shelf& shelf = shelf_of(call);
    for (std::uint32_t i = 0; i < call.writes().size(); ++i) {
      Result<Item> item = shelf.apply(call.writes()[i], largest, call.now_ms());
      call.report(item ? outcome_of(i, *item) : Outcome::failed(i, item.error()));
    }
    co_return Status();
  }

  Task<Status> estimate(Call& call) override {
    call.estimate(0, 0);
    co_return Status();
  }

  Task<Status> targets(Call& call) override {
    const std::lock_guard lock(mutex_);
    shelf_called(kDefaultShelf, call.now_ms());
    for (const auto& [name, shelf] : shelves_) call.offer(target_of(name));
    co_return Status();
  }

  Task<Status> make_target(Call& call) override {
    if (call.title().empty()) co_return Error{Code::invalid, "a shelf needs a name"};
    const std::lock_guard lock(mutex_);
    shelf_called(call.title(), call.now_ms());
    call.offer(target_of(call.title()));
    co_return Status();
  }

 private:
  static std::size_t largest_shelf(const std::string& settings) {
    const auto parsed = nlohmann::json::parse(settings);
    return parsed.value("largest_shelf", std::size_t{100'000});
  }

  static Target target_of(const std::string& name) {
    return {.id = name, .kind = kShelf, .title = name, .is_default = name == kDefaultShelf};
  }

  static Outcome outcome_of(std::uint32_t write, const Item& item) {
    Outcome outcome = Outcome::done(write, item.id);
    outcome.parent_id = item.parent_id;
    outcome.version = item.version;
    if (item.state == ItemState::present) outcome.fields = item.fields;
    return outcome;
  }

  Shelf& shelf_called(const std::string& name, std::int64_t now_ms) {
    return shelves_.try_emplace(name, now_ms).first->second;
  }
  Shelf& shelf_of(const Call& call) {
    return shelf_called(call.target_id().empty() ? kDefaultShelf : call.target_id(), call.now_ms());
  }

  std::mutex mutex_;
  std::map<std::string, Shelf> shelves_;  // by target id, which is also the shelf's name
};

}  // namespace
}  // namespace memory

MT_PLUGIN(memory::Memory)
