# SPDX-License-Identifier: Apache-2.0
# weir's build. One archive per layer, linked from high to low; a unit test links only the layers up
# to its own. Everything made goes below $(B). `make help` lists the targets.

B       ?= build
CC      ?= cc
OPT     ?= -O2 -g
SAN     ?=
VENV     = build/venv
PYTHON  ?= $(VENV)/bin/python3
PREFIX  ?= /usr/local
JOBS    ?= 2
E2E_JOBS ?= 3
FUZZ_SECONDS ?= 20

LAYERS  := base sys net wire store cell bus fn svc cli
LIBS    := -lrocksdb -lnghttp2 -luv -lssl -lcrypto -lpcre2-8 -lexpat -lz -lzip -lzstd -lsnappy -lyaml -lseccomp -lpthread -lm
CFLAGS  += -std=c17 -D_GNU_SOURCE $(OPT) $(SAN) -iquote src -Wall -Wextra -Wshadow -Wconversion \
           -Wmissing-prototypes -Wstrict-prototypes -Wvla -Werror -fno-strict-aliasing \
           -fno-common -fstack-protector-strong -MMD -MP
LDFLAGS += $(SAN) -Wl,-z,relro,-z,now

objs_of  = $(patsubst %.c,$(B)/%.o,$(shell find src/$(1) -name '*.c' 2>/dev/null | sort)) \
           $(if $(filter wire,$(1)),$(B)/gen/model.o) $(if $(filter fn,$(1)),$(B)/gen/runtimes.o)
# the layers a layer may use, highest first: itself and what is below it
below    = $(call reverse,$(call upto,$(1),$(LAYERS)))
upto     = $(if $(filter $(1),$(firstword $(2))),$(1),$(firstword $(2)) $(call upto,$(1),$(wordlist 2,99,$(2))))
reverse  = $(if $(1),$(call reverse,$(wordlist 2,99,$(1))) $(firstword $(1)))
archives = $(foreach l,$(1),$(B)/lib$(l).a)
of_test  = $(word 2,$(subst /, ,$(patsubst $(B)/%,%,$(1))))
c_tests  = $(patsubst %.c,$(B)/%,$(shell find test/$(1) -name '*_test.c' 2>/dev/null | sort))

TESTS   := $(foreach l,$(LAYERS),$(call c_tests,$(l)))
FUZZERS := $(patsubst test/fuzz/%.c,%,$(wildcard test/fuzz/*_fuzz.c))
SDK      = $(MAKE) -C sdk PYTHON=$(abspath $(PYTHON)) B=../

.PHONY: all sdk labs demo test unit e2e crash asan tsan fuzz fuzzers bench tidy lint install clean help
all: $(B)/weir

help:
	@echo 'make [all] sdk labs demo test unit e2e crash asan tsan fuzz bench tidy lint install clean'

# ---- set-up: stamps, so that it runs once ----
build/.setup-%: tools/setup $(wildcard tools/requirements*.txt)
	@mkdir -p build
	tools/setup $*
	@touch $@
$(VENV)/bin/python3: build/.setup-build

# ---- the C library for functions and callers: its own product, with its own Makefile ----
sdk: build/.setup-build
	+$(SDK)$(B)/sdk all tools
labs: sdk
	+$(MAKE) -C labs SDK=$(abspath $(B)/sdk)

# ---- the program ----
$(B)/weir: $(B)/src/main.o $(call archives,$(call reverse,$(LAYERS)))
	$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

define layer_rule
$(B)/lib$(1).a: $(call objs_of,$(1))
	@rm -f $$@
	@ar rcs $$@ $$^
endef
$(foreach l,$(filter-out svc,$(LAYERS)),$(eval $(call layer_rule,$(l))))

# A service is one object that shows the program its table and nothing else: names inside are its own.
# (DynamoDB shows its streams, too; CloudFormation how a template is read, for weir deploy.)
SERVICES := $(patsubst src/svc/%/,%,$(sort $(wildcard src/svc/*/)))
define service_rule
$(B)/svc/$(1).o: $(call objs_of,svc/$(1))
	@mkdir -p $$(@D)
	@ld -r -o $$@.all $$^ && objcopy -w -G '*_service' -G template_document $$@.all $$@
endef
$(foreach s,$(SERVICES),$(eval $(call service_rule,$(s))))
$(B)/libsvc.a: $(B)/src/svc/services.o $(SERVICES:%=$(B)/svc/%.o)
	@rm -f $@
	@ar rcs $@ $^

$(B)/%.o: %.c | build/.setup-build
	@mkdir -p $(@D)
	@echo "CC $<"; $(CC) $(CFLAGS) -c -o $@ $<

$(B)/gen/model.o: $(B)/gen/model.c
	$(CC) $(CFLAGS) -O0 -g0 -c -o $@ $<

$(B)/gen/runtimes.c: tools/embed $(wildcard src/fn/runtime/*)
	@mkdir -p $(@D)
	python3 tools/embed $(wildcard src/fn/runtime/*) > $@

$(B)/gen/model.c: tools/gen_model.py $(wildcard overlay/*) | build/.setup-build
	@mkdir -p $(@D)
	$(PYTHON) tools/gen_model.py --out $@

# ---- tests: test/store/journal_test.c links libstore.a and everything below it ----
.SECONDEXPANSION:
$(B)/test/%_test: $(B)/test/%_test.o $$(call archives,$$(call below,$$(call of_test,$$@)))
	@echo "LD $@"; $(CC) $(LDFLAGS) -o $@ $(filter %_test.o,$^) $(INSIDE) $(filter %.a,$^) -lcmocka $(LIBS)

# tests of a service's insides link all of it, before the archive that hides them (not cfn_test)
define inside
$(filter-out %/cfn_test,$(filter $(B)/test/svc/$(1),$(TESTS))): $(B)/svc/$(firstword $(subst /, ,$(1))).o
$(filter-out %/cfn_test,$(filter $(B)/test/svc/$(1),$(TESTS))): INSIDE = $(B)/svc/$(firstword $(subst /, ,$(1))).o.all
endef
$(foreach s,logs/% events/% lambda/% dynamodb/% apigatewayv2/% cognito/% firehose/% kms/% cloudformation/template% cloudformation/sam% s3/text_test cloudformation/drift% \
    sqs/state_test iam/thing_test route53/name_test secretsmanager/schedule_test,$(eval $(call inside,$(s))))

define run_tests
@set -e; for t in $(1); do echo "== $$t"; $$t >$$t.log 2>&1 || { cat $$t.log; exit 1; }; done
endef
unit: build/.setup-test $(TESTS)
	$(call run_tests,$(TESTS))
	+$(SDK)$(B)/sdk unit
unit-%: ; @$(MAKE) $(call c_tests,$*) && set -e && for t in $(call c_tests,$*); do $$t; done
$(B)/wire-oracle: $(B)/test/wire/oracle.o $(call archives,$(call below,wire))
	$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)
# the SAM transform as a program, for its differential test
$(B)/sam-oracle: $(B)/test/svc/cloudformation/sam_oracle.o \
    $(patsubst %.c,$(B)/%.o,$(wildcard src/svc/cloudformation/sam*.c)) $(call archives,$(call below,wire))
	$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

test: build/.setup-test
	$(MAKE) -j$(JOBS) all labs $(TESTS) $(B)/wire-oracle $(B)/sam-oracle
	$(MAKE) unit
	$(MAKE) e2e crash
e2e: $(B)/weir $(B)/wire-oracle $(B)/sam-oracle labs build/.setup-test
	$(PYTHON) -m pytest -q -n $(E2E_JOBS) --dist loadfile test/e2e labs
crash: $(B)/weir build/.setup-test
	$(PYTHON) -m pytest -q -n $(JOBS) --dist loadfile test/crash

# ---- the same under sanitizers ----
asan:
	$(MAKE) -j$(JOBS) B=build-asan OPT="-O1 -g" \
	    SAN="-fsanitize=address,undefined -fno-sanitize-recover=all" unit
# (not torture, the fan-out among it: it forks with threads and lets them die, after which TSan starts none)
tsan:
	TSAN_OPTIONS="report_thread_leaks=0 suppressions=$(CURDIR)/tools/tsan.supp" $(MAKE) -j$(JOBS) B=build-tsan OPT="-O1 -g" SAN=-fsanitize=thread \
	    TESTS="$(patsubst $(B)/%,build-tsan/%,$(filter-out %torture_test %fanout_test,$(foreach l,sys net store cell bus fn svc,$(call c_tests,$(l)))))" unit

# ---- fuzzing: every harness for FUZZ_SECONDS, beginning with its kept corpus ----
build-fuzz/fuzz/%: test/fuzz/%.c $(call archives,$(call reverse,$(LAYERS)))
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -fsanitize=fuzzer -o $@ $(filter %.c,$^) $(INSIDE) $(filter %.a,$^) $(LIBS)
build-fuzz/fuzz/s3_text_fuzz: INSIDE = build-fuzz/svc/s3.o.all
build-fuzz/fuzz/sqs_text_fuzz: INSIDE = build-fuzz/svc/sqs.o.all
build-fuzz/fuzz/logs_filter_fuzz: INSIDE = build-fuzz/svc/logs.o.all
build-fuzz/fuzz/firehose_text_fuzz: INSIDE = build-fuzz/svc/firehose.o.all
build-fuzz/fuzz/acm_x509_fuzz: INSIDE = build-fuzz/svc/acm.o.all
build-fuzz/fuzz/route53_name_fuzz: INSIDE = build-fuzz/svc/route53.o.all
build-fuzz/fuzz/ssm_text_fuzz: INSIDE = build-fuzz/svc/ssm.o.all
build-fuzz/fuzz/cloudformation_template_fuzz build-fuzz/fuzz/cloudformation_sam_fuzz: INSIDE = build-fuzz/svc/cloudformation.o.all
build-fuzz/fuzz/kms_ciphertext_fuzz build-fuzz/fuzz/kms_der_fuzz: INSIDE = build-fuzz/svc/kms.o.all
EVENTS_FUZZERS := $(patsubst %,build-fuzz/fuzz/%,$(filter eventbridge_%,$(FUZZERS)))
$(EVENTS_FUZZERS): INSIDE = build-fuzz/svc/events.o.all
build-fuzz/fuzz/secrets_schedule_fuzz: INSIDE = build-fuzz/svc/secretsmanager.o.all
build-fuzz/fuzz/apigateway_openapi_fuzz: INSIDE = build-fuzz/svc/apigatewayv2.o.all
build-fuzz/fuzz/apigateway_run_fuzz: INSIDE = build-fuzz/svc/apigatewayv2.o.all
LAMBDA_FUZZERS := $(patsubst %,build-fuzz/fuzz/%,$(filter lambda_%,$(FUZZERS)))
$(LAMBDA_FUZZERS): INSIDE = build-fuzz/svc/lambda.o.all
COGNITO_FUZZERS := $(patsubst %,build-fuzz/fuzz/%,$(filter cognito_%,$(FUZZERS)))
$(COGNITO_FUZZERS): INSIDE = build-fuzz/svc/cognito.o.all
DYNAMODB_FUZZERS := $(patsubst %,build-fuzz/fuzz/%,$(filter dynamodb_%,$(FUZZERS)))
$(DYNAMODB_FUZZERS): INSIDE = build-fuzz/svc/dynamodb.o.all
fuzzers: $(addprefix build-fuzz/fuzz/,$(FUZZERS))
fuzz: build/.setup-check
	$(MAKE) -j$(JOBS) B=build-fuzz CC=clang OPT="-O1 -g" \
	    SAN="-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all" fuzzers
	@set -e; for f in $(FUZZERS); do c=build-fuzz/corpus/$$f; mkdir -p $$c; echo "== $$f"; \
	    build-fuzz/fuzz/$$f -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 \
	        $$c test/fuzz/corpus/$${f%_fuzz} >build-fuzz/$$f.log 2>&1 \
	        || { tail -40 build-fuzz/$$f.log; exit 1; }; done
	+$(SDK)build-fuzz/sdk fuzz

# ---- looking ----
tidy:
	tools/tidy
lint: build/.setup-check $(B)/gen/model.c
	tools/lint

# ---- showing ----
demo: all labs
	$(PYTHON) tools/demo.py
bench: all labs build/.setup-bench
	@set -e; for b in bench events tables dynamodb_scale functions edge stacks memory; do \
	    $(PYTHON) test/bench/$$b.py; done

install: all sdk
	+$(SDK)$(B)/sdk install
	install -D $(B)/weir $(DESTDIR)$(PREFIX)/bin/weir
	install -D -m 644 docs/weir.1 $(DESTDIR)$(PREFIX)/share/man/man1/weir.1
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's,/usr/local/bin,$(PREFIX)/bin,' docs/weir.service >$(DESTDIR)$(PREFIX)/lib/systemd/system/weir.service

clean:
	rm -rf build build-*

.SECONDARY:
-include $(shell find $(B) -name '*.d' 2>/dev/null)
