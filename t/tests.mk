# Fuzzing and coverage; read by the Makefile.

.PHONY: fuzz fuzz-short fuzz-corpus coverage
## make fuzz TIME=3600  each fuzz target so many seconds (FUZZ="client reply" only these); new inputs go to build/fuzz/corpus, findings to build/fuzz
## make coverage        branches of src/smtp, src/queue and src/mail that unit tests and simulator reach, file by file

FUZZ_ALL := $(filter-out main hangups%,$(patsubst t/fuzz/%.c,%,$(wildcard t/fuzz/*.c)))
FUZZ     ?= $(FUZZ_ALL)
TIME     ?= 3600
CLANG    ?= clang
FUZZ_SAN := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

# sendmail's arguments belong to the command, not to the library.
$(B)/fuzz-sendmail: $(call obj,$(filter-out src/cli/front.c,$(FRONT_SRC)))
# The bodies of forms are read by src/web.
$(B)/fuzz-fields: $(call obj,src/web/submit/form_body.c src/web/shared/params.c)
# Built by clang with its fuzzer in a folder of its own. What sendmail says of wrong arguments stays out of the log.
ifdef FUZZING
$(B)/fuzz-%: $(B)/obj/t/fuzz/%.o $(B)/libss.a
	$(Q)$(CC) $(LDFLAGS_ALL) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(B)/libss.a $(LIBS)
else
# The regression: the corpus once through each target, built as everything else.
$(B)/fuzz-%: $(B)/obj/t/fuzz/%.o $(B)/obj/t/fuzz/main.o $(B)/libss.a
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $(filter %.o,$^) $(B)/libss.a $(LIBS)
endif
# Kept, as all objects are.
.SECONDARY: $(patsubst %,$(B)/obj/t/fuzz/%.o,$(FUZZ_ALL) main)

fuzz-corpus: $(addprefix $(B)/fuzz-,$(FUZZ_ALL))
	@for name in $(FUZZ_ALL); do timeout 300 $(B)/fuzz-$$name t/fuzz/corpus/$$name || exit 1; done

FUZZ_MAKE := $(MAKE) --no-print-directory FUZZING=1 B=build/fuzz CC=$(CLANG) WARN= HARD= OPT="-O1 -g" SAN="$(FUZZ_SAN) -fsanitize=fuzzer-no-link"
fuzz:
	@$(FUZZ_MAKE) $(addprefix build/fuzz/fuzz-,$(FUZZ))
	@for name in $(FUZZ); do \
	    mkdir -p build/fuzz/corpus/$$name; echo "fuzzing $$name for $(TIME) s"; \
	    build/fuzz/fuzz-$$name -max_total_time=$(TIME) -timeout=25 -rss_limit_mb=2048 -artifact_prefix=build/fuzz/$$name- -print_final_stats=1 \
	        -use_value_profile=0 -max_len=16384 $$([ $$name = sendmail ] && echo -close_fd_mask=2) $(FUZZ_MORE) build/fuzz/corpus/$$name t/fuzz/corpus/$$name > build/fuzz/$$name.log 2>&1 || { tail -40 build/fuzz/$$name.log; exit 1; }; \
	    grep -E 'number_of_executed_units|new_units_added' build/fuzz/$$name.log; done

# A minute in all, counted in runs from one seed, so that it finds the same everywhere; what is new is found by make fuzz.
fuzz-short:
	@$(MAKE) --no-print-directory fuzz TIME=60 FUZZ_MORE="-seed=1 -runs=10000"

.PHONY: hangups
## make hangups TIME=600 SEED=1  so many seconds of processor time with clients that ask the daemon for everything and leave at any byte
$(B)/obj/t/fuzz/hangups.o $(B)/obj/t/fuzz/hangups_relay.o: OWN += -It/unit -D_GNU_SOURCE
$(B)/hangups: $(call obj,t/fuzz/hangups.c t/fuzz/hangups_relay.c t/unit/daemon_rig.c t/unit/request_rig.c) $(B)/libss.a
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS) -lcunit
# APR whose pools give each piece of memory back, so that a sanitizer sees what is used after its pool is gone; without its sources, the system's.
$(B)/apr/libapr-1.so.0:
	@sh t/rig/apr $(abspath $(@D))
hangups:
	@$(MAKE) --no-print-directory $(ASAN) $(B)/asan/hangups
	@$(MAKE) --no-print-directory $(B)/apr/libapr-1.so.0 || echo "make hangups: with the system's APR, in whose pools less is seen"
	@LD_LIBRARY_PATH=$(abspath $(B))/apr $(B)/asan/hangups $(or $(SEED),1) $(or $(TIME),600)

COVERED  := smtp queue mail
coverage:
	@$(MAKE) --no-print-directory B=build/coverage OPT="-O0 -g" WARN= HARD= SAN="--coverage" build/coverage/unit build/coverage/sim
	@find build/coverage -name '*.gcda' -delete
	@timeout 600 build/coverage/unit > build/coverage/unit.log
	@for seed in $$(seq 1000); do timeout 60 build/coverage/sim =$$seed > build/coverage/sim.log || { tail -3 build/coverage/sim.log; exit 1; }; done
	@sh t/coverage build/coverage $(COVERED)

.PHONY: sim
## make sim N=100000    the simulator: random faults, timing and restarts; SEED=... from this seed on; build/sim =SEED tells one run
N    ?= 100000
SEED ?=
SIM_SRC := $(wildcard t/sim/*.c)
$(B)/obj/t/sim/%.o: OWN += -D_GNU_SOURCE
# The disk of the simulator's store can be full (t/unit/disk.c, as the unit tests have it).
$(B)/sim: LDFLAGS_ALL += $(patsubst %,-Wl$(comma)--export-dynamic-symbol=%,pwrite pwrite64 fdatasync fsync)
$(B)/sim: $(call obj,$(SIM_SRC) t/unit/disk.c) $(B)/libss.a
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS)

sim: $(B)/sim
	@timeout 86400 $(B)/sim $(N) $(SEED)

.PHONY: differential
## make differential N=1000 SEED=1  random messages by every way in, to a relay with all extensions and to one with none: what arrives is what was sent
differential: all $(B)/mod_smtp_send_body.so
	@SMTP_SEND_BUILD=$(abspath $(B)) timeout 86400 $(PYTHON) t/differential/run.py $(if $(filter command,$(firstword $(origin N))),$(N),1000) $(SEED)

.PHONY: torture torture-short torture-shared
## make torture         crashes and faults under load at full count: daemon and httpd killed, graceful restarts, disk full, read-only, locked (as root)
## make torture-shared  only the nodes that share a queue: more than 2,000 faults in 45 minutes
torture torture-short torture-shared: all $(B)/fault.so
	@TORTURE=$(if $(filter torture-short,$@),short,full) TORTURE_REPORT=$(abspath $(B)) SMTP_SEND_BUILD=$(abspath $(B)) \
	    $(PYTHON) -m pytest -q -p no:cacheprovider --durations=5 t/torture $(if $(filter torture-shared,$@),-k r12)
	@cat $(B)/torture.txt

.PHONY: soak
## make soak MINUTES=30  steady load with retries, purges and graceful restarts: memory, descriptors and the files stay flat
soak: all
	@TORTURE_REPORT=$(abspath $(B)) SMTP_SEND_BUILD=$(abspath $(B)) MINUTES=$(or $(MINUTES),30) $(PYTHON) -m pytest -q -p no:cacheprovider t/torture/soak.py
	@grep ^soak $(B)/torture.txt

.PHONY: interop
## make interop         other people's servers as the relay: Postfix, postscreen, Exim, Dovecot, OpenSMTPD, aiosmtpd, smtp-server and Haraka of npm
interop:
	@$(MAKE) --no-print-directory e2e TESTS=t/interop
