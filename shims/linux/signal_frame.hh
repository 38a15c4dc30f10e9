#pragma once
#include "shims/linux/abi.hh"

// How signals reach guest code: a frame on its stack, from which rt_sigreturn(2) goes back.
namespace cupel::linux_shim {

// What Linux keeps in orig_rax: the call whose answer is in rax.
inline constexpr uint64_t no_call = UINT64_MAX;

// On the way to guest code, with the machine lock held: delivers what is pending and let through. The task may have ended afterwards.
// `interrupted`: the call that has just been answered, which is made again where Linux would, or no_call.
void deliver_signals(Task& task, uint64_t interrupted);
// SIGPIPE, where the call that has just been answered asks for it.
void after_call(Task& task, uint64_t number, int64_t result);
Result<uint64_t> rt_sigreturn(Task& task);

}  // namespace cupel::linux_shim
