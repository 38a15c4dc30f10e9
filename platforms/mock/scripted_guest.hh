#pragma once
#include <functional>
#include <map>

#include "platforms/mock/mock_platform.hh"

namespace cupel::mock {

// A guest for unit tests: what each task does is a function.
class ScriptedGuest final : public Guest {
 public:
  // What the task with this id does, from being started or roused until the function returns.
  std::function<void()>& operator[](int32_t tid) { return scripts_[tid]; }
  void run(const RunningTask& task) override {
    if (const auto script = scripts_.find(task.tid); script != scripts_.end()) script->second();
  }

 private:
  std::map<int32_t, std::function<void()>> scripts_;
};

}  // namespace cupel::mock
