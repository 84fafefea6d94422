// A group of processes: libtorch's own gloo collectives, met through its TCP store.
#include "shim.h"
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <algorithm>
#include <vector>

namespace {
using c10::intrusive_ptr;
using c10::make_intrusive;

// The store outlives the backend, which still talks through it while it goes: members are destroyed
// from the last to the first.
struct Group {
  intrusive_ptr<c10d::Store> store;
  intrusive_ptr<c10d::Backend> backend;

  void sum(const at::Tensor& tensor) {
    std::vector<at::Tensor> tensors{tensor};
    backend->allreduce(tensors)->wait();
  }
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
    static_cast<Group*>(group)->sum(*tensor);
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

// Sums the gradients of n parameters over all processes, in flat buckets of about `bucket` numbers, and
// with them `numbers`, k of them. Where no process has a gradient, none comes to be; where only others
// have one, theirs does.
char* tunewise_group_reduce_gradients(void* group, at::Tensor* const* parameters, size_t n, double* numbers,
                                      size_t k, int64_t bucket) {
  return tunewise::guard([&] {
    at::NoGradGuard no_grad;
    auto& ranks = *static_cast<Group*>(group);
    auto head = at::zeros({static_cast<int64_t>(n + k)}, at::kDouble);
    double* counts = head.data_ptr<double>();
    for (size_t i = 0; i < n; ++i) counts[i] = parameters[i]->grad().defined() ? 1 : 0;
    std::copy(numbers, numbers + k, counts + n);
    ranks.sum(head);
    std::copy(counts + n, counts + n + k, numbers);

    at::Tensor flat;
    for (size_t begin = 0; begin < n;) {
      int64_t size = 0;
      size_t end = begin;
      for (; end < n && (size == 0 || size + parameters[end]->numel() <= bucket); ++end)
        if (counts[end] > 0) size += parameters[end]->numel();
      if (!flat.defined() || flat.numel() < size) flat = at::empty({size}, at::kFloat);
      auto part = flat.narrow(0, 0, size);
      // Each present parameter of the bucket with its place in it.
      auto each = [&](auto&& visit) {
        int64_t at = 0;
        for (size_t i = begin; i < end; ++i) {
          if (counts[i] == 0) continue;
          int64_t length = parameters[i]->numel();
          visit(*parameters[i], part.narrow(0, at, length).view_as(*parameters[i]));
          at += length;
        }
      };
      each([](const at::Tensor& parameter, at::Tensor place) {
        parameter.grad().defined() ? place.copy_(parameter.grad()) : place.zero_();
      });
      if (size > 0) ranks.sum(part);
      each([](const at::Tensor& parameter, const at::Tensor& place) {
        if (parameter.grad().defined())
          parameter.mutable_grad().copy_(place);
        else
          parameter.mutable_grad() = place.to(parameter.device(), /*non_blocking=*/false, /*copy=*/true);
      });
      begin = end;
    }
  });
}
}
