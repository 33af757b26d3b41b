/* Correct, and it says so to the host's log. */
#include "good.h"

static const mt_connector* create(const mt_host* host) {
  host->log(host->context, MT_LOG_INFO, good_text("made"));
  return good_connector();
}

GOOD_ENTRY(create);
