# SPDX-License-Identifier: Apache-2.0
# weir's build. One archive per layer, linked from high to low; a test links only the layers up to
# its own. Everything made goes below $(B). `make help` lists the targets.

B       ?= build
CC      ?= cc
OPT     ?= -O2 -g
SAN     ?=
PYTHON  ?= python3
VENV     = build/venv

LAYERS  := base sys net wire store cell svc cli
LIBS    := -lrocksdb -lnghttp2 -luv -lssl -lcrypto -lpcre2-8 -lz -lpthread -lm
CFLAGS  += -std=c17 -D_GNU_SOURCE $(OPT) $(SAN) -iquote src -Wall -Wextra -Wshadow -Wconversion \
           -Wmissing-prototypes -Wstrict-prototypes -Wvla -Werror -fno-strict-aliasing \
           -fno-common -fstack-protector-strong -MMD -MP
LDFLAGS += $(SAN) -Wl,-z,relro,-z,now

src_of   = $(shell find src/$(1) -name '*.c' 2>/dev/null | sort)
objs_of  = $(patsubst %.c,$(B)/%.o,$(call src_of,$(1))) $(if $(filter wire,$(1)),$(B)/gen/model.o)
archives = $(foreach l,$(LAYERS),$(B)/lib$(l).a)
# archives a layer may use, highest first: itself and what is below it
below    = $(call reverse,$(call upto,$(1),$(LAYERS)))
upto     = $(if $(filter $(1),$(firstword $(2))),$(1),$(firstword $(2)) $(call upto,$(1),$(wordlist 2,99,$(2))))
reverse  = $(if $(1),$(call reverse,$(wordlist 2,99,$(1))) $(firstword $(1)))

TESTS    := $(patsubst test/%.c,$(B)/test/%,$(shell find test/base test/sys test/net test/wire \
              test/store test/cell test/svc test/cli -name '*_test.c' 2>/dev/null | sort))

.PHONY: all help
all: $(B)/weir

$(B)/weir: $(B)/src/main.o $(foreach l,$(call reverse,$(LAYERS)),$(B)/lib$(l).a)
	$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

define layer_rule
$(B)/lib$(1).a: $(call objs_of,$(1))
	@rm -f $$@
	ar rcs $$@ $$^
endef
$(foreach l,$(LAYERS),$(eval $(call layer_rule,$(l))))

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c -o $@ $<

$(B)/gen/model.o: $(B)/gen/model.c
	$(CC) $(CFLAGS) -c -o $@ $<

$(B)/gen/model.c: tools/gen_model.py $(wildcard overlay/*)
	@mkdir -p $(@D)
	$(PYTHON) tools/gen_model.py --out $@

# test/store/journal_test.c links libstore.a and everything below it
layer_of_test = $(word 2,$(subst /, ,$(patsubst $(B)/%,%,$(1))))
.SECONDEXPANSION:
$(B)/test/%_test: $(B)/test/%_test.o $$(foreach l,$$(call below,$$(call layer_of_test,$$@)),$(B)/lib$$(l).a)
	$(CC) $(LDFLAGS) -o $@ $^ -lcmocka $(LIBS)

unit: $(TESTS)
	@for t in $^; do $$t || exit 1; done
unit-%: ; $(MAKE) $(filter $(B)/test/$*/%,$(TESTS)) && for t in $(filter $(B)/test/$*/%,$(TESTS)); do $$t || exit 1; done

clean:
	rm -rf $(B)

.SECONDARY:
-include $(shell find $(B) -name '*.d' 2>/dev/null)
