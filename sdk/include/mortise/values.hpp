// The values of a connector operation in C++: what abi.h says as borrowed structs, as owned
// strings. The meaning of each field is documented there; JSON stays text on this surface, so that
// a plugin brings its own JSON library.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <mortise/abi.h>
#include <mortise/result.hpp>

namespace mortise {

/// A view of borrowed bytes of the other side; {NULL, 0} is the empty text.
constexpr std::string_view view(mt_str text) noexcept {
  return text.data == nullptr ? std::string_view() : std::string_view(text.data, text.size);
}
/// Lends `text` to the other side for the time the receiving call states.
constexpr mt_str lend(std::string_view text) noexcept {
  return {text.data(), text.size()};
}

struct Header {
  std::string name;
  std::string value;

  friend bool operator==(const Header&, const Header&) = default;
};

/// One HTTP request that an operation wants sent; mt_request.
struct Request {
  std::string origin = "api";
  std::string method = "GET";
  std::string target = {};  ///< path and query, percent-encoded
  std::vector<Header> headers = {};
  std::string body = {};
  bool repeatable = false;  ///< sending it twice has no further effect; MT_REPEATABLE
  std::vector<std::uint32_t> writes = {};  ///< which of call.writes() it may carry out

  friend bool operator==(const Request&, const Request&) = default;
};

/// What came back; mt_reply. With `error` there is no usable answer (status 0, no body), and
/// `maybe_sent` tells whether the service may have seen the request. A status >= 400 is an answer:
/// reading it is the connector's job; but not 429, 529, what a limit rule of the manifest names,
/// 401 to a signed request, and a 403 with a page: those arrive as `error` (abi.h says as which).
struct Reply {
  int status = 0;
  std::vector<Header> headers = {};  ///< names in lower case
  std::string body = {};
  std::optional<Error> error = {};
  bool maybe_sent = false;

  /// Got an answer in the 2xx range.
  bool success() const noexcept { return !error && status >= 200 && status < 300; }
  /// The header called `lower_case_name`, or empty.
  std::string_view header(std::string_view lower_case_name) const noexcept {
    for (const Header& each : headers) {
      if (each.name == lower_case_name) return each.value;
    }
    return {};
  }
};

enum class ItemState : std::int32_t {
  present = MT_PRESENT,
  deleted = MT_DELETED,
  absent = MT_ABSENT,
  out_of_scope = MT_OUT_OF_SCOPE,
};

/// A thing as the service holds it; mt_item.
struct Item {
  ItemState state = ItemState::present;
  std::string kind = {};
  std::string id = {};
  std::string key = {};
  std::string parent_id = {};
  std::string version = {};
  std::string fields = "{}";
  std::string memo = {};
  std::string url = {};
  std::string series = {};
  std::string slot = {};
  std::uint32_t ordinal = 0;
  std::int64_t edited_ms = 0;

  friend bool operator==(const Item&, const Item&) = default;
};

enum class Action : std::int32_t {
  create = MT_CREATE,
  update = MT_UPDATE,
  remove = MT_REMOVE,
};

/// One wanted change; mt_write.
struct Write {
  Action action = Action::create;
  std::string kind = {};
  std::string key = {};
  std::string id = {};
  std::string parent_id = {};
  std::string parent_key = {};
  std::string after_id = {};
  std::string after_key = {};
  std::string fields = "{}";
  std::vector<std::string> changed = {};
  std::string if_version = {};
  std::string once_key = {};
  std::string memo = {};
  std::string slot = {};
  std::int64_t ends_ms = 0;
  std::int64_t slot_ms = 0;

  friend bool operator==(const Write&, const Write&) = default;
};

enum class WriteResult : std::int32_t {
  done = MT_DONE,
  created_id_unknown = MT_CREATED_ID_UNKNOWN,
  failed = MT_FAILED,
  uncertain = MT_UNCERTAIN,
  not_attempted = MT_NOT_ATTEMPTED,
};

/// What became of one write; mt_outcome. `error` is read for failed and uncertain.
struct Outcome {
  std::uint32_t write = 0;  ///< index into call.writes()
  WriteResult result = WriteResult::not_attempted;
  Error error = {Code::internal, {}};
  std::string id = {};
  std::string parent_id = {};
  std::string version = {};
  std::string fields = {};
  std::string memo = {};
  std::string url = {};
  std::uint32_t ordinal = 0;

  static Outcome done(std::uint32_t write, std::string id) {
    Outcome outcome;
    outcome.write = write;
    outcome.result = WriteResult::done;
    outcome.id = std::move(id);
    return outcome;
  }
  static Outcome created_id_unknown(std::uint32_t write, std::string parent_id,
                                    std::uint32_t ordinal) {
    Outcome outcome;
    outcome.write = write;
    outcome.result = WriteResult::created_id_unknown;
    outcome.parent_id = std::move(parent_id);
    outcome.ordinal = ordinal;
    return outcome;
  }
  static Outcome failed(std::uint32_t write, Error error) {
    Outcome outcome;
    outcome.write = write;
    outcome.result = WriteResult::failed;
    outcome.error = std::move(error);
    return outcome;
  }
  static Outcome uncertain(std::uint32_t write, Error error) {
    Outcome outcome = failed(write, std::move(error));
    outcome.result = WriteResult::uncertain;
    return outcome;
  }
  static Outcome not_attempted(std::uint32_t write) {
    Outcome outcome;
    outcome.write = write;
    return outcome;
  }

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// A place the user may choose to work in; mt_target.
struct Target {
  std::string id = {};
  std::string kind = {};
  std::string title = {};
  std::string url = {};
  bool is_default = false;
  bool read_only = false;

  friend bool operator==(const Target&, const Target&) = default;
};

/// What the service said of a channel; mt_channel.
struct Channel {
  std::string resource = {};
  std::int64_t expires_ms = 0;

  friend bool operator==(const Channel&, const Channel&) = default;
};

enum class Operation : std::int32_t {
  list = MT_LIST,
  get = MT_GET,
  write = MT_WRITE,
  find = MT_FIND,
  targets = MT_TARGETS,
  make_target = MT_MAKE_TARGET,
  identity = MT_IDENTITY,
  estimate = MT_ESTIMATE,
  open_channel = MT_OPEN_CHANNEL,
  close_channel = MT_CLOSE_CHANNEL,
};

/// What an operation is about; mt_call.
struct CallInput {
  Operation operation = Operation::list;
  std::int64_t now_ms = 0;
  std::string settings = "{}";
  std::string target_id = {};
  std::string target_kind = {};
  std::string container_id = {};
  std::string container_kind = {};
  std::string cursor = {};
  std::vector<std::string> ids = {};
  std::vector<Write> writes = {};
  std::string title = {};
  std::string once_key = {};
  std::string token_reply = {};
  std::string channel_id = {};
  std::string channel_address = {};
  std::string channel_resource = {};
  std::int64_t channel_expires_ms = 0;
};

}  // namespace mortise
