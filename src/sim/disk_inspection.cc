// Looking at a Disk, and changing it, from outside of any process.
#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "base/hash.h"
#include "sim/disk.h"

namespace rmq::sim {
namespace {

// Cuts the first component off `path`; "" at the end.
std::string_view NextComponent(std::string_view& path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  const size_t end = std::min(path.find('/'), path.size());
  const std::string_view component = path.substr(0, end);
  path.remove_prefix(end);
  return component;
}

std::string Join(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "/" + name;
}

// Directory and name.
std::pair<std::string_view, std::string_view> SplitLast(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == path.npos) return {"", path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

}  // namespace

Disk::InodeRef Disk::Walk(std::string_view path, bool durable) const {
  InodeRef at = root_;
  for (auto name = NextComponent(path); !name.empty(); name = NextComponent(path)) {
    const DiskInode::Entries& entries = durable ? at->durable_entries : at->entries;
    const auto found = entries.find(name);
    if (found == entries.end()) return nullptr;
    at = found->second;
  }
  return at;
}

Result<Disk::InodeRef> Disk::FindFile(std::string_view path, bool durable) const {
  InodeRef file = Walk(path, durable);
  if (file == nullptr || file->directory) {
    return Fail(ErrorCode::kNotFound, fmt::format("{}: no such file", path));
  }
  return file;
}

Result<std::string> Disk::ReadFile(std::string_view path) const {
  RMQ_TRY(const InodeRef file, FindFile(path));
  std::string bytes(file->content->size(), '\0');
  file->content->Read(0, {reinterpret_cast<std::byte*>(bytes.data()), bytes.size()});
  return bytes;
}

Result<std::string> Disk::ReadDurableFile(std::string_view path) const {
  RMQ_TRY(const InodeRef file, FindFile(path, /*durable=*/true));
  return file->content->DurableBytes();
}

bool Disk::HasFile(std::string_view path) const {
  return FindFile(path).has_value();
}

void Disk::ListInto(const DiskInode& directory, const std::string& path, bool durable,
                    std::vector<std::string>& out) const {
  for (const auto& [name, inode] : durable ? directory.durable_entries : directory.entries) {
    if (inode->directory) {
      ListInto(*inode, Join(path, name), durable, out);
    } else {
      out.push_back(Join(path, name));
    }
  }
}

std::vector<std::string> Disk::ListFiles() const {
  std::vector<std::string> paths;
  ListInto(*root_, "", false, paths);
  std::ranges::sort(paths);
  return paths;
}

std::vector<std::string> Disk::ListDurableFiles() const {
  std::vector<std::string> paths;
  ListInto(*root_, "", true, paths);
  std::ranges::sort(paths);
  return paths;
}

// What was pending for the name must not come back after the name was set from outside.
void Disk::ForgetPendingName(const DiskInode& directory, std::string_view name) {
  for (NameOperation& operation : names_) {
    std::erase_if(operation.changes, [&](const NameChange& change) {
      return change.directory.get() == &directory && change.name == name;
    });
  }
  std::erase_if(names_, [](const NameOperation& operation) { return operation.changes.empty(); });
}

Disk::InodeRef Disk::MakeDurableDirectory(std::string_view path) {
  InodeRef at = root_;
  for (auto name = NextComponent(path); !name.empty(); name = NextComponent(path)) {
    InodeRef next;
    if (const auto found = at->entries.find(name); found != at->entries.end()) {
      next = found->second;
    } else {
      next = std::make_shared<DiskInode>(account_, MixBits(at->id ^ StableHash(name)), true);
      at->entries.emplace(name, next);
    }
    RMQ_ASSERT(next->directory);
    ForgetPendingName(*at, name);
    at->durable_entries.insert_or_assign(std::string(name), next);
    at = std::move(next);
  }
  return at;
}

void Disk::WriteFile(std::string_view path, Slice bytes) {
  const auto [directory_path, name] = SplitLast(path);
  const InodeRef directory = MakeDurableDirectory(directory_path);
  InodeRef& file = directory->entries[std::string(name)];
  if (file == nullptr) {
    file = std::make_shared<DiskInode>(account_, MixBits(directory->id ^ StableHash(name)), false);
  }
  RMQ_ASSERT(!file->directory);
  ForgetPendingName(*directory, name);
  directory->durable_entries.insert_or_assign(std::string(name), file);
  file->content = std::make_unique<FileContent>();
  file->content->Write(0, bytes, ++sequence_);
  file->content->MakeDurable(kEverything);
  ReserveSpace(*file, 0, bytes.size());
}

Result<void> Disk::RemoveFile(std::string_view path) {
  RMQ_TRY(const InodeRef file, FindFile(path));
  const auto [directory_path, name] = SplitLast(path);
  const InodeRef directory = Walk(directory_path, false);
  ForgetPendingName(*directory, name);
  directory->entries.erase(directory->entries.find(name));
  directory->durable_entries.erase(std::string(name));
  return {};
}

Result<void> Disk::Corrupt(std::string_view path, uint64_t at, Slice bytes) {
  RMQ_TRY(const InodeRef file, FindFile(path));
  const uint64_t size = file->content->size();
  if (at > size || bytes.size() > size - at) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: {} bytes at {}: beyond the end", path, bytes.size(), at));
  }
  file->content->Overwrite(at, bytes);
  return {};
}

// --- other disks ---

void Disk::Wipe() {
  AfterPowerCut();
  account_ = std::make_shared<DiskAccount>();
  root_ = std::make_shared<DiskInode>(account_, id_, true);
}

void Disk::ImageInto(const DiskInode& directory, const std::string& path, DiskImage& out) const {
  for (const auto& [name, inode] : directory.durable_entries) {
    const std::string child = Join(path, name);
    if (inode->directory) {
      out.directories.push_back(child);
      ImageInto(*inode, child, out);
    } else {
      out.files[child] = {.size = inode->content->durable_size(),
                          .content = inode->content->CopyDurable()};
    }
  }
}

DiskImage Disk::Image() const {
  DiskImage image;
  ImageInto(*root_, "", image);
  return image;
}

void Disk::Restore(const DiskImage& image) {
  Wipe();
  for (const std::string& path : image.directories) MakeDurableDirectory(path);
  for (const auto& [path, file] : image.files) {
    WriteFile(path, Slice{});
    DiskInode& inode = *Walk(path, false);
    inode.content = file.content->CopyDurable();
    ReserveSpace(inode, 0, file.size);
  }
}

}  // namespace rmq::sim
