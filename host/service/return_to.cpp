#include "service/return_to.hpp"

#include <algorithm>

namespace mortise::service {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return lower(c); });
  return out;
}

/// Visible ASCII without what URL parsers disagree about.
bool is_plain(std::string_view url) {
  return std::all_of(url.begin(), url.end(), [](char c) {
    return c > 0x20 && c < 0x7f && std::string_view("\\\"<>^`{|}").find(c) == std::string::npos;
  });
}

std::string_view path_of(std::string_view url) {
  const std::string_view rest = url.substr(written_origin(url).size());
  return rest.substr(0, std::min(rest.find('?'), rest.size()));
}

/// A "." or ".." segment, plain or percent-encoded: it would lead out of an allowed path.
bool has_dot_segment(std::string_view path) {
  std::string plain = lower(path);
  for (std::size_t at = 0; (at = plain.find("%2e", at)) != std::string::npos;) {
    plain.replace(at, 3, ".");
  }
  for (std::size_t from = 0; from < plain.size();) {
    const std::size_t to = std::min(plain.find('/', from + 1), plain.size());
    const std::string_view segment = std::string_view(plain).substr(from + 1, to - from - 1);
    if (segment == "." || segment == "..") return true;
    from = to;
  }
  return plain.find("%2f") != std::string::npos || plain.find("%5c") != std::string::npos;
}

bool is_below(std::string_view path, std::string_view entry) {
  while (!entry.empty() && entry.back() == '/') entry.remove_suffix(1);
  if (path.substr(0, entry.size()) != entry) return false;
  return path.size() == entry.size() || path[entry.size()] == '/';
}

}  // namespace

std::string_view written_origin(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  const std::size_t end = std::min(url.find_first_of("/?#", scheme + 3), url.size());
  const std::string_view host = url.substr(scheme + 3, end - scheme - 3);
  const std::string_view name = url.substr(0, scheme);
  if (host.empty() || host.find('@') != std::string_view::npos) return {};
  if (lower(name) != "https" && lower(name) != "http") return {};
  return url.substr(0, end);
}

bool may_return_to(std::string_view url, const std::vector<std::string>& allowed) {
  if (url.size() > 2000 || !is_plain(url) || url.find('#') != std::string_view::npos) return false;
  const std::string origin = lower(written_origin(url));
  const std::string_view path = path_of(url);
  if (origin.empty() || has_dot_segment(path)) return false;
  return std::any_of(allowed.begin(), allowed.end(), [&](const std::string& entry) {
    return lower(written_origin(entry)) == origin && is_below(path, path_of(entry));
  });
}

std::string with_query(std::string url, std::string_view name, std::string_view value) {
  url += url.find('?') == std::string::npos ? '?' : '&';
  return url.append(name).append("=").append(value);
}

std::string safe_word(std::string_view word, std::string_view fallback) {
  const bool safe =
      !word.empty() && word.size() <= 64 && std::all_of(word.begin(), word.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
      });
  return std::string(safe ? word : fallback);
}

}  // namespace mortise::service
