// Which requests a plugin may ask for. A request names an origin of the manifest, never a URL, and
// cannot touch what is the host's: authorisation, the host name, the framing of the message.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <mortise/abi.h>

#include "plugin/limits.hpp"
#include "ports/connector.hpp"

namespace mortise::plugin {

bool is_header_name(std::string_view name);
bool is_header_value(std::string_view value);
/// Header names are the same in any case (RFC 9110, 5.1): in lower case.
std::string lower_case(std::string_view header_name);
/// A header that the host alone sets, in any case.
bool belongs_to_host(std::string_view header_name);

class RequestRules {
 public:
  RequestRules(const Limits& limits, const ports::Manifest& manifest, ports::Operation operation,
               std::size_t write_count)
      : limits_(limits), manifest_(manifest), operation_(operation), write_count_(write_count) {}

  /// The requests of a step, copied; or `internal` with the rule that one breaks.
  Result<std::vector<ports::ConnectorRequest>> take(const mt_step& step) const;

 private:
  Result<ports::ConnectorRequest> take(const mt_request& raw) const;
  Status take_headers(const mt_request& raw, ports::ConnectorRequest& request) const;

  const Limits& limits_;
  const ports::Manifest& manifest_;
  ports::Operation operation_;
  std::size_t write_count_;
};

}  // namespace mortise::plugin
