# version.hpp is regenerated at every build, so that a record names the commit it was made with.
add_custom_target(thalweg_version
  COMMAND ${CMAKE_COMMAND}
    -DSOURCE_DIR=${PROJECT_SOURCE_DIR} -DVERSION=${PROJECT_VERSION}
    -DOUTPUT=${PROJECT_BINARY_DIR}/generated/thalweg_version.hpp
    -P ${PROJECT_SOURCE_DIR}/cmake/write_version.cmake
  BYPRODUCTS ${PROJECT_BINARY_DIR}/generated/thalweg_version.hpp
  COMMENT "Reading the version from git")
