# An overlay port: put the source archive of `make release`, which has all crates, beside this file, and
# call vcpkg with --overlay-ports. Needs Rust, a C compiler and make.

set(archive "${CURRENT_PORT_DIR}/ossmpu-${VERSION}.tar.gz")
if(NOT EXISTS "${archive}")
    message(FATAL_ERROR "${archive} is missing: `make release` builds it")
endif()
vcpkg_extract_source_archive(SOURCE_PATH ARCHIVE "${archive}")

# The library has no debug build. Both libraries are installed for all triplets: the CMake package has a
# target for each.
set(VCPKG_BUILD_TYPE release)

# With DESTDIR the cache of the dynamic linker is not updated.
cmake_path(GET CURRENT_PACKAGES_DIR PARENT_PATH stage)
cmake_path(GET CURRENT_PACKAGES_DIR FILENAME name)
vcpkg_execute_required_process(
    COMMAND "${CMAKE_COMMAND}" -E env CARGO_NET_OFFLINE=true "CARGO_TARGET_DIR=${SOURCE_PATH}/target"
        make install "DESTDIR=${stage}" "PREFIX=/${name}" "LIBDIR=/${name}/lib"
        "INCLUDEDIR=/${name}/include" "MANDIR=/${name}/share/man"
    WORKING_DIRECTORY "${SOURCE_PATH}"
    LOGNAME "install-${TARGET_TRIPLET}"
)

# The CMake package finds the library by the place of its own files.
set(VCPKG_POLICY_SKIP_MISPLACED_CMAKE_FILES_CHECK enabled)

file(INSTALL "${CURRENT_PORT_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
