// What every page of the shim needs: exceptions end at the C boundary.
#pragma once
#include <c10/util/Exception.h>
#include <cstring>
#include <exception>

namespace tunewise {

// Runs f; null on success, else a malloc'd message that the caller frees with free().
template <class F>
char* guard(F&& f) noexcept {
  try {
    f();
    return nullptr;
  } catch (const c10::Error& e) {
    return strdup(e.what_without_backtrace());
  } catch (const std::exception& e) {
    return strdup(e.what());
  } catch (...) {
    return strdup("unknown C++ exception");
  }
}

}  // namespace tunewise
