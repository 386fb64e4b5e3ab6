# The doors of the project. `make help` lists them.

PREFIX     ?= /usr/local
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DESTDIR    ?=
CARGO      ?= cargo
CC         ?= cc

VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
SOMAJOR := 0
TARGET  := $(shell $(CARGO) metadata --no-deps --format-version 1 2>/dev/null \
             | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
RELEASE := $(TARGET)/release
BUILD   := build
SHARED  := $(BUILD)/libossmpu.so.$(VERSION)

# What a Rust static library needs of the system; `make native-libs` asks the compiler for it.
NATIVE_LIBS := -lgcc_s -lutil -lrt -lpthread -lm -ldl -lc

.DEFAULT_GOAL := all
.PHONY: all help demo test check conformance reliability reliability-table bench examples install uninstall native-libs clean

all: $(SHARED) ## build the shared and the static library, and the header

help: ## list what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1	\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: ## upload a real file into a local server and read it back
	@scripts/demo.sh

test: ## every test that needs nothing but Rust, cc and make
	$(CARGO) build --workspace --lib --bins --examples
	$(CARGO) test --workspace

check: ## what needs more tools, which it installs
	scripts/check.sh

conformance: ## clients that others wrote, against the local server
	conformance/run.sh

reliability: ## kill -9, cancel, reset and soak, thousands of times; ARGS="--percent 10" for less
	$(CARGO) build --example resume
	$(CARGO) test --test reliability -- $(ARGS)

reliability-table: ## write the table of the fault matrix into docs/reliability.md
	OSSMPU_WRITE_TABLE=1 $(CARGO) test --test faults the_table

bench: ## measure against other clients; 30 minutes on a quiet machine
	bench/run.sh

examples: all ## build the C programs in examples-c
	$(MAKE) -C examples-c LIBRARY=$(CURDIR)/$(BUILD) INCLUDE=$(CURDIR)/include

# One crate type at a time: with several, cargo leaves link-time optimisation out.
$(RELEASE)/libossmpu.a: FORCE
	$(CARGO) rustc --release --lib --crate-type staticlib

# The shared library is linked from the static one, because only so can its symbols have versions.
$(SHARED): $(RELEASE)/libossmpu.a ossmpu.map
	@mkdir -p $(BUILD)
	cp $(RELEASE)/libossmpu.a $(BUILD)/libossmpu.a
	$(CC) -shared -o $@ -Wl,-soname,libossmpu.so.$(SOMAJOR) -Wl,-z,nodelete -Wl,-z,defs \
	    -Wl,--version-script=ossmpu.map -Wl,--whole-archive $(BUILD)/libossmpu.a \
	    -Wl,--no-whole-archive -Wl,--gc-sections $(NATIVE_LIBS)
	ln -sf libossmpu.so.$(VERSION) $(BUILD)/libossmpu.so.$(SOMAJOR)
	ln -sf libossmpu.so.$(SOMAJOR) $(BUILD)/libossmpu.so

install: all ## install library, header and pkg-config file under PREFIX (and DESTDIR)
	install -d $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(INCLUDEDIR)
	install -m 644 include/ossmpu.h $(DESTDIR)$(INCLUDEDIR)/ossmpu.h
	install -m 644 $(BUILD)/libossmpu.a $(DESTDIR)$(LIBDIR)/libossmpu.a
	install -m 755 $(SHARED) $(DESTDIR)$(LIBDIR)/libossmpu.so.$(VERSION)
	ln -sf libossmpu.so.$(VERSION) $(DESTDIR)$(LIBDIR)/libossmpu.so.$(SOMAJOR)
	ln -sf libossmpu.so.$(SOMAJOR) $(DESTDIR)$(LIBDIR)/libossmpu.so
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' \
	    -e 's|@VERSION@|$(VERSION)|' -e 's|@NATIVE_LIBS@|$(NATIVE_LIBS)|' ossmpu.pc.in \
	    > $(DESTDIR)$(LIBDIR)/pkgconfig/ossmpu.pc

uninstall: ## remove what install has put there
	rm -f $(DESTDIR)$(INCLUDEDIR)/ossmpu.h $(DESTDIR)$(LIBDIR)/pkgconfig/ossmpu.pc
	rm -f $(DESTDIR)$(LIBDIR)/libossmpu.a $(DESTDIR)$(LIBDIR)/libossmpu.so
	rm -f $(DESTDIR)$(LIBDIR)/libossmpu.so.$(SOMAJOR) $(DESTDIR)$(LIBDIR)/libossmpu.so.$(VERSION)

native-libs: ## print the system libraries that the static library needs
	$(CARGO) rustc --release --lib --crate-type staticlib -- --print native-static-libs

clean: ## remove what was built
	$(CARGO) clean
	rm -rf $(BUILD)

FORCE:
