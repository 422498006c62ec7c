# Flags shared by every target of the project.
#
# -ffp-contract=off: a multiply and an add are fused only where the source says std::fma, so that a value
# does not depend on whether the compiler put it into a vector loop or its scalar tail. That is one half of
# "the same bits on any number of ranks"; the other half is the fixed order of sums.
# -fno-math-errno, -fno-trapping-math change no value; they let sqrt and selects vectorise.
add_library(thalweg_options INTERFACE)
target_compile_features(thalweg_options INTERFACE cxx_std_20)
set_target_properties(thalweg_options PROPERTIES EXPORT_NAME options)
target_compile_options(thalweg_options INTERFACE
  $<BUILD_INTERFACE:-ffp-contract=off -fno-math-errno -fno-trapping-math>
  $<BUILD_INTERFACE:$<$<CXX_COMPILER_ID:GNU,Clang>:-fopenmp-simd>>
  $<BUILD_INTERFACE:-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion>)
# With THALWEG_UNITY the files of a target are compiled a dozen at a time: most of the time to build them apart goes into
# the same headers. What a file keeps to itself must then have a name of its own in its room.
function(thalweg_unity target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${THALWEG_UNITY} UNITY_BUILD_BATCH_SIZE 12)
  if(THALWEG_UNITY AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Files of a unity count as headers for this warning.
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
  endif()
endfunction()
if(THALWEG_WERROR)
  target_compile_options(thalweg_options INTERFACE $<BUILD_INTERFACE:-Werror>)
endif()
if(THALWEG_MARCH)
  target_compile_options(thalweg_options INTERFACE $<BUILD_INTERFACE:-march=${THALWEG_MARCH}>)
endif()
if(THALWEG_SANITIZE)
  target_compile_options(thalweg_options INTERFACE
    $<BUILD_INTERFACE:-fsanitize=${THALWEG_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined>)
  target_link_options(thalweg_options INTERFACE $<BUILD_INTERFACE:-fsanitize=${THALWEG_SANITIZE}>)
endif()
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_FLAGS_RELEASE "-O3")
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
