#pragma once
#include <optional>

#include "libos/task/signal_state.hh"

// Sending signals and taking them; what is then done in guest code is the shim's. Nothing is sent on a machine whose platform runs no
// guest code (Config::signals). With the machine lock held.
namespace cupel::libos {

class Machine;
class Task;

enum class DefaultAction : uint8_t { end, ignore, stop };
DefaultAction default_action(int32_t number);

// To that thread alone. False: a real-time signal for which there is no room.
bool send_signal(Task& task, const SignalInfo& info);
// To the process of that task, by whichever thread lets it through.
bool send_process_signal(Task& task, const SignalInfo& info);
// What the thread did by its own instructions: if it blocks or ignores that signal, it ends.
void force_signal(Task& task, const SignalInfo& info);
// The thread's next one of `among`; its own before its process's, low numbers first.
std::optional<SignalInfo> take_signal(Task& task, SignalSet among);
// All that is pending for it, let through or not.
SignalSet pending_signals(const Task& task);
// Something is pending that its mask lets through.
bool signal_waits(const Task& task);
// Its whole process ends with that status, as wait4(2) gives it; `task` at once.
void end_process(Task& task, int32_t status);

}  // namespace cupel::libos
