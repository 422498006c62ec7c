set(MPI_CXX_SKIP_MPICXX ON)
find_package(MPI REQUIRED COMPONENTS C CXX)

set(HDF5_PREFER_PARALLEL ON)
find_package(HDF5 REQUIRED COMPONENTS C HL)  # HL: dimension scales
if(NOT HDF5_IS_PARALLEL)
  message(FATAL_ERROR "Thalweg needs the parallel (MPI) build of HDF5; on Debian: libhdf5-openmpi-dev")
endif()
# Dimension scales are in the high-level library; whoever links hdf5::hdf5 gets it too.
set_property(TARGET hdf5::hdf5 APPEND PROPERTY INTERFACE_LINK_LIBRARIES ${HDF5_C_LIBRARY_hdf5_hl})

find_package(PkgConfig REQUIRED)
# find_package(scalapack CONFIG) is not used: Debian's file names a library that is not installed.
pkg_check_modules(SCALAPACK REQUIRED IMPORTED_TARGET scalapack-openmpi)
pkg_check_modules(OPENBLAS REQUIRED IMPORTED_TARGET openblas)

find_package(ZLIB REQUIRED)          # reading .gz
find_package(fmt REQUIRED)           # messages
find_package(CLI11 REQUIRED)         # the command line
find_package(nlohmann_json REQUIRED) # --json
find_path(THALWEG_TOMLPP_INCLUDE toml++/toml.h REQUIRED)          # study files
find_path(THALWEG_RANDOM123_INCLUDE Random123/philox.h REQUIRED)  # counter-based random numbers
