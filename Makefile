# SPDX-License-Identifier: LGPL-2.1-or-later
# perfctr-xen: builds, tests and shows all of it. `make help` lists the targets.
# Local settings: copy Makefile.conf.example to Makefile.conf.
-include Makefile.conf

BUILD   := $(CURDIR)/build
OUT     ?= $(CURDIR)/out
TESTBED := tests/testbed
PREFIX  ?= /usr/local
KDIR    ?= $(shell $(TESTBED)/get-kernel --kdir)
JOBS    := $(or $(PERFCTR_JOBS),$(shell nproc))
SUB      = $(MAKE) --no-print-directory $(if $(findstring j,$(MAKEFLAGS)),,-j$(JOBS))
export PERFCTR_OUT := $(OUT)

.DEFAULT_GOAL := all
.PHONY: all hypervisor guest-kmod libperfctr programs emulator images tests doc check check-all \
	check-long demo accuracy bench shell install patchset packages clean distclean help

all: hypervisor guest-kmod libperfctr tests ## Build everything (not the emulator)

hypervisor: packages ## Build Xen with the patch set, and the dom0 tool
	@place=$$($(TESTBED)/build-xen) && echo "Xen: $$place"
	@if [ -e hypervisor/tools/Makefile ]; then $(SUB) -C hypervisor/tools BUILD=$(BUILD)/hypervisor-tools; fi

guest-kmod: packages ## Build the module for the test bed's kernel (KDIR=... for another)
	@$(SUB) -C $@ KDIR=$(KDIR) BUILD=$(BUILD)/$@

libperfctr: packages ## Build the library and the perfctr command
	@$(SUB) -C $@ BUILD=$(BUILD)/$@

programs: packages
	@$(SUB) -C tests/programs BUILD=$(BUILD)/programs

emulator: packages ## Build the emulator with the PMU model
	@place=$$($(TESTBED)/build-qemu) && echo "QEMU: $$place"

images: packages ## Make the machines' images
	@place=$$($(TESTBED)/build-images) && echo "images: $$place"

tests: programs ## Build what the tests run

check: all emulator images ## Run all tests; the last line is the sum
	@tests/run-suites check

check-all: all emulator images ## Run the whole matrix of modes
	@tests/run-suites check-all

check-long: all emulator images ## Isolation and life cycle, an hour at most: out/security.json
	@tests/run-suites check-long

demo: all emulator images ## Boot Xen and guests, on Intel and AMD, and compare counts with native ones
	@tests/demo/run

accuracy: all emulator images ## Compare real programs natively and in guests
	@$(SUB) -C tests/accuracy BUILD=$(BUILD)/accuracy programs
	@tests/accuracy/run

bench: all emulator images ## What operations cost, in instructions and traps
	@$(SUB) -C tests/accuracy BUILD=$(BUILD)/accuracy programs
	@$(SUB) -C tests/bench BUILD=$(BUILD)/bench programs
	@tests/bench/run

shell: all emulator images ## An interactive guest (WHERE=guest, dom0 or native)
	@$(TESTBED)/testbed shell $(or $(WHERE),guest) --xen-args perfctr=default=full --products

install: libperfctr guest-kmod ## Install library, command, module (PREFIX=, DESTDIR=)
	@$(SUB) -C libperfctr BUILD=$(BUILD)/libperfctr install
	@$(SUB) -C guest-kmod KDIR=$(KDIR) BUILD=$(BUILD)/guest-kmod install

patchset: packages ## Write an upstream-style series for Xen to out/patchset
	@$(TESTBED)/make-patchset $(OUT)/patchset

packages: ## Install the Debian packages that are missing (root or sudo)
	@$(TESTBED)/install-packages

doc: ## Say where the documents are
	@ls README.md doc/*.md

clean: ## Remove what was built in the tree
	rm -rf $(BUILD) $(OUT)

distclean: clean ## Also remove downloads, emulator, hypervisor and images from the cache
	rm -rf "$${PERFCTR_CACHE:-$${XDG_CACHE_HOME:-$$HOME/.cache}/perfctr-xen}"

help: ## This list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  \1\t\2/p' Makefile | expand -t 16
