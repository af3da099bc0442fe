#include "store/open_files.h"

namespace rmq::store {

std::shared_ptr<runtime::File> OpenFiles::Find(Key key) {
  const auto found = files_.find(key);
  if (found == files_.end()) return nullptr;
  used_.splice(used_.begin(), used_, found->second.used);
  return found->second.file;
}

std::shared_ptr<runtime::File> OpenFiles::Add(Key key, std::unique_ptr<runtime::File> file) {
  if (auto found = Find(key)) return found;
  used_.push_front(key);
  std::shared_ptr<runtime::File> added = std::move(file);
  files_.emplace(key, Entry{.file = added, .used = used_.begin()});
  if (files_.size() > limit_) Forget(used_.back());
  return added;
}

void OpenFiles::Forget(Key key) {
  const auto found = files_.find(key);
  if (found == files_.end()) return;
  used_.erase(found->second.used);
  files_.erase(found);
}

void OpenFiles::ForgetOwner(uint64_t owner) {
  auto next = files_.lower_bound(Key{.owner = owner, .number = 0});
  while (next != files_.end() && next->first.owner == owner) {
    used_.erase(next->second.used);
    next = files_.erase(next);
  }
}

}  // namespace rmq::store
