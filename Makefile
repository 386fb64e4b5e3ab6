# Builds, tests and installs the library. `make help` lists the targets.

PREFIX     ?= /usr/local
BINDIR     ?= $(PREFIX)/bin
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR     ?= $(PREFIX)/share/man
DESTDIR    ?=
LDFLAGS    ?=
CARGO      ?= cargo
CC         ?= cc
NM         ?= nm
OBJCOPY    ?= objcopy
STRIP      ?= strip

VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
SOMAJOR := 0
TARGET  := $(shell $(CARGO) metadata --no-deps --format-version 1 2>/dev/null \
             | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
PROFILE ?= dist
OUTPUT  := $(TARGET)/$(if $(CARGO_BUILD_TARGET),$(CARGO_BUILD_TARGET)/)$(PROFILE)
BUILD   := build
# Less inlining makes the library smaller: docs/releasing.md.
RUSTC_FLAGS ?= -C llvm-args=-inline-threshold=45
# `static` alone leaves out the shared library; `dll` is that of Windows, with its import library.
LIBRARIES ?= shared static
SHARED  := $(BUILD)/libossmpu.so.$(VERSION)
STATIC  := $(BUILD)/libossmpu.a
DLL     := $(BUILD)/ossmpu.dll

# System libraries that the static library needs; `make native-libs` prints them. The unwinder is
# linked statically (gcc_eh instead of gcc_s), also into programs.
NATIVE_LIBS := -lgcc_eh -lutil -lrt -lpthread -lm -ldl -lc

.DEFAULT_GOAL := all
.PHONY: all help demo test check-deps check conformance simulate reliability reliability-table \
    mutants cross-deps cross tsan bench-deps bench examples reference install uninstall deb \
    check-deb release-deps release reproduce-release native-libs clean

FILE_shared := $(SHARED)
FILE_static := $(STATIC)
FILE_dll    := $(DLL)

all: $(foreach library,$(LIBRARIES),$(FILE_$(library))) ## build the shared and the static library, and the header

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1	\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: examples ## upload a file to a local server and read it back
	@scripts/with-emulator.sh scripts/demo.sh

test: ## run all tests that need only Rust, cc and make
	$(CARGO) build --workspace --lib --bins --examples
	$(CARGO) test --workspace

check-deps: ## install the tools that check needs (Debian, as root)
	scripts/check-deps.sh

check: ## run the checks that need more tools, which check-deps installs
	scripts/check.sh

conformance: ## run other OSS clients against the emulator
	conformance/run.sh

simulate: ## run uploads against a model of OSS with faults; SIMULATE or SIMULATE_SEED replays one run
ifndef SIMULATE_SEED
	FAULTS=$${FAULTS:-2} REPRESENTATIVE_FAULTS=$${REPRESENTATIVE_FAULTS:-0} \
	    BASIC_FAULTS=$${BASIC_FAULTS:-3} RUNS=$${RUNS:-70000} \
	    $(CARGO) test --release --lib simulation -- --nocapture --test-threads 1
endif
ifndef SIMULATE
	PROFILE=bench SCHEDULES=$${SCHEDULES:-100000} \
	    scripts/shuttle-tests.sh simulation::shuttle_tests --nocapture --test-threads 1
endif

reliability: ## kill -9, cancel, reset and soak tests; ARGS="--percent 10" for fewer iterations
	$(CARGO) build --workspace --example resume
	$(CARGO) test --workspace --test reliability -- $(ARGS)

reliability-table: ## write the generated tables into docs/reliability.md
	OSSMPU_WRITE_TABLE=1 $(CARGO) test --test faults --test pairs the_table

mutants: ## change the code in one place at a time, and see a test fail; ARGS="--shard 1/20" for a sample
	scripts/mutants.sh $(ARGS)

cross-deps: ## install the tools that cross and tsan need (Debian 12, as root), some of them in build/cross
	scripts/cross-deps.sh

cross: ## build and test for aarch64, armv7, i686, s390x, musl and Windows; ARGS="aarch64" for one
	scripts/cross.sh $(ARGS)

tsan: ## run the unit tests and the suite under ThreadSanitizer
	scripts/tsan.sh $(ARGS)

bench-deps: ## install the clients that bench compares with, in build/bench
	bench/install-peers.sh

bench: ## compare with other clients; 45 minutes on an idle machine
	bench/run.sh

examples: all ## build the C programs in examples-c
	$(MAKE) -C examples-c LIBRARY=$(CURDIR)/$(BUILD) INCLUDE=$(CURDIR)/include

REFERENCE := $(BUILD)/reference

# Pages of struct fields are deleted: their names are everyday words, such as size. A line that begins
# with an apostrophe would be a command of the page.
reference: ## generate web and manual pages of the C interface with doxygen
	@mkdir -p $(REFERENCE)
	doxygen docs/Doxyfile
	find $(REFERENCE)/man -type f ! -name 'ossmpu*' ! -name 'OSSMPU_*' -delete
	rm $(REFERENCE)/man/man3/OSSMPU_API.3 $(REFERENCE)/man/man3/OSSMPU_MUST_USE.3
	sed -i "s/^'/\\\\\\&'/" $(REFERENCE)/man/man3/*

# One crate type at a time: with several, cargo omits link-time optimization.
$(OUTPUT)/libossmpu.a: FORCE
	$(CARGO) rustc --profile $(PROFILE) --lib --features capi --crate-type staticlib -- $(RUSTC_FLAGS)

# Both libraries are linked from the archive of rustc, because it cannot give symbols versions and
# leaves the symbols of the Rust runtime global. Debug information is stripped from both, and kept in
# a file next to the shared one.
$(SHARED): $(OUTPUT)/libossmpu.a packaging/ossmpu.map scripts/link-shared.sh
	@mkdir -p $(BUILD)
	CC="$(CC)" LDFLAGS="$(LDFLAGS)" scripts/link-shared.sh $< $@ libossmpu.so.$(SOMAJOR) $(NATIVE_LIBS)
	$(OBJCOPY) --only-keep-debug $@ $@.debug
	$(STRIP) --strip-unneeded $@
	$(OBJCOPY) --add-gnu-debuglink=$@.debug $@
	ln -sf libossmpu.so.$(VERSION) $(BUILD)/libossmpu.so.$(SOMAJOR)
	ln -sf libossmpu.so.$(SOMAJOR) $(BUILD)/libossmpu.so

$(STATIC): $(OUTPUT)/libossmpu.a scripts/link-static.sh
	@mkdir -p $(BUILD)
	LD="$(LD)" NM="$(NM)" OBJCOPY="$(OBJCOPY)" AR="$(AR)" scripts/link-static.sh $< $@

$(DLL): $(OUTPUT)/libossmpu.a include/ossmpu.h scripts/link-dll.sh
	@mkdir -p $(BUILD)
	CC="$(CC)" LDFLAGS="$(LDFLAGS)" scripts/link-dll.sh $< $@ $(BUILD)/libossmpu.dll.a
	$(OBJCOPY) --only-keep-debug $@ $@.debug
	$(STRIP) --strip-unneeded $@
	$(OBJCOPY) --add-gnu-debuglink=$@.debug $@

HEADERS := $(DESTDIR)$(INCLUDEDIR)
LIBS    := $(DESTDIR)$(LIBDIR)
CMAKE   := $(LIBS)/cmake/ossmpu
MANUAL  := $(DESTDIR)$(MANDIR)/man3

# The file that the installed CMake file looks for, and what pkg-config and CMake add for a program. The
# symbols of the static library are not exported by what contains it; a static program exports none, and
# the linker of zig does not know the option.
ifneq ($(filter shared,$(LIBRARIES)),)
INSTALLED    := libossmpu.so.$(VERSION)
HIDDEN       := --exclude-libs,libossmpu.a
LIBS_PUBLIC  :=
LIBS_PRIVATE := -Wl,$(HIDDEN) $(NATIVE_LIBS)
else ifneq ($(filter dll,$(LIBRARIES)),)
INSTALLED    := libossmpu.dll.a
else
INSTALLED    := libossmpu.a
HIDDEN       :=
LIBS_PUBLIC  := $(NATIVE_LIBS)
LIBS_PRIVATE :=
endif

# Writes a pkg-config or CMake file to the directory $(1). Its paths are relative, so that the
# installed tree can be moved.
define describe
	@sed -e 's|@PREFIX@|'"$$(realpath -ms --relative-to="$(1)" "$(PREFIX)")"'|' \
	    -e 's|@INCLUDEDIR@|'"$$(realpath -ms --relative-to="$(1)" "$(INCLUDEDIR)")"'|' \
	    -e 's|@BINDIR@|'"$$(realpath -ms --relative-to="$(1)" "$(BINDIR)")"'|' \
	    -e 's|@VERSION@|$(VERSION)|' -e 's|@MAJOR@|$(firstword $(subst ., ,$(VERSION)))|' \
	    -e 's|@SOMAJOR@|$(SOMAJOR)|' -e 's|@INSTALLED@|$(INSTALLED)|' \
	    -e 's|@LIBS_PUBLIC@|$(LIBS_PUBLIC)|' -e 's|@LIBS_PRIVATE@|$(LIBS_PRIVATE)|' \
	    -e 's|@NATIVE_LIBS_LIST@|'"$$(echo $(NATIVE_LIBS) | tr ' ' ';')"'|' \
	    -e 's|@LINK_OPTIONS@|$(HIDDEN:%=LINKER:%)|' -e 's| *$$||' \
	    "packaging/$(2).in" > "$(DESTDIR)$(1)/$(2)"
	@chmod 644 "$(DESTDIR)$(1)/$(2)"
endef

# The dynamic linker finds a new library in /usr/local/lib only through its cache, which only root can
# update. A staged tree is not searched.
update_linker_cache = @if [ -z "$(DESTDIR)" ] && [ "$$(id -u)" -eq 0 ]; then \
    PATH="$$PATH:/usr/sbin:/sbin"; ! command -v ldconfig >/dev/null || ldconfig; fi

define install_shared
	install -d "$(LIBS)/.debug"
	install -m 644 $(SHARED) "$(LIBS)"
	install -m 644 $(SHARED).debug "$(LIBS)/.debug"
	ln -sf libossmpu.so.$(VERSION) "$(LIBS)/libossmpu.so.$(SOMAJOR)"
	ln -sf libossmpu.so.$(SOMAJOR) "$(LIBS)/libossmpu.so"
endef

define install_static
	install -m 644 $(STATIC) "$(LIBS)"
endef

define install_dll
	install -d "$(DESTDIR)$(BINDIR)" "$(LIBS)/.debug"
	install -m 755 $(DLL) "$(DESTDIR)$(BINDIR)"
	install -m 644 $(DLL).debug "$(LIBS)/.debug"
	install -m 644 $(BUILD)/libossmpu.dll.a "$(LIBS)"
endef

# Without cargo, as is common for root, installs what `make` has built before.
install: $(if $(shell command -v $(CARGO)),all) ## install libraries, headers, pkg-config and CMake files, and the manual pages if generated, under PREFIX (and DESTDIR)
	install -d "$(HEADERS)" "$(LIBS)/pkgconfig" "$(CMAKE)"
	install -m 644 include/ossmpu.h include/ossmpu.hpp include/ossmpu-ffi.h "$(HEADERS)"
	$(if $(filter static,$(LIBRARIES)),$(install_static))
	$(if $(filter shared,$(LIBRARIES)),$(install_shared))
	$(if $(filter dll,$(LIBRARIES)),$(install_dll))
	$(call describe,$(LIBDIR)/pkgconfig,ossmpu.pc)
	$(call describe,$(LIBDIR)/cmake/ossmpu,ossmpuConfig.cmake)
	$(call describe,$(LIBDIR)/cmake/ossmpu,ossmpuConfigVersion.cmake)
	if [ -d $(REFERENCE)/man ]; then install -d "$(MANUAL)" && \
	    install -m 644 $(REFERENCE)/man/man3/* "$(MANUAL)"; fi
	$(update_linker_cache)

uninstall: ## remove the installed files
	rm -f "$(HEADERS)/ossmpu.h" "$(HEADERS)/ossmpu.hpp" "$(HEADERS)/ossmpu-ffi.h"
	rm -f "$(DESTDIR)$(BINDIR)/ossmpu.dll" "$(LIBS)/.debug/ossmpu.dll.debug" "$(LIBS)/libossmpu.dll.a"
	rm -f "$(LIBS)/libossmpu.a" "$(LIBS)/libossmpu.so" "$(LIBS)/libossmpu.so.$(SOMAJOR)"
	rm -f "$(LIBS)/libossmpu.so.$(VERSION)" "$(LIBS)/.debug/libossmpu.so.$(VERSION).debug"
	rm -f "$(LIBS)/pkgconfig/ossmpu.pc" "$(CMAKE)/ossmpuConfig.cmake"
	rm -f "$(CMAKE)/ossmpuConfigVersion.cmake"
	rm -f "$(MANUAL)"/ossmpu[-_.]*.3 "$(MANUAL)"/OSSMPU_*.3
	rmdir "$(CMAKE)" "$(LIBS)/.debug" 2>/dev/null || true
	$(update_linker_cache)

deb: ## build the Debian source package and its packages, in build/deb
	packaging/deb.sh $(BUILD)/deb

check-deb: ## build and check them (Debian, as root); ARGS=ARCHIVE for those of a release
	scripts/with-emulator.sh scripts/check-deb.sh $(ARGS)

release-deps: ## install the tools that release and check-deb need (Debian 12, as root)
	scripts/release-deps.sh $(TARGETS)

release: ## build the archives of a release from the last commit, in build/release, and test them; TARGETS="x86_64-linux-musl" for one
	scripts/release.sh $(BUILD)/release $(TARGETS)
	scripts/with-emulator.sh scripts/check-release.sh $(BUILD)/release

reproduce-release: ## build the archives again in another folder, and compare them
	scripts/reproduce-release.sh $(BUILD)/release $(TARGETS)

native-libs: ## print the system libraries that the static library needs
	$(CARGO) rustc --profile $(PROFILE) --lib --features capi --crate-type staticlib -- $(RUSTC_FLAGS) \
	    --print native-static-libs

clean: ## remove build output
	$(CARGO) clean
	rm -rf $(BUILD)

FORCE:
