// Opening a plugin's shared library: the only file that uses Boost.DLL is library.cpp.
#pragma once

#include <filesystem>

#include <mortise/abi.h>
#include <mortise/result.hpp>

namespace mortise::plugin {

/// Whether the file is a shared library for this machine, seen from its ELF header and without
/// loading anything. Errors: `not_found` / `forbidden` (cannot be read), `invalid` (no library),
/// `unsupported` (made for another architecture).
Status check_library(const std::filesystem::path& file);

/// Opens the library (every symbol resolved at once, none shared with others) and looks up
/// `mortise_plugin_entry`. What it returns stays valid until the process ends: a library is never
/// unloaded. Checks the major and that the entry is filled in. Errors: `invalid` (cannot be opened,
/// no entry), `unsupported` (another major).
Result<const mt_plugin*> open_library(const std::filesystem::path& file);

}  // namespace mortise::plugin
