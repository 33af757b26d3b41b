#include "net/tls_server.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <signal.h>

#include <cstdlib>
#include <utility>

namespace mortise::test {
namespace {

void must(bool good) {
  if (good) return;
  ERR_print_errors_fp(stderr);
  std::abort();
}

void extend(X509* certificate, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  must(extension != nullptr);
  must(X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

void name(X509_NAME* of, const char* common) {
  must(X509_NAME_add_entry_by_txt(of, "CN", MBSTRING_ASC,
                                  reinterpret_cast<const unsigned char*>(common), -1, -1, 0) == 1);
}

/// Not signed yet.
Identity unsigned_identity(const char* common, const Subject& subject) {
  static long serial = 0;
  Identity made{{X509_new(), X509_free}, {EVP_EC_gen("P-256"), EVP_PKEY_free}};
  X509* const certificate = made.certificate.get();
  must(certificate != nullptr && made.key != nullptr);
  must(X509_set_version(certificate, 2) == 1);  // that is version 3
  must(ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial) == 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), subject.valid_from_s);
  X509_gmtime_adj(X509_getm_notAfter(certificate), subject.valid_until_s);
  must(X509_set_pubkey(certificate, made.key.get()) == 1);
  name(X509_get_subject_name(certificate), common);
  if (!subject.names.empty()) extend(certificate, NID_subject_alt_name, subject.names);
  return made;
}

void sign(const Identity& identity, const Identity& authority) {
  X509* const certificate = identity.certificate.get();
  must(X509_set_issuer_name(certificate, X509_get_subject_name(authority.certificate.get())) == 1);
  must(X509_sign(certificate, authority.key.get(), EVP_sha256()) > 0);
}

std::shared_ptr<SSL_CTX> context_of(const Identity& identity, int version) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  must(SSL_CTX_set_max_proto_version(context.get(), version) == 1);
  must(SSL_CTX_use_certificate(context.get(), identity.certificate.get()) == 1);
  must(SSL_CTX_use_PrivateKey(context.get(), identity.key.get()) == 1);
  return context;
}

/// OpenSSL writes to sockets without MSG_NOSIGNAL.
void block_broken_pipe() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

class TlsConnection final : public RawConnection {
 public:
  TlsConnection(int fd, SSL* ssl) : RawConnection(fd), ssl_(ssl) {}

 protected:
  ssize_t receive(void* data, std::size_t size) override {
    return SSL_read(ssl_, data, static_cast<int>(size));
  }
  ssize_t send(const void* data, std::size_t size) override {
    return SSL_write(ssl_, data, static_cast<int>(size));
  }

 private:
  SSL* ssl_;
};

}  // namespace

std::string Identity::pem() const {
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), BIO_free);
  must(PEM_write_bio_X509(memory.get(), certificate.get()) == 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

Identity make_authority() {
  const Identity made = unsigned_identity("Test Authority", {});
  extend(made.certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
  extend(made.certificate.get(), NID_key_usage, "critical,keyCertSign");
  sign(made, made);
  return made;
}

Identity signed_by(const Identity& authority, const Subject& subject) {
  const Identity made = unsigned_identity("Test Server", subject);
  sign(made, authority);
  return made;
}

Identity signed_by_itself(const Subject& subject) {
  const Identity made = unsigned_identity("Test Server", subject);
  sign(made, made);
  return made;
}

TlsServer::TlsServer(const Identity& identity, int version, RawServer::Script script)
    : context_(context_of(identity, version)),
      script_(std::move(script)),
      server_([this](RawConnection& plain) { serve(plain); }) {}

std::string TlsServer::origin() const {
  return "https" + server_.origin().substr(std::string("http").size());
}

void TlsServer::serve(RawConnection& plain) {
  block_broken_pipe();
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context_.get()), SSL_free);
  must(ssl != nullptr && SSL_set_fd(ssl.get(), plain.fd()) == 1);
  if (SSL_accept(ssl.get()) != 1) return;
  ++handshakes_;
  TlsConnection connection(plain.fd(), ssl.get());
  script_(connection);
}

}  // namespace mortise::test
