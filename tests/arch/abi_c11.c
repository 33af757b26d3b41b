/* The contract is C11: this unit compiles it alone, and uses each of its macros. */
#include <mortise/services.h>

static const mt_connector* create(const mt_host* host) {
  (void)host;
  return 0;
}

const mt_plugin mortise_plugin_entry = {MT_ABI_MAJOR, MT_ABI_MINOR, sizeof(mt_plugin),
                                        "c11",        "1.0.0",      create};

int abi_c11_uses(const mt_step* step);
int abi_c11_uses(const mt_step* step) {
  return MT_HAS(step, message) ? MT_MEMO_MAX : MT_CURSOR_MAX;
}
