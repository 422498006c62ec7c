#pragma once

#include <string>

namespace thalweg::testing_support {

/// While it lives, this process treats files whose names contain `part` as the client of a network
/// file system does: a write of part of a page reads the page, keeps it, and sends the whole page
/// at fsync or close. What other processes wrote into that page meanwhile is lost.
class WholePages {
 public:
  explicit WholePages(const std::string& part);
  ~WholePages();
  WholePages(const WholePages&) = delete;
  WholePages& operator=(const WholePages&) = delete;
};

}  // namespace thalweg::testing_support
