#include "api/raw_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace mortise::tests {

RawClient::RawClient(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval patience{20, 0};  // a test that waits this long has failed
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("the server does not accept connections");
  }
}

RawClient::~RawClient() {
  if (socket_ >= 0) ::close(socket_);
}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool RawClient::fill() {
  std::array<char, 65536> buffer;
  const ssize_t got = ::recv(socket_, buffer.data(), buffer.size(), 0);
  if (got <= 0) return false;
  input_.append(buffer.data(), static_cast<std::size_t>(got));
  return true;
}

RawAnswer RawClient::read_answer(bool head_only) {
  RawAnswer answer;
  std::size_t end = 0;
  while ((end = input_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) return answer;
  }
  const std::string head = input_.substr(0, end + 2);
  input_.erase(0, end + 4);
  answer.status = std::stoi(head.substr(9, 3));
  for (std::size_t line = head.find("\r\n") + 2; line < head.size();) {
    const std::size_t stop = head.find("\r\n", line);
    const std::size_t colon = head.find(": ", line);
    std::string name = head.substr(line, colon - line);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    std::string& value = answer.headers[name];
    value += (value.empty() ? "" : ", ") + head.substr(colon + 2, stop - colon - 2);
    line = stop + 2;
  }
  if (head_only || answer.status < 200 || answer.status == 204 || answer.status == 304)
    return answer;
  const auto length = answer.headers.find("content-length");
  if (length == answer.headers.end()) {
    while (fill()) {
    }
    answer.body.swap(input_);
    return answer;
  }
  const std::size_t wanted = std::stoul(length->second);
  while (input_.size() < wanted && fill()) {
  }
  answer.body = input_.substr(0, wanted);
  input_.erase(0, wanted);
  return answer;
}

std::string RawClient::read_until(std::string_view text) {
  std::size_t at = 0;
  while ((at = input_.find(text)) == std::string::npos) {
    if (!fill()) return std::exchange(input_, {});
  }
  std::string out = input_.substr(0, at + text.size());
  input_.erase(0, at + text.size());
  return out;
}

bool RawClient::is_closed() {
  return input_.empty() && !fill();
}

RawAnswer RawClient::ask(std::string_view bytes) {
  send(bytes);
  return read_answer();
}

std::string get_request(std::string_view path, std::string_view lines) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: test\r\n" + std::string(lines) + "\r\n";
}

std::string request(std::string_view method, std::string_view path, std::string_view body,
                    std::string_view lines) {
  return std::string(method) + " " + std::string(path) + " HTTP/1.1\r\nHost: test\r\n" +
         std::string(lines) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

std::size_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  file >> total >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace mortise::tests
