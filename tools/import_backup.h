// What a namespace holds, kept in an archive before an import writes over it.
#pragma once

#include <string>

#include "base/status.h"
#include "client/cpp/client.h"
#include "tools/import/destination.h"

namespace engram {

// The archive's place as an absolute path. One that an interrupted run has made of the same memories is as good;
// AlreadyExists for one of something else. `store`: what the store is called in messages.
Result<std::string> BackUp(const std::string& folder, const std::string& store, Client& client,
                           const v1::Namespace& described);

// The folder of one namespace's backup inside `folder`, where an import goes to several: its name, in a folder of its
// tenant's name where there are several of these, with what could mean something to a file system as percent signs and
// hexadecimal digits.
std::string BackupFolder(const std::string& folder, const Destination& of);

}  // namespace engram
