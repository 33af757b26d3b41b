// The contract is also C++17, for plugins that cannot have C++20's coroutines.
#include <mortise/services.h>

#include <type_traits>

static_assert(__cplusplus < 202002L, "this unit is compiled as C++17");
static_assert(std::is_standard_layout_v<mt_call> && std::is_trivially_copyable_v<mt_call>);
static_assert(std::is_standard_layout_v<mt_connector> && std::is_standard_layout_v<mt_plugin>);

bool abi_cpp17_uses(const mt_reply& reply);
bool abi_cpp17_uses(const mt_reply& reply) {
  return MT_HAS(&reply, body) && reply.error == MT_OK;
}
