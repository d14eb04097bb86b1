# SPDX-License-Identifier: Apache-2.0
#
# make            grantd, grantctl and the Grafana simulator, in build/
# make test       unit tests and the fuzzers' regressions; scripts/test runs everything
# make install    grantd and grantctl into $(DESTDIR)$(PREFIX)/bin
# make help       the other targets
#
# CFLAGS and LDFLAGS are the caller's and come on top. A compiler that warns of more than
# gcc 12 and clang 14 do stops nothing with WERROR= (empty).

BUILD   ?= build
ifeq ($(origin CC),default)
CC = gcc
endif
EXTRA   ?=
OPT     ?= -O2 -g
WERROR  ?= -Werror
PREFIX  ?= /usr/local

STD      = -std=c11 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE
WARN     = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
	   -Wmissing-prototypes -Wold-style-definition -Wpointer-arith -Wwrite-strings -Wvla \
	   -Wformat=2 -Wundef -Wcast-qual -Wswitch-enum -fno-common $(WERROR)
HARDEN   = -fstack-protector-strong -fPIE
COMPILE  = $(CC) $(OPT) $(STD) $(WARN) $(HARDEN) -include base/banned.h -I. -I$(BUILD) -MMD -MP \
	   -pthread $(CFLAGS) $(EXTRA)
LINK     = $(CC) -pie -Wl,-z,relro,-z,now -pthread $(LDFLAGS) $(EXTRA)

FOLDERS  = base config codec grafana worker ctl
LIBS_base    = -lcrypto
LIBS_config  = -linih $(LIBS_base)
LIBS_codec   = -lcjose -ljansson $(LIBS_config)
LIBS_grafana = -lcurl -ljansson $(LIBS_config)
# hiredis has TLS since 1.0, in a library of its own; the compiler names its place if it is there.
HIREDIS_TLS := $(if $(filter /%,$(shell $(CC) -print-file-name=libhiredis_ssl.so)),-lhiredis_ssl -lssl)
LIBS_worker  = -lrdkafka $(HIREDIS_TLS) -lhiredis -lmicrohttpd -lcurl $(LIBS_codec)
LIBS_ctl     = $(LIBS_worker)

# Each folder may use the archives to its right: an upward call fails to link.
ARCHIVES_base    = base
ARCHIVES_config  = config base
ARCHIVES_codec   = codec config base
ARCHIVES_grafana = grafana config base
ARCHIVES_worker  = worker grafana codec config base
ARCHIVES_ctl     = ctl $(ARCHIVES_worker)
ARCHIVES_simulator = worker base

SOURCES_base    = $(wildcard base/*.c)
SOURCES_config  = $(wildcard config/*.c)
SOURCES_codec   = $(wildcard codec/*.c)
SOURCES_grafana = $(wildcard grafana/*.c)
SOURCES_worker  = $(filter-out worker/main.c,$(wildcard worker/*.c))
SOURCES_ctl     = $(filter-out ctl/main.c,$(wildcard ctl/*.c))
SOURCES_sim     = $(wildcard tests/simulator/*.c)

objects  = $(patsubst %.c,$(BUILD)/%.o,$(1))
archive  = $(BUILD)/lib$(1).a
archives = $(foreach f,$(ARCHIVES_$(1)),$(call archive,$(f)))

all: $(BUILD)/grantd $(BUILD)/grantctl $(BUILD)/grafana-sim

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo "CC $@"
	@$(COMPILE) -c $< -o $@

# The list changes when a source comes or goes: an archive must not keep what has gone.
define folder_rule
$(BUILD)/$(1).list: FORCE
	@mkdir -p $$(@D)
	@echo '$(SOURCES_$(1))' | cmp -s - $$@ || echo '$(SOURCES_$(1))' >$$@
$(call archive,$(1)): $(call objects,$(SOURCES_$(1))) $(BUILD)/$(1).list
	@rm -f $$@
	ar rcs $$@ $$(filter %.o,$$^)
endef
$(foreach f,$(FOLDERS),$(eval $(call folder_rule,$(f))))

# The Lua scripts of the ledger become string literals.
$(BUILD)/worker/ledger_scripts.c: scripts/embed-lua $(wildcard worker/ledger/*.lua)
	@mkdir -p $(@D)
	scripts/embed-lua worker/ledger/*.lua >$@
$(BUILD)/worker/ledger_scripts.o: $(BUILD)/worker/ledger_scripts.c
	@echo "CC $@"
	@$(COMPILE) -c $< -o $@
$(call archive,worker): $(BUILD)/worker/ledger_scripts.o

$(BUILD)/grantd: $(BUILD)/worker/main.o $(call archives,worker)
	@echo "LD $@"
	@$(LINK) $^ -o $@ $(LIBS_worker)
$(BUILD)/grantctl: $(BUILD)/ctl/main.o $(call archives,ctl)
	@echo "LD $@"
	@$(LINK) $^ -o $@ $(LIBS_worker)
$(BUILD)/grafana-sim: $(call objects,$(SOURCES_sim)) $(call archive,base)
	@echo "LD $@"
	@$(LINK) $^ -o $@ -lmicrohttpd -ljansson -lcrypto

$(BUILD)/curl-loop: $(BUILD)/bench/curl_loop.o
	@echo "LD $@"
	@$(LINK) $^ -o $@ -lcurl
bench-tools: $(BUILD)/curl-loop ## what bench/run compares with

# The simulator uses a few GNU functions (strcasestr, accept4).
$(call objects,$(SOURCES_sim)): STD += -D_GNU_SOURCE

# ---- tests ----

TESTS        = $(wildcard tests/unit/test_*.c)
# The simulator's model of load is what the limiter is tested against.
TEST_SUPPORT = $(filter-out $(TESTS),$(wildcard tests/unit/*.c)) tests/simulator/model.c
TEST_NAMES   = $(patsubst tests/unit/%.c,%,$(TESTS))
TEST_BINARIES = $(patsubst %,$(BUILD)/tests/%,$(TEST_NAMES))
folder_of    = $(word 2,$(subst _, ,$(1)))

# An archive, so that a test gets only the helpers it calls.
$(call archive,support): $(call objects,$(TEST_SUPPORT))
	@rm -f $@
	ar rcs $@ $^

define test_rule
$(BUILD)/tests/$(1): $(BUILD)/tests/unit/$(1).o $(call archive,support) \
		$(call archives,$(call folder_of,$(1)))
	@echo "LD $$@"
	@$(LINK) $$^ -o $$@ -lcmocka $(LIBS_$(call folder_of,$(1))) -lcrypto
endef
$(foreach t,$(TEST_NAMES),$(eval $(call test_rule,$(t))))

check-unit: $(TEST_BINARIES)
	@failed=0; for t in $(TEST_BINARIES); do echo "== $$t"; $$t || failed=1; done; exit $$failed

FUZZERS = $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SECONDS ?= 60
FUZZ_FLAGS = -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all

FUZZ_OBJECTS = $(foreach f,$(FOLDERS),$(call objects,$(SOURCES_$(f)))) $(BUILD)/worker/ledger_scripts.o
# Instead of the wire.
FUZZ_LINK_grafana_calls = -Wl,--wrap=grafana_request_in_org
$(BUILD)/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(FUZZ_OBJECTS)
	@echo "LD $@"
	@$(LINK) $(FUZZ_MAIN) $(FUZZ_LINK_$*) $^ -o $@ $(LIBS_worker)
fuzz-binaries: $(patsubst %,$(BUILD)/fuzz_%,$(FUZZERS))

fuzz: ## every fuzz target, FUZZ_SECONDS each
	$(MAKE) BUILD=build/fuzz CC=clang OPT="-O1 -g" \
		EXTRA="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all" \
		FUZZ_MAIN="$(FUZZ_FLAGS)" fuzz-binaries
	scripts/fuzz run build/fuzz $(FUZZ_SECONDS) $(FUZZERS)

fuzz-replay: ## corpus and regressions through every fuzz target, with gcc's sanitizers
	$(MAKE) BUILD=build/san OPT="-O1 -g" EXTRA="$(SAN)" FUZZ_MAIN=tests/fuzz/replay_main.c fuzz-binaries
	scripts/fuzz replay build/san $(FUZZERS)

test: all check-unit fuzz-replay

SAN  = -fsanitize=address,undefined -fno-sanitize-recover=all
TSAN = -fsanitize=thread
san: ## unit tests under the address and undefined-behaviour sanitizers
	$(MAKE) BUILD=build/san OPT="-O1 -g" EXTRA="$(SAN)" all check-unit
tsan: ## unit tests under the thread sanitizer
	$(MAKE) BUILD=build/tsan OPT="-O1 -g" EXTRA="$(TSAN)" check-unit
clang: ## everything with clang
	$(MAKE) BUILD=build/clang CC=clang all check-unit
crash: ## a grantd with crash points, for the kill tests
	$(MAKE) BUILD=build/crash EXTRA=-DGRANTD_CRASH_POINTS build/crash/grantd
canary: ## tests that must fail, and do
	tests/canary/run

# ---- rules that a script can check ----

layers: ## includes point one way, each library has one home
	scripts/layers
headers: ## each header compiles alone
	scripts/headers "$(CC) $(STD) $(WARN) -I. -fsyntax-only"
lengths: ## the longest functions and files
	scripts/lengths
format: ## rewrite by .clang-format
	clang-format -i $$(git ls-files '*.c' '*.h')
install: $(BUILD)/grantd $(BUILD)/grantctl ## into $(DESTDIR)$(PREFIX)/bin
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $^ $(DESTDIR)$(PREFIX)/bin
clean:
	rm -rf build

help:
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*##/ -/'

.PHONY: all bench-tools test check-unit fuzz fuzz-binaries fuzz-replay san tsan clang crash canary layers \
	headers lengths format install clean help FORCE
.SECONDARY:
# What a command that failed has left behind is no result.
.DELETE_ON_ERROR:
-include $(shell find $(addprefix $(BUILD)/,$(FOLDERS) tests bench) -name '*.d' 2>/dev/null)
