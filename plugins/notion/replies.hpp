// What Notion's answers mean: the errors of https://developers.notion.com/reference/errors. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <mortise/values.hpp>

namespace notion {

/// A write's answer, sorted out.
struct Verdict {
  enum class Kind {
    done,       ///< carried out, the body is Notion's object
    committed,  ///< carried out although the answer is an error; `id` and `child_ids` say what
    refused,    ///< not carried out
    uncertain,  ///< may have been carried out
  };
  Kind kind = Kind::done;
  mortise::Error error = {mortise::Code::internal, {}};
  std::string id = {};
  std::vector<std::string> child_ids = {};
  bool validation = false;      ///< refused because of the body: error.message names the path
  bool busy = false;            ///< refused because others were saving: the same may pass later
  bool no_more_blocks = false;  ///< the user's Notion plan allows none
  bool no_more_rows = false;    ///< the same for this table

  bool carried_out() const { return kind == Kind::done || kind == Kind::committed; }
};

/// `what` begins the message: "making the page".
Verdict judge_write(const mortise::Reply& reply, std::string_view what);
/// The error of an answer without success, for reads.
mortise::Error error_of(const mortise::Reply& reply, std::string_view what);

}  // namespace notion
