/* Correct; built against whichever header version its target names. */
#include "good.h"

static const mt_connector* create(const mt_host* host) {
  (void)host;
  return good_connector();
}

GOOD_ENTRY(create);
