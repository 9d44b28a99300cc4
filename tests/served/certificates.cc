#include "tests/served/certificates.h"

#include <sys/stat.h>

#include <atomic>
#include <cstdio>
#include <utility>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace engram {
namespace {

constexpr long kYoung = 24 * 3600;

void AddExtension(X509* certificate, int nid, const std::string& value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// Not signed yet.
X509* NewCertificate(EVP_PKEY* key, const std::string& name, long valid_seconds) {
  static std::atomic<long> serial{1};
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -kYoung);
  X509_gmtime_adj(X509_getm_notAfter(certificate), valid_seconds);
  X509_set_pubkey(certificate, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return certificate;
}

template <class Write>
void WritePem(const std::string& path, Write write) {
  FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return;
  ::chmod(path.c_str(), 0600);
  write(file);
  std::fclose(file);
}

}  // namespace

TestAuthority::TestAuthority(std::string folder, const std::string& name)
    : folder_(std::move(folder)),
      file_(folder_ + "/" + name + ".pem"),
      key_(EVP_EC_gen("P-256"), EVP_PKEY_free),
      certificate_(NewCertificate(key_.get(), name, 3600), X509_free) {
  X509_set_issuer_name(certificate_.get(), X509_get_subject_name(certificate_.get()));
  AddExtension(certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(certificate_.get(), NID_key_usage, "critical,keyCertSign");
  X509_sign(certificate_.get(), key_.get(), EVP_sha256());
  WritePem(file_, [&](FILE* file) { PEM_write_X509(file, certificate_.get()); });
}

TestAuthority::~TestAuthority() = default;

TestCertificate TestAuthority::Issue(const std::string& name, const Wanted& wanted) const {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = NewCertificate(key, name, wanted.valid_seconds);
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate_.get()));
  AddExtension(certificate, NID_subject_alt_name, wanted.names);
  AddExtension(certificate, NID_ext_key_usage, "serverAuth,clientAuth");
  X509_sign(certificate, key_.get(), EVP_sha256());
  TestCertificate files{folder_ + "/" + name + ".pem", folder_ + "/" + name + ".key"};
  WritePem(files.certificate, [&](FILE* file) { PEM_write_X509(file, certificate); });
  WritePem(files.key, [&](FILE* file) { PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr); });
  X509_free(certificate);
  EVP_PKEY_free(key);
  return files;
}

}  // namespace engram
