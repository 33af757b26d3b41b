// Lets exceptions out, which the contract forbids. It bypasses the wrapper, which would not let
// them. call.cursor says where: "begin" or "resume"; the library setting of create is always good.
#include <stdexcept>
#include <string_view>

extern "C" {
#include "good.h"
}

namespace {

mt_operation* begin(void* self, const mt_call* call, const mt_sink* sink, mt_step* step) {
  if (call->container_id.size == 5) throw std::runtime_error("out of begin");
  return good_begin(self, call, sink, step);
}

void resume(mt_operation* operation, const mt_reply* const* replies, size_t count, mt_step* step) {
  good_resume(operation, replies, count, step);
  good_end(operation);
  throw 42;
}

const mt_connector* create(const mt_host*) {
  mt_connector* connector = good_connector();
  connector->begin = begin;
  connector->resume = resume;
  return connector;
}

}  // namespace

GOOD_ENTRY(create);
