# Everything a developer or the gate runs. `make` or `make help` lists the targets.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# SwiftPM locks its scratch directory; two builds at once only wait for each other.
.NOTPARALLEL:

# tcpdump, nft and ip live in sbin, which is not on every user's path.
export PATH := $(PATH):/usr/sbin:/sbin

SCRATCH ?= .build
SWIFT_BUILD = swift build --scratch-path $(SCRATCH)
# The binary that the integration tests and the demonstrations run.
export TUNSTACK ?= $(abspath $(SCRATCH))/release/tunstack
SWIFT_SOURCES = Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources Fuzzing/Package.swift Fuzzing/Sources
# How many seeds `make simulate` plays.
SEEDS ?= 2000
# How many seconds `make fuzz` spends on each target.
FUZZ_SECONDS ?= 20
# How many sequences `make differential` plays.
SEQUENCES ?= 1000
# The tests that have threads. They wait for real events, up to a limit of time; the others would keep the processors from them for many
# minutes if both ran in one process under a sanitizer.
THREADED = ^Tunstack(Linux|Packetdrill)?Tests\.
CHECKS = layering sizes links test-marks requirements rfc-pages scripts bench differences

.PHONY: help build setup test unit allocations integration simulate fuzz fuzz-gate differential asan tsan soak bench microbench bench-loss lint format check ci demo run clean $(CHECKS:%=check-%)

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16
	@echo "check-NAME      one check alone: $(CHECKS)"

build: ## build the command in release mode
	$(SWIFT_BUILD) -c release --product tunstack

setup: ## install the host tools that are missing (Debian, Ubuntu)
	scripts/setup-host

test: setup unit integration ## install what is missing, then all tests

unit: ## unit tests: no privilege, no network, virtual time
	swift test --scratch-path $(SCRATCH)

allocations: ## the test that an established connection takes nothing from the heap, in an optimized build
	swift test --scratch-path $(SCRATCH) -c release -Xswiftc -enable-testing --filter AllocationTests

integration: build ## tests against the kernel's TCP, in network namespaces
	scripts/integration

simulate: build ## play SEEDS=2000 networks in virtual time; every step is judged
	$(TUNSTACK) simulate --seeds $(SEEDS)

fuzz: ## feed parser, stack and network FUZZ_SECONDS=20 each with inputs that libFuzzer makes up
	scripts/fuzz all $(FUZZ_SECONDS)

fuzz-gate: ## the same with the same inputs every time, about a minute together
	scripts/fuzz gate

differential: ## play SEQUENCES=1000 of segments and calls on the kernel's TCP and on the stack, and compare
	scripts/differential $(SEQUENCES)

asan: ## unit tests with AddressSanitizer, in a scratch folder of their own
	swift test --scratch-path .build-asan --sanitize address --parallel --filter '$(THREADED)'
	swift test --scratch-path .build-asan --sanitize address --parallel --skip '$(THREADED)'

tsan: ## those unit tests that have threads with ThreadSanitizer, in a scratch folder of their own
	TSAN_OPTIONS="suppressions=$(abspath Tests/tsan-suppressions.txt)" \
	    swift test --scratch-path .build-tsan --sanitize thread --parallel \
	    --filter '$(THREADED)'

soak: build ## 1 GB through the echo service on a clean link, without a loss to repair
	scripts/soak-1g

bench: build ## measure throughput, latency and memory beside other stacks; goes on where it was interrupted
	scripts/bench throughput --markdown --output $(SCRATCH)/bench/throughput.json

microbench: ## instructions, nanoseconds and allocations of single operations, against Benchmarks/baseline.json
	scripts/bench micro

bench-loss: build ## measure beside other stacks over lossy paths, for over an hour; goes on where it was interrupted
	scripts/bench loss --markdown --output $(SCRATCH)/bench/loss.json

lint: ## check the formatting of the Swift code
	swift format lint --strict --parallel --recursive $(SWIFT_SOURCES)

format: ## format the Swift code in place
	swift format --in-place --parallel --recursive $(SWIFT_SOURCES)

check: $(CHECKS:%=check-%) ## all checks of scripts/check

$(CHECKS:%=check-%): check-%:
	@scripts/check/$*

ci: setup lint check build test simulate fuzz-gate differential ## what the gate runs: lint, checks, build, all tests, 2,000 seeds, a minute of fuzzing, 1,000 sequences beside the kernel

demo: build ## list the scenarios that run in virtual time, without privilege
	$(TUNSTACK) demo

run: build ## serve echo on 10.77.0.2:9877 until Ctrl-C (asks for root through sudo)
	$(if $(filter 0,$(shell id -u)),,sudo) $(TUNSTACK) --echo 9877

clean: ## remove everything that was built
	swift package --scratch-path $(SCRATCH) reset
