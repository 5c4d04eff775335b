# Thaw's verbs. `make` alone lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PREFIX ?= /usr/local
THAW := .build/dist/bin/thaw
LAB := .build/dist/bin/thaw-lab

.PHONY: help setup build demo test bench check fmt clean install package oci-image test-hosts test-workloads test-sanitize fuzz

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what is missing on this machine: Debian packages and the Swift toolchain
	@scripts/setup

build: setup ## Build everything into .build/dist
	@scripts/build
	@scripts/stage

demo: build ## Show the examples cold and from snapshots, and what clones reach in networks
	@$(LAB) demo

test: ## Set up, build and run every test; ends with a summary
	@scripts/test

test-hosts: package ## Install the package on hosts with stock kernels and KVM, and use it there
	@THAW_TEST_FIRECRACKER=1 Tests/Hosts/run

test-workloads: ## Run functions made of real packages, after make test; shows what each takes
	@THAW_TEST_WORKLOADS=all .build/venv/bin/python -m pytest -p no:cacheprovider Tests/Workloads

test-sanitize: setup ## Run the Swift tests with ThreadSanitizer, then with AddressSanitizer
	@scripts/test-sanitize

fuzz: build ## Fuzz what reads bytes from outside, FUZZ_SECONDS (60) in all
	@scripts/fuzz

bench: build ## Measure restores, invocations, density, publishes, networks; look for leaks
	@for name in process-clone invoke burst density soak versions front microvm-clone publish slots claim nat rules vni; do \
	    echo; echo "== $$name"; $(LAB) bench $$name || exit 1; done

check: setup ## Lint, import rules, file sizes, script syntax, docs
	@scripts/check

fmt: setup ## Format the Swift sources
	@scripts/with-swift swift format --in-place --recursive --parallel Package.swift Sources Tests Fuzzing

package: build ## Make the Debian package in .build/package
	@packaging/package

oci-image: build ## Make a container image, as an archive for docker load, in .build/package
	@packaging/oci-image

clean: ## Remove everything built, images included
	rm -rf .build

install: build ## Copy the build to PREFIX (/usr/local); DESTDIR is honoured
	install -D -m 755 $(THAW) $(DESTDIR)$(PREFIX)/bin/thaw
	rm -rf $(DESTDIR)$(PREFIX)/lib/thaw
	mkdir -p $(DESTDIR)$(PREFIX)/lib
	cp -a .build/dist/lib/thaw $(DESTDIR)$(PREFIX)/lib/thaw
