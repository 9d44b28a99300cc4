// Stands for pgvector_peer.cc where libpq is not installed.
#include "bench/compare/peer.h"

namespace engram::compare {

Result<std::unique_ptr<Peer>> MakePgvectorPeer(const PeerPlace&) {
  return Unavailable("compiled without libpq (Debian's libpq-dev)");
}

Result<std::unique_ptr<Peer>> MakePgvectorHalfPeer(const PeerPlace& place) { return MakePgvectorPeer(place); }

}  // namespace engram::compare
