// A server that speaks TLS on a loopback socket, and the certificates for it, made in memory.
#pragma once

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "net/raw_server.hpp"

namespace mortise::test {

/// A certificate with its private key.
struct Identity {
  std::shared_ptr<X509> certificate;
  std::shared_ptr<EVP_PKEY> key;

  /// The certificate as PEM.
  std::string pem() const;
};

/// What a certificate says.
struct Subject {
  std::string names;                    ///< subjectAltName: "IP:127.0.0.1", "DNS:example.com"
  std::int64_t valid_from_s = -3600;    ///< from now
  std::int64_t valid_until_s = 86'400;  ///< from now
};

/// An authority that signs itself.
Identity make_authority();
Identity signed_by(const Identity& authority, const Subject& subject);
Identity signed_by_itself(const Subject& subject);

/// RawServer behind TLS, at most of `version` (TLS1_2_VERSION, TLS1_3_VERSION).
class TlsServer {
 public:
  /// `script` is called on the server's thread for each connection whose handshake succeeded.
  TlsServer(const Identity& identity, int version, RawServer::Script script);

  std::string origin() const;
  int connections() const { return server_.connections(); }
  int handshakes() const { return handshakes_; }

 private:
  void serve(RawConnection& plain);

  std::shared_ptr<SSL_CTX> context_;
  RawServer::Script script_;
  std::atomic<int> handshakes_ = 0;
  RawServer server_;  // last: its thread uses all of the above
};

}  // namespace mortise::test
