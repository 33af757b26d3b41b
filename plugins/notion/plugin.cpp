#include "notion.hpp"

MT_PLUGIN(notion::Notion)
