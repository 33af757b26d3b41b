/* Says another name than its manifest. */
#include "good.h"

static const mt_connector* create(const mt_host* host) {
  (void)host;
  return good_connector();
}

const mt_plugin mortise_plugin_entry = {MT_ABI_MAJOR,    MT_ABI_MINOR,           sizeof(mt_plugin),
                                        "somebody_else", MORTISE_PLUGIN_VERSION, create};
