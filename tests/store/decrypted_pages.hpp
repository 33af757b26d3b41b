// The plain content of a store's files: every page, free ones and those in the write-ahead log too.
#pragma once

#include <string>

#include <mortise/result.hpp>

#include "store/key.hpp"

namespace mortise::store {

/// All pages one behind the other, decrypted without SQLCipher and without checking them, so that
/// nothing is left out.
Result<std::string> decrypted_pages(const std::string& path, const MasterKey& key);

}  // namespace mortise::store
