#include "plugin/library.hpp"

#include <dlfcn.h>
#include <elf.h>

#define BOOST_DLL_USE_STD_FS
#include <boost/dll/shared_library.hpp>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <utility>

namespace mortise::plugin {
namespace {

constexpr const char* kEntry = "mortise_plugin_entry";

#if defined(__x86_64__)
constexpr std::uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr std::uint16_t kMachine = EM_AARCH64;
#elif defined(__riscv)
constexpr std::uint16_t kMachine = EM_RISCV;
#else
#error "say here which ELF machine this is"
#endif

std::string machine_name(std::uint16_t machine) {
  constexpr std::array<std::pair<std::uint16_t, const char*>, 6> kNames = {{{EM_X86_64, "x86-64"},
                                                                            {EM_AARCH64, "arm64"},
                                                                            {EM_386, "x86"},
                                                                            {EM_ARM, "arm"},
                                                                            {EM_RISCV, "risc-v"},
                                                                            {EM_S390, "s390"}}};
  for (const auto& [value, name] : kNames) {
    if (value == machine) return name;
  }
  return "machine " + std::to_string(machine);
}

// Whether everything that the loader would map is in the file: opening a library that was cut off
// ends in SIGBUS, not in an error (seen with glibc 2.36).
bool is_whole(std::ifstream& in, const Elf64_Ehdr& head, std::uint64_t file_bytes) {
  constexpr std::uint16_t kMostSegments = 256;
  if (head.e_phentsize != sizeof(Elf64_Phdr) || head.e_phnum == 0 || head.e_phnum > kMostSegments) {
    return false;
  }
  in.seekg(static_cast<std::streamoff>(head.e_phoff));
  for (std::uint16_t i = 0; i < head.e_phnum; ++i) {
    Elf64_Phdr segment = {};
    in.read(reinterpret_cast<char*>(&segment), sizeof(segment));
    if (!in || segment.p_offset > file_bytes || segment.p_filesz > file_bytes - segment.p_offset) {
      return false;
    }
  }
  return true;
}

Error refuse(Code code, const std::filesystem::path& file, const std::string& why) {
  return Error{code, file.filename().string() + ": " + why};
}

}  // namespace

Status check_library(const std::filesystem::path& file) {
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  Elf64_Ehdr head = {};
  if (!in) {
    const int why = errno;
    const Code code = why == ENOENT ? Code::not_found : Code::forbidden;
    return refuse(code, file, std::string("cannot be read: ") + std::strerror(why));
  }
  in.read(reinterpret_cast<char*>(&head), sizeof(head));
  const bool elf = in.gcount() >= EI_NIDENT && std::memcmp(head.e_ident, ELFMAG, SELFMAG) == 0;
  if (!elf) return refuse(Code::invalid, file, "is not a shared library (no ELF header)");
  if (head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_ident[EI_DATA] != ELFDATA2LSB) {
    return refuse(Code::unsupported, file, "is not a 64-bit little-endian library");
  }
  if (in.gcount() < static_cast<std::streamsize>(sizeof(head))) {
    return refuse(Code::invalid, file, "is cut off in its ELF header");
  }
  if (head.e_machine != kMachine) {
    return refuse(Code::unsupported, file,
                  "is built for " + machine_name(head.e_machine) + ", this host is " +
                      machine_name(kMachine));
  }
  if (head.e_type != ET_DYN)
    return refuse(Code::invalid, file, "is an ELF file, but no shared library");
  std::error_code unknown;
  if (!is_whole(in, head, std::filesystem::file_size(file, unknown)) || unknown) {
    return refuse(Code::invalid, file, "is cut off or damaged");
  }
  return {};
}

Result<const mt_plugin*> open_library(const std::filesystem::path& file) {
  namespace dll = boost::dll;
  // RTLD_NODELETE: a pointer into the library may outlive every owner we could give the handle.
  const auto mode = dll::load_mode::rtld_now | dll::load_mode::rtld_local |
                    static_cast<dll::load_mode::type>(RTLD_NODELETE);
  try {
    std::error_code problem;
    dll::shared_library library(std::filesystem::absolute(file), mode, problem);
    if (problem) {
      const char* detail = dlerror();
      return refuse(Code::invalid, file,
                    std::string("cannot be opened: ") +
                        (detail != nullptr ? detail : problem.message().c_str()));
    }
    if (!library.has(kEntry)) {
      return refuse(Code::invalid, file, std::string("exports no symbol ") + kEntry);
    }
    const mt_plugin& entry = library.get<const mt_plugin>(kEntry);
    if (entry.abi_major != MT_ABI_MAJOR) {
      return refuse(Code::unsupported, file,
                    "is built for ABI " + std::to_string(entry.abi_major) + ", this host speaks " +
                        std::to_string(MT_ABI_MAJOR));
    }
    if (!MT_HAS(&entry, create) || entry.id == nullptr || entry.version == nullptr ||
        entry.create == nullptr) {
      return refuse(Code::invalid, file, "has an entry that is not filled in");
    }
    return &entry;
  } catch (const std::exception& error) {
    return refuse(Code::invalid, file, std::string("cannot be opened: ") + error.what());
  }
}

}  // namespace mortise::plugin
