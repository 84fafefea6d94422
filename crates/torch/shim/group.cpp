// A group of processes: libtorch's own gloo collectives, met through its TCP store.
#include "shim.h"
#include <ATen/core/Tensor.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <vector>

namespace {
using c10::intrusive_ptr;
using c10::make_intrusive;

// The store outlives the backend, which still talks through it while it goes: members are destroyed
// from the last to the first.
struct Group {
  intrusive_ptr<c10d::Store> store;
  intrusive_ptr<c10d::Backend> backend;
};
}  // namespace

extern "C" {

struct tunewise_group_args {
  const char* host;
  uint16_t port;
  int serves;  // whether this process holds the store
  int rank, size;
  int64_t timeout_ms;
  const char* interface;  // by name, or null
  const char* address;    // this process's own, or null
};

// Meets the others. `*out` is the caller's, for tunewise_group_free.
char* tunewise_group_new(const tunewise_group_args* a, void** out) {
  return tunewise::guard([&] {
    auto timeout = std::chrono::milliseconds(a->timeout_ms);
    c10d::TCPStoreOptions to;
    to.port = a->port;
    to.isServer = a->serves != 0;
    to.numWorkers = a->size;
    to.timeout = timeout;
    to.multiTenant = true;
    intrusive_ptr<c10d::Store> tcp = make_intrusive<c10d::TCPStore>(a->host, to);
    // The names under which torch.distributed's default group meets, so that its processes can join.
    intrusive_ptr<c10d::Store> store = make_intrusive<c10d::PrefixStore>("default_pg", tcp);
    store = make_intrusive<c10d::PrefixStore>("0/", store);
    store = make_intrusive<c10d::PrefixStore>("cpu/", store);
    store->setTimeout(timeout);

    auto options = c10d::ProcessGroupGloo::Options::create(timeout);
    using Gloo = c10d::ProcessGroupGloo;
    options->devices.push_back(a->interface ? Gloo::createDeviceForInterface(a->interface)
                               : a->address ? Gloo::createDeviceForHostname(a->address)
                                            : Gloo::createDefaultDevice());
    options->threads = 1;
    intrusive_ptr<c10d::Backend> backend = make_intrusive<Gloo>(store, a->rank, a->size, options);
    *out = new Group{std::move(store), std::move(backend)};
  });
}

char* tunewise_group_free(void* group) {
  return tunewise::guard([&] { delete static_cast<Group*>(group); });
}

// The sum over all processes, in place.
char* tunewise_group_all_reduce(void* group, at::Tensor* tensor) {
  return tunewise::guard([&] {
    std::vector<at::Tensor> tensors{*tensor};
    static_cast<Group*>(group)->backend->allreduce(tensors)->wait();
  });
}

// The root's numbers, in place.
char* tunewise_group_broadcast(void* group, at::Tensor* tensor, int root) {
  return tunewise::guard([&] {
    std::vector<at::Tensor> tensors{*tensor};
    c10d::BroadcastOptions options;
    options.rootRank = root;
    static_cast<Group*>(group)->backend->broadcast(tensors, options)->wait();
  });
}

char* tunewise_group_barrier(void* group) {
  return tunewise::guard([&] { static_cast<Group*>(group)->backend->barrier()->wait(); });
}
}
