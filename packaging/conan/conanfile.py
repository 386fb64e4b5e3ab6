"""Builds ossmpu from the sources of this repository: `conan create packaging/conan`.

Needs Rust, a C compiler and make. The sources of a release contain all crates, so that they are
built without network.
"""

import os
import re

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import cross_building
from conan.tools.files import copy, load, rm, rmdir

required_conan_version = ">=2.4"

# What cargo and make read to build the library.
SOURCES = [
    "Cargo.lock", "Cargo.toml", "LICENSE", "Makefile", "build.rs", "cbindgen.toml", "include/*",
    "packaging/*.in", "packaging/ossmpu.map", "scripts/link-*.sh", "src/*",
    # Cargo wants all members of the workspace.
    "cli/Cargo.toml", "cli/src/*", "emulator/Cargo.toml", "emulator/src/*",
    "tests/consumers/rust_cdylib/*",
    # The crates, in the archive of a release.
    ".cargo/config.toml", "vendor/*",
]


class OssmpuConan(ConanFile):
    name = "ossmpu"
    description = "Multipart upload to Alibaba Cloud OSS: blocking, verified, resumable"
    license = "Apache-2.0"
    topics = ("oss", "aliyun", "multipart", "upload")
    package_type = "library"
    languages = "C"
    # Not the type of build: the library is always built with the profile `dist`.
    settings = "os", "arch", "compiler"
    options = {"shared": [True, False]}
    default_options = {"shared": True}
    # Nothing is written to the sources, so that both libraries can be built from one copy.
    no_copy_source = True

    @property
    def _top(self):
        return os.path.join(self.recipe_folder, "..", "..")

    def set_version(self):
        manifest = load(self, os.path.join(self._top, "Cargo.toml"))
        self.version = re.search(r'^version = "(.*)"', manifest, re.MULTILINE).group(1)

    def export(self):
        # package_info() reads it, without the sources.
        copy(self, "Makefile", self._top, self.export_folder)

    def export_sources(self):
        for pattern in SOURCES:
            copy(self, pattern, self._top, self.export_sources_folder)

    def validate(self):
        if self.settings.os != "Linux":
            raise ConanInvalidConfiguration(
                f"ossmpu is built for Linux only, not for {self.settings.os}")

    def validate_build(self):
        if cross_building(self):
            raise ConanInvalidConfiguration(
                "this recipe does not cross-compile; docs/platforms.md of ossmpu says how to")

    def _make(self, arguments):
        # Its own folder, because cargo may take what another copy of the sources has left in a shared
        # one. The configuration is for the check of this recipe, whose copies are the same.
        target = self.conf.get("user.ossmpu:target_dir",
                               default=os.path.join(self.build_folder, "target"))
        output = os.path.join(self.build_folder, "build")
        self.run(f'CARGO_TARGET_DIR="{target}" make -C "{self.source_folder}" BUILD="{output}" '
                 f'{arguments}')

    def build(self):
        self._make("all")

    def package(self):
        stage, name = os.path.split(self.package_folder)
        # With the default, the directories of the environment would be used.
        self._make(f'install DESTDIR="{stage}" PREFIX="/{name}" LIBDIR="/{name}/lib" '
                   f'INCLUDEDIR="/{name}/include"')
        library = os.path.join(self.package_folder, "lib")
        if self.options.shared:
            rm(self, "*.a", library)
        else:
            rm(self, "*.so*", library)
            rmdir(self, os.path.join(library, ".debug"))
        # Conan generates them.
        rmdir(self, os.path.join(library, "cmake"))
        rmdir(self, os.path.join(library, "pkgconfig"))
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))

    def package_info(self):
        self.cpp_info.libs = ["ossmpu"]
        self.cpp_info.set_property("cmake_file_name", "ossmpu")
        self.cpp_info.set_property("cmake_target_name", "ossmpu::ossmpu")
        self.cpp_info.set_property("pkg_config_name", "ossmpu")
        if not self.options.shared:
            makefile = load(self, os.path.join(self.recipe_folder, "Makefile"))
            native = re.search(r"^NATIVE_LIBS := (.*)", makefile, re.MULTILINE).group(1)
            self.cpp_info.system_libs = [flag.removeprefix("-l") for flag in native.split()]
            # As in packaging/ossmpuConfig.cmake.in.
            self.cpp_info.set_property("cmake_target_aliases", ["ossmpu::static"])
            hide = ["-Wl,--exclude-libs,libossmpu.a"]
            self.cpp_info.exelinkflags = hide
            self.cpp_info.sharedlinkflags = hide
