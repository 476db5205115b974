# Hải Đăng: a thin front for Meson. `make run` and `make check` do all the set-up by themselves.
#
#   make run       install what is missing, build, start on the example province
#   make check     all tests; the last line says how many passed and failed
#   make build     build/haidang
#   make bench     measure beside named peers; writes bench/results.md
#   make chaos     1,000 rounds of kills, full disks, broken writes and clocks under load (an hour)
#   make fuzz      run the fuzz targets (SECONDS=60 each)
#   make install   into DESTDIR/PREFIX (/usr/local)

SHELL := /bin/sh
BUILD ?= build
CHECK ?= build-check
SECONDS ?= 60
PREFIX ?= /usr/local
CONFIG ?= examples/khanh-hoa-2019/haidang.yaml
DEPS := packaging/install-deps

.PHONY: run check build bench fuzz deps install clean console chaos

build: deps console
	@test -f $(BUILD)/build.ninja || meson setup $(BUILD) --buildtype=release -Dprefix=$(PREFIX) >/dev/null
	@ninja -C $(BUILD) haidang haidang.1 haidang.bash --quiet

deps:
	@$(DEPS) run build

console: deps
	@packaging/build-console

run: build
	@packaging/run-example $(BUILD)/haidang $(CONFIG)

check:
	@$(DEPS) run build test
	@$(MAKE) --no-print-directory console
	@tests/run.py --build $(CHECK)

bench: build
	@bench/run --build $(BUILD)

chaos: build
	@ninja -C $(BUILD) tests/chaos/fault.so --quiet
	@tests/chaos/run.py --build $(BUILD) --rounds 1000 --report bench/chaos-results.md

fuzz:
	@$(DEPS) run build fuzz
	@tests/fuzz/run --seconds $(SECONDS)

install: build
	@DESTDIR=$(DESTDIR) meson install -C $(BUILD) --quiet

clean:
	rm -rf build build-*
