install(TARGETS thalweg RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS ${THALWEG_LIBRARIES} thalweg_options EXPORT thalwegTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY src/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/thalweg FILES_MATCHING PATTERN "*.hpp")
install(EXPORT thalwegTargets NAMESPACE thalweg::
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/thalweg)
include(CMakePackageConfigHelpers)
configure_package_config_file(cmake/thalwegConfig.cmake.in
  ${PROJECT_BINARY_DIR}/thalwegConfig.cmake INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/thalweg)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/thalwegConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/thalwegConfig.cmake ${PROJECT_BINARY_DIR}/thalwegConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/thalweg)
