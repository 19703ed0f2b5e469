# SPDX-License-Identifier: GPL-2.0
# Every command of the project: 'make help' lists them.

KDIR ?= /lib/modules/$(shell uname -r)/build
PREFIX ?= /usr/local
SRC = $(DESTDIR)$(PREFIX)/src/gil
BUILT ?= $(CURDIR)

# Another kernel than the guest's usual one, another Debian suite.
export GIL_KERNEL := $(or $(KERNEL),$(GIL_KERNEL))
export GIL_SUITE := $(or $(SUITE),$(GIL_SUITE))

# $(value) keeps the $ of a command line, which make would take for variables
# of its own. The same would happen where make exports CMD itself.
export GIL_CMD := $(value CMD)
unexport CMD

# When this make was started: the steps print the time since then.
export GIL_STARTED := $(shell date +%s)

HOST := build/host
STEP := tools/vm/step
NET := if the lines above do not help, check that this machine reaches a Debian \
	mirror; then run the same again
FIX := fix what the log says, then run the same again: finished steps are kept

# On Debian these need the packages linux-headers-amd64, gcc, pkg-config,
# libjansson-dev, libncurses-dev, libtraceevent-dev, libtracefs-dev and
# libtracecmd-dev.
all: module userspace ## the module for KDIR (default: the running kernel), and userspace

module: ## only the module, for KDIR
	@test -e $(KDIR)/Makefile || { \
	echo "no kernel headers in $(KDIR):" \
	"apt-get install linux-headers-$$(uname -r), or set KDIR=..." >&2; exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

userspace: ## only userspace, into build/host
	$(MAKE) -C userspace O=$(CURDIR)/$(HOST)

demo: guest ## measure and trace the lock in the guest; show each claim and what was seen
	@tools/demo/run

# SUITES='report docs' runs these suites only; ONLY='gil_queue gil_bind:io' these
# kselftest programs only, or one test case of a program.
tests := $(SUITES) $(ONLY:%=--only=%)

test: test-names ## every test (or SUITES=, ONLY=); last line: N passed, N failed, N skipped
	@tools/vm/test $(tests)

# Refuse a wrong name before minutes are spent on building.
test-names:
	@tools/vm/test --check $(tests)

# The documents are compared with the sources, which needs no guest.
ifneq ($(strip $(tests)),docs)
test: guest guest-tests
endif

experiments: guest ## the teaching texts' claims, with CPython and on the lock (or ONLY=, QUICK=1)
	@tools/experiments/run $(if $(QUICK),--quick) $(ONLY)

# LABS='2 3:barging' grades these only, RESUME=1 what has not been right before.
lab-proof: guest ## grade submissions whose scores are known (LABS=, RESUME=1; about an hour)
	@bad=0; $(if $(LABS),,tests/lab/engine.py crashes || bad=$$?;) \
	tests/lab/submissions.py $(if $(RESUME),--resume) $(LABS) || bad=$$?; \
	exit $$bad

shell: guest ## a shell in the guest, with the module loaded
	@tools/vm/boot --shell --name shell

run: guest ## CMD='...': one command in the guest, with its output and exit status
	@test -n "$$GIL_CMD" || { \
	echo "usage: make run CMD='command line'" >&2; exit 2; }
	@tools/vm/run --name run "$$GIL_CMD"

guest: guest-root guest-build

guest-root:
	@$(STEP) host-deps "what the guest needs on this machine" "$(NET)" \
		tools/vm/host-deps
	@$(STEP) root "the guest's root (made once: about a minute)" "$(NET)" \
		tools/vm/root
	@$(STEP) probe-kvm "can KVM run it here? (asked once: 20 s at most)" \
		"$(FIX)" tools/vm/probe-kvm

ifneq ($(filter-out debian,$(GIL_KERNEL)),)
guest-kernel: guest-root
	@$(STEP) kernel "the $(GIL_KERNEL) kernel (made once: 10 to 15 minutes)" \
		"$(NET)" tools/vm/kernel/build

guest-build: guest-kernel
endif

guest-build: guest-root
	@$(STEP) build-module "the module, for the guest" "$(FIX)" \
		tools/vm/build module
	@$(STEP) build-userspace "userspace, for the guest" "$(FIX)" \
		tools/vm/build userspace

guest-tests: guest-build
	@$(STEP) build-tests "the tests, for the guest" "$(FIX)" \
		tools/vm/build tests

insmod: module ## load the module into THIS machine's kernel
	@echo "This loads gil.ko into the kernel of this machine, not of a guest:"
	@echo "a bug in it can crash the machine or lose data. 'make rmmod' undoes it."
	@tools/vm/as-root insmod $(CURDIR)/gil.ko
	@ls -l /dev/gil

rmmod: ## take the module out of THIS machine's kernel
	@tools/vm/as-root rmmod gil

install: all ## the module for KDIR; userspace and tools under PREFIX (as root)
	$(MAKE) -C $(KDIR) M=$(CURDIR) \
		$(if $(DESTDIR),INSTALL_MOD_PATH=$(DESTDIR)) modules_install
	$(MAKE) install-policy
	$(MAKE) -C userspace O=$(CURDIR)/$(HOST) PREFIX=$(PREFIX) install
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man4 module/man/gil.4
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man8 tools/trace/man/*.8
	install -D -m 755 -t $(DESTDIR)$(PREFIX)/sbin tools/trace/gil*

# BUILT is the folder where gil.ko was built; its symbols belong to one kernel.
install-policy: ## only what policies in modules of their own are built with
	@test -e $(BUILT)/Module.symvers || { \
	echo "the module has not been built in $(BUILT):" \
	"run 'make module' first" >&2; exit 1; }
	install -D -m 644 -t $(SRC)/include module/include/gil_policy.h
	install -D -m 644 -t $(SRC)/include/linux module/include/uapi/linux/gil.h
	install -D -m 644 -t $(SRC)/$(shell cat $(KDIR)/include/config/kernel.release) \
		$(BUILT)/Module.symvers
	install -D -m 644 -t $(SRC)/example $(addprefix module/example/, \
		gil_lifo.c Kbuild Makefile)

DKMS = /usr/src/gil-$(shell cat VERSION)
install-dkms: ## the module by dkms, which builds it for every kernel (as root)
	install -d $(DESTDIR)$(DKMS)
	cp -r VERSION Kbuild dkms.conf module $(DESTDIR)$(DKMS)/
	$(if $(DESTDIR),,dkms install gil/$(shell cat VERSION))

lint: guest-root ## every check of the sources: checkpatch, sparse, spelling and others
	@tools/lint/run

clean: ## remove what was built here
	rm -rf build
	@test ! -e gil.o || $(MAKE) -C $(KDIR) M=$(CURDIR) clean

distclean: clean ## and the guest's root and all else that is cached
	@cache=$${XDG_CACHE_HOME:-$$HOME/.cache}/gil; \
	rm -rf "$$cache" 2>/dev/null || tools/vm/as-root rm -rf "$$cache"

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' \
		$(firstword $(MAKEFILE_LIST))

.PHONY: all module userspace demo test test-names experiments lab-proof shell run guest guest-root guest-build guest-kernel \
	guest-tests insmod rmmod install install-policy install-dkms \
	lint clean distclean help
