/* Written for a contract that this host does not speak. The rest of its entry is garbage on
 * purpose: nobody may look at it. */
#include "good.h"

const mt_plugin mortise_plugin_entry = {2, 7, 4096, (const char*)8, (const char*)16, NULL};
