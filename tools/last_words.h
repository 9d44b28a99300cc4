// What a process says when it can't go on: no memory, no thread to be had, an exception that nobody expected.
#pragma once

namespace engram {

// From here on an exception that nothing catches is logged as an error ("stopped", with what it says) before the
// process ends by SIGABRT. That is the way out of a lack of memory or threads: to go on with half of something done
// would not be safe, and the next start finds all that was acknowledged.
void SayWhyWhenStopped();

}  // namespace engram
