// Certificates for tests of TLS, made anew: an authority, and what it signs.
#pragma once

#include <ctime>
#include <memory>
#include <string>

struct evp_pkey_st;
struct x509_st;

namespace engram {

// Files.
struct TestCertificate {
  std::string certificate;
  std::string key;  // mode 0600
};

class TestAuthority {
 public:
  // Writes `folder`/`name`.pem.
  TestAuthority(std::string folder, const std::string& name);
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  const std::string& file() const { return file_; }

  struct Wanted {
    std::string names = "IP:127.0.0.1,DNS:localhost";
    long valid_seconds = 3600;  // from now; negative: over already
  };
  // Writes `folder`/`name`.pem and .key; `name` is its common name, too.
  TestCertificate Issue(const std::string& name, const Wanted& wanted) const;
  TestCertificate Issue(const std::string& name) const { return Issue(name, Wanted()); }

 private:
  const std::string folder_;
  const std::string file_;
  const std::unique_ptr<evp_pkey_st, void (*)(evp_pkey_st*)> key_;
  const std::unique_ptr<x509_st, void (*)(x509_st*)> certificate_;
};

}  // namespace engram
