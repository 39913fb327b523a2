# mod_smtp_send. `make help` says what there is. Needs GNU make.
VERSION  := 0.1.0
B        ?= build
APXS     ?= apxs
# make's own default is cc, which ?= would keep.
ifeq ($(origin CC),default)
CC       := gcc
endif
DESTDIR  ?=
PYTHON   ?= /usr/bin/python3

# The flags of httpd and the libraries, determined only when something is built.
BUILDING := $(filter-out help clean deps build-deps packages format lint lint-compilers demo service-demo check quick bench mutants,$(or $(MAKECMDGOALS),all))
ifneq ($(BUILDING),)
ifneq ($(shell uname -s),Linux)
$(error mod_smtp_send runs on Linux only: it needs epoll, eventfd and SO_PEERCRED)
endif
APXS_FLAGS := $(shell $(APXS) -q EXTRA_CPPFLAGS 2>/dev/null) -I$(shell $(APXS) -q INCLUDEDIR 2>/dev/null)
APR_FLAGS  := $(shell apr-1-config --includes --cppflags 2>/dev/null) $(shell apu-1-config --includes 2>/dev/null)
LIB_FLAGS  := $(shell pkg-config --cflags gmime-3.0 jansson libgsasl openssl libcurl libidn2 2>/dev/null)
APR_LIBS   := $(shell apr-1-config --link-ld --libs 2>/dev/null)
# For the front: APR's archive where there is one, since each shared library costs every process of a message its loading.
FRONT_LIBS := $(or $(wildcard $(patsubst %.la,%.a,$(shell apr-1-config --apr-la-file 2>/dev/null))),$(APR_LIBS))
LIBS       := $(APR_LIBS) $(shell apu-1-config --link-ld 2>/dev/null) \
              $(shell pkg-config --libs gmime-3.0 jansson libgsasl openssl libcurl sqlite3 libidn2 2>/dev/null)
LIBEXEC    := $(shell $(APXS) -q LIBEXECDIR 2>/dev/null)
COMPLETIONS := $(or $(shell pkg-config --variable=completionsdir bash-completion 2>/dev/null),/usr/share/bash-completion/completions)
ZSH_COMPLETIONS  := $(or $(wildcard /usr/share/zsh/site-functions),/usr/share/zsh/vendor-completions)
FISH_COMPLETIONS := $(or $(shell pkg-config --variable=completionsdir fish 2>/dev/null),/usr/share/fish/vendor_completions.d)
COMMANDS   := $(patsubst %/,%,$(dir $(LIBEXEC)))/smtp-send-commands
BINDIR     := $(shell $(APXS) -q bindir 2>/dev/null)
SBINDIR    := $(shell $(APXS) -q sbindir 2>/dev/null)
MANDIR     := $(shell $(APXS) -q mandir 2>/dev/null)
INCLUDEDIR := $(shell $(APXS) -q INCLUDEDIR 2>/dev/null)
SYSCONFDIR := $(shell $(APXS) -q SYSCONFDIR 2>/dev/null)
CONFDIR    := $(or $(wildcard $(SYSCONFDIR)/mods-available),$(SYSCONFDIR))
# Where httpd keeps state unless DefaultStateDir says otherwise; Debian's has no such folder of its own.
STATEDIR   := /var/lib/apache2
RUNTIMEDIR := $(shell $(APXS) -q runtimedir 2>/dev/null)
PKGCONFIGDIR := $(patsubst %/bin,%/share/pkgconfig,$(BINDIR))
endif

# make check and CI set WERROR=1. Elsewhere a newer compiler's new warning must not stop the build.
WERROR ?=
WARN   := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes $(if $(WERROR),-Werror)
OPT    ?= -O2 -g
SAN    ?=
comma := ,
IS_X86 := $(if $(filter x86_64 i686,$(shell uname -m)),yes)
# Debian's hardening flags; make hardening looks whether every ELF file has what they give.
HARD   := $(if $(SAN),,-D_FORTIFY_SOURCE=2) -fstack-protector-strong -fstack-clash-protection \
          $(IS_X86:yes=-fcf-protection)
OWN    := -Isrc -Iinclude -DSMTP_SEND_VERSION='"$(VERSION)"' \
          -DSS_DEFAULT_SOCKET='"$(or $(RUNTIMEDIR),/var/run/apache2)/smtp_send.sock"' -DSS_SERVICE_SOCKET='"/run/smtp-send/smtp_send.sock"' \
          -DSS_DEFAULT_STATE_DIR='"$(STATEDIR)"' -DSS_DEFAULT_RUNTIME_DIR='"$(or $(RUNTIMEDIR),/var/run/apache2)"' \
          -DSS_LIBEXEC='"$(LIBEXEC)"' -DSS_DAEMON='"$(SBINDIR)/smtp-sendd"' -DSS_COMMANDS='"$(COMMANDS)"'
CFLAGS_ALL = -std=gnu11 -pthread -fPIC -fvisibility=hidden $(OPT) $(HARD) $(SAN) $(WARN) $(OWN) \
              $(patsubst -I%,-isystem%,$(APXS_FLAGS) $(APR_FLAGS) $(LIB_FLAGS)) -MMD -MP $(CFLAGS)
# ibt, shstk: the C library's own start files lack the mark of -fcf-protection in Debian 12, and the linker then drops it.
LDFLAGS_ALL := -pthread -Wl,--as-needed -Wl,-z,relro,-z,now $(IS_X86:yes=-Wl$(comma)-z$(comma)ibt$(comma)-z$(comma)shstk) $(SAN) $(LDFLAGS)

# The library: everything that needs no httpd. The skin: what does.
SKIN_CONFIG := $(wildcard $(addprefix src/config/,setters.c module.c config_build.c config_sections.c))
SKIN_DAEMON := $(wildcard $(addprefix src/daemon/,supervise.c launch.c final_states_hook.c))
DAEMON_SRC  := src/daemon/smtp_sendd.c
LIB_SRC  := $(filter-out $(SKIN_CONFIG) $(SKIN_DAEMON) $(DAEMON_SRC),$(wildcard $(addprefix src/,$(addsuffix /*.c,base config mail smtp net queue wire delivery record operator intake daemon))))
SKIN_SRC := mod_smtp_send.c $(SKIN_CONFIG) $(SKIN_DAEMON) $(wildcard src/web/*.c src/web/*/*.c)
# The command: what every process of a message needs, with little linked, and everything else.
FRONT_SRC := $(addprefix src/cli/,front.c cli.c cli_socket.c sendmail.c sendmail_options.c sendmail_input.c sendmail_smtp.c patience.c)
CLI_SRC  := $(filter-out src/cli/front.c src/cli/manual%,$(wildcard src/cli/*.c))
MANUALS  := $(B)/smtp-send.1 $(B)/mod_smtp_send.5 $(B)/smtp-sendd.8
UNIT_SRC := $(wildcard t/unit/*.c)
obj = $(patsubst %.c,$(B)/obj/%.o,$(1))

.PHONY: mutants deb dist all help format clean install deps build-deps packages check-packages unit asan e2e browser check quick lint demo service-demo bench bench-programs
all: $(B)/mod_smtp_send.so $(B)/smtp-sendd $(B)/smtp-send $(B)/smtp-send-commands $(MANUALS) $(B)/mod_smtp_send_example.so

help:
	@sed -n 's/^## //p' Makefile

## make                 builds build/mod_smtp_send.so, build/smtp-sendd and build/smtp-send
## make demo            from nothing to a delivered mail: installs what is missing, starts httpd and a mail catcher on
##                      loopback, tests the connection, sends a message. DEMO=once ends after the delivery.
##                      Your own relay: make demo HOST=smtp.example.com PORT=587 TLS=starttls USERNAME=me PASSWORD=file:/path TO=me@example.com
## make service-demo    the private httpd of smtp-send.service in the foreground, with nginx and Caddy before it if they are installed
## make check           all tests (what CI runs); make quick: lint, unit tests and a short run of the simulator, within a minute
## make bench           speed, side by side with a Postfix null client; ROWS="S1 S6" names rows
## make install         into httpd's own folders (DESTDIR=... for packages)
## make install-sendmail  links named sendmail, mailq and newaliases to the installed smtp-send, if no mail server has its own
## make install-service  smtp-sendd.service and smtp-send.service, for hosts without Apache in front
## make deb             build/libapache2-mod-smtp-send_VERSION_ARCH.deb; make dist: build/mod_smtp_send-VERSION.tar.gz
## make lint            structure, names and form of the code, documents against code; CHECKS="cycles names" runs only these
## make format          clang-format over all C code (.clang-format; make lint asks for it)
## make build-deps      installs what building needs (Debian, Ubuntu), or prints the packages' names; make deps: for testing too
## make clean           removes build/

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) -c -o $@ $<

# What the pages load is compiled in: each line of a file in src/web/assets becomes a string literal.
ASSETS := $(patsubst src/web/%,$(B)/%.inc,$(wildcard src/web/assets/*))
$(B)/assets/%.inc: src/web/assets/%
	@mkdir -p $(@D)
	@sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/' $< > $@
$(B)/obj/src/web/shared/html.o: $(ASSETS)
$(B)/obj/src/web/shared/html.o: OWN += -I$(B)

$(B)/libss.a: $(call obj,$(LIB_SRC))
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(B)/mod_smtp_send.so: $(call obj,$(SKIN_SRC)) $(B)/libss.a
	$(Q)$(CC) -shared $(LDFLAGS_ALL) -o $@ $(call obj,$(SKIN_SRC)) $(B)/libss.a $(LIBS)

$(B)/smtp-sendd: $(call obj,$(DAEMON_SRC)) $(B)/libss.a
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS)

# The examples of the C API: built with the public header alone, loaded by the tests.
$(B)/mod_smtp_send_example.so $(B)/mod_smtp_send_body.so: $(B)/%.so: t/module/%.c include/smtp_send.h
	@mkdir -p $(@D)
	$(Q)$(CC) -shared $(filter-out -Isrc -fvisibility=hidden,$(CFLAGS_ALL)) $(LDFLAGS_ALL) -o $@ $<

$(B)/smtp-send: $(call obj,$(FRONT_SRC)) $(B)/libss.a
	$(Q)$(CC) -pie $(LDFLAGS_ALL) -o $@ $^ $(FRONT_LIBS)

$(B)/smtp-send-commands: $(call obj,$(CLI_SRC)) $(B)/libss.a
	$(Q)$(CC) -pie $(LDFLAGS_ALL) -o $@ $^ $(LIBS)

# Man pages and docs/directives.md, from the tables of commands and directives and docs/directives.in.
MANUAL_SRC := src/cli/manual.c src/cli/manual_directives.c
$(B)/manual: $(call obj,$(MANUAL_SRC) $(filter-out src/cli/dispatch.c,$(CLI_SRC))) $(B)/libss.a
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS)

$(MANUALS): $(B)/manual docs/directives.in
	$(Q)$(B)/manual $(@F) docs/directives.in > $@.new && mv $@.new $@

## make docs            writes docs/directives.md (from the option table and docs/directives.in) and the tables of docs/provider-apis.md
.PHONY: docs
docs: $(B)/manual
	$(Q)$(B)/manual directives.md docs/directives.in > $(B)/directives.md && cp $(B)/directives.md docs/directives.md
	$(Q)$(PYTHON) t/lint/provider_tables.py

# Each t/unit/test_x.c brings one suite: ss_suite_x. The list is made here, so that none can be forgotten.
SUITES := $(patsubst t/unit/test_%.c,%,$(wildcard t/unit/test_*.c))
$(B)/unit_suites.inc: $(wildcard t/unit/test_*.c) Makefile
	@mkdir -p $(@D)
	@printf '%s\n' $(foreach s,$(SUITES),'SS_SUITE($(s))') > $@

$(B)/obj/t/unit/main.o: $(B)/unit_suites.inc
$(B)/obj/t/unit/%.o: OWN += -I$(B) -It/unit -Wno-missing-prototypes
# t/unit/disk.c stands in for the C library's calls that write, for SQLite's library too.
$(B)/unit: LDFLAGS_ALL += $(patsubst %,-Wl$(comma)--export-dynamic-symbol=%,pwrite pwrite64 fdatasync fsync)
$(B)/unit: $(call obj,$(UNIT_SRC) $(filter-out src/cli/front.c,$(FRONT_SRC)) src/cli/watch_progress.c) $(B)/libss.a
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS) -lcunit

unit: $(B)/unit
	@echo "unit tests$(if $(SAN), with $(SAN))"
	@timeout 600 $(B)/unit

# An existing configuration is never touched: the new one lies beside it.
install: all
	install -d $(DESTDIR)$(LIBEXEC) $(DESTDIR)$(BINDIR) $(DESTDIR)$(SBINDIR) $(DESTDIR)$(INCLUDEDIR) $(DESTDIR)$(CONFDIR)
	install -m 644 $(B)/mod_smtp_send.so $(DESTDIR)$(LIBEXEC)/
	install -m 755 $(B)/smtp-sendd $(DESTDIR)$(SBINDIR)/
	install -m 755 $(B)/smtp-send $(DESTDIR)$(BINDIR)/
	install -m 755 $(B)/smtp-send-commands $(DESTDIR)$(COMMANDS)
	install -d $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(MANDIR)/man8 \
	    $(DESTDIR)$(COMPLETIONS) $(DESTDIR)$(ZSH_COMPLETIONS) $(DESTDIR)$(FISH_COMPLETIONS)
	install -m 644 $(B)/smtp-send.1 $(DESTDIR)$(MANDIR)/man1/
	install -m 644 $(B)/mod_smtp_send.5 $(DESTDIR)$(MANDIR)/man5/
	install -m 644 $(B)/smtp-sendd.8 $(DESTDIR)$(MANDIR)/man8/
	install -m 644 conf/smtp-send.bash $(DESTDIR)$(COMPLETIONS)/smtp-send
	ln -sf smtp-send $(DESTDIR)$(COMPLETIONS)/smtp-sendd
	install -m 644 conf/smtp-send.zsh $(DESTDIR)$(ZSH_COMPLETIONS)/_smtp-send
	install -m 644 conf/smtp-send.fish $(DESTDIR)$(FISH_COMPLETIONS)/smtp-send.fish
	install -m 644 include/smtp_send.h $(DESTDIR)$(INCLUDEDIR)/
	install -d $(DESTDIR)$(PKGCONFIGDIR)
	sed "s|@INCLUDEDIR@|$(INCLUDEDIR)|; s|@VERSION@|$(VERSION)|" conf/smtp_send.pc.in > $(B)/smtp_send.pc
	install -m 644 $(B)/smtp_send.pc $(DESTDIR)$(PKGCONFIGDIR)/
	sed 's|@LIBEXEC@|$(LIBEXEC)|' conf/smtp_send.load > $(B)/smtp_send.load
	for f in $(B)/smtp_send.load conf/smtp_send.conf; do \
	    to=$(DESTDIR)$(CONFDIR)/$$(basename $$f); [ ! -e "$$to" ] || to=$$to.new; install -m 644 $$f $$to; done

# Another mail server's own are not replaced: ln fails.
.PHONY: install-sendmail
install-sendmail:
	install -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(BINDIR) $(DESTDIR)/usr/lib $(DESTDIR)$(MANDIR)/man1
	ln -s $(BINDIR)/smtp-send $(DESTDIR)$(SBINDIR)/sendmail
	ln -s $(SBINDIR)/sendmail $(DESTDIR)/usr/lib/sendmail
	install -d $(DESTDIR)$(COMPLETIONS)
	for name in sendmail mailq; do ln -sf smtp-send $(DESTDIR)$(COMPLETIONS)/$$name || exit; done
	for name in mailq newaliases; do ln -s $(BINDIR)/smtp-send $(DESTDIR)$(BINDIR)/$$name || exit; done
	for name in sendmail mailq newaliases; do ln -s smtp-send.1 $(DESTDIR)$(MANDIR)/man1/$$name.1 || exit; done

# For hosts without Apache in front: the units of systemd and their configuration; nothing is enabled. Needs a user smtp-send.
UNITDIR := /lib/systemd/system
.PHONY: install-service
install-service:
	install -d $(DESTDIR)$(UNITDIR) $(DESTDIR)/etc/smtp-send
	@mkdir -p $(B)
	sed 's/^User www-data/User smtp-send/' conf/examples/smtp-sendd.conf > $(B)/smtp-sendd.conf
	install -m 644 conf/examples/smtp-sendd.service conf/examples/smtp-send.service $(DESTDIR)$(UNITDIR)/
	for f in conf/service.conf $(B)/smtp-sendd.conf; do \
	    to=$(DESTDIR)/etc/smtp-send/$$(basename $$f); [ ! -e "$$to" ] || to=$$to.new; install -m 644 $$f $$to; done

# A package for Debian and its relatives, by debhelper, from what is built here; enabled by a2enmod smtp_send alone.
# Made once and by one process, also for tests that run side by side.
DEB := $(B)/libapache2-mod-smtp-send_$(VERSION)_$(shell dpkg --print-architecture 2>/dev/null).deb
deb: all
	@sh t/rig/packages deb
	@flock $(B) $(MAKE) -s B=$(B) $(DEB)
	@echo $(DEB)

$(DEB): $(B)/mod_smtp_send.so $(B)/smtp-sendd $(B)/smtp-send $(MANUALS) $(shell find packaging conf include -type f)
	@rm -rf $(B)/deb && mkdir -p $(B)/deb && cp -R packaging/debian $(B)/deb/debian
	@cd $(B)/deb && TOP=$(CURDIR) OUT=$(abspath $(B)) VERSION=$(VERSION) debian/rules binary > build.log 2>&1 || { tail -20 build.log; exit 1; }

# The sources as they are committed.
dist:
	@mkdir -p $(B)
	@git archive --format=tar.gz --prefix=mod_smtp_send-$(VERSION)/ -o $(B)/mod_smtp_send-$(VERSION).tar.gz HEAD
	@echo $(B)/mod_smtp_send-$(VERSION).tar.gz

clean:
	rm -rf build

# The same tests in a build with sanitizers, of its own folder.
ASAN := SAN="-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer" B=$(B)/asan OPT="-O1 -g"
asan:
	@$(MAKE) --no-print-directory $(ASAN) unit
	@$(MAKE) --no-print-directory $(ASAN) sim N=5000 SEED=1
	@$(MAKE) --no-print-directory $(ASAN) fuzz-corpus
	@$(MAKE) --no-print-directory hangups TIME=20

# A parser of mail that is not Python's: both must see the same in what is composed.
$(B)/node/node_modules/mailparser/package.json:
	@mkdir -p $(B)/node
	$(Q)timeout 300 npm install --silent --no-audit --no-fund --prefix $(B)/node mailparser@3

# A server of npm's, for t/interop. After the parser: one npm at a time in one folder.
$(B)/node/node_modules/smtp-server/package.json: | $(B)/node/node_modules/mailparser/package.json
	$(Q)timeout 300 npm install --silent --no-audit --no-fund --prefix $(B)/node smtp-server@3

# Another one, after it.
$(B)/node/node_modules/Haraka/package.json: | $(B)/node/node_modules/smtp-server/package.json
	$(Q)timeout 300 npm install --silent --no-audit --no-fund --prefix $(B)/node Haraka@3.3

# The SDKs of providers, for t/e2e/test_providers.py.
$(B)/sdk/node_modules/resend/package.json:
	@mkdir -p $(B)/sdk
	$(Q)timeout 300 npm install --silent --no-audit --no-fund --prefix $(B)/sdk resend@6 postmark@5 @sendgrid/mail@8 mailgun.js@14 form-data@4 standardwebhooks@1

# Which tests: make e2e TESTS="t/e2e/test_pause.py -k reason"
TESTS ?= t/e2e
e2e: all bench-programs $(B)/node/node_modules/mailparser/package.json $(B)/node/node_modules/smtp-server/package.json $(B)/sdk/node_modules/resend/package.json \
    $(if $(findstring interop,$(TESTS)),$(B)/node/node_modules/Haraka/package.json)
	@echo "end to end: a private httpd with the module, $(TESTS)"
	@SMTP_SEND_BUILD=$(abspath $(B)) $(PYTHON) -m pytest -q -p no:cacheprovider --durations=10 $(SIDE_BY_SIDE) $(TESTS)

## make browser         the pages in a real browser (chromium), with axe-core for accessibility
$(B)/axe/node_modules/axe-core/axe.min.js:
	@mkdir -p $(B)/axe
	@timeout 300 npm install --no-audit --no-fund --silent --prefix $(B)/axe axe-core@4
browser: all $(B)/axe/node_modules/axe-core/axe.min.js
	@echo "the pages in a browser"
	@SMTP_SEND_BUILD=$(abspath $(B)) $(PYTHON) -m pytest -q -p no:cacheprovider --durations=5 t/browser

## make picture         docs/img/status.png, the status page in README.md
.PHONY: picture
picture: all
	@mkdir -p docs/img
	@SMTP_SEND_BUILD=$(abspath $(B)) SMTP_SEND_PICTURE=$(abspath docs/img/status.png) $(PYTHON) -m pytest -q -p no:cacheprovider t/browser/test_picture.py

quick: export WERROR := 1
quick: deps
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory $(PARALLEL) $(B)/unit $(B)/sim
	@$(MAKE) --no-print-directory unit
	@$(MAKE) --no-print-directory sim N=10000 SEED=1

## make hardening       hardening-check over every program and module in build/
.PHONY: hardening
hardening: all
	@$(PYTHON) t/lint/hardening $(B)

# One after the other, so that the first failure is the last thing on the screen.
check: export WERROR := 1
check: check-packages
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory lint-compilers
	@$(MAKE) --no-print-directory $(PARALLEL) all $(B)/unit $(B)/sim
	@$(MAKE) --no-print-directory hardening
	@$(MAKE) --no-print-directory unit
	@$(MAKE) --no-print-directory sim SEED=1
	@$(MAKE) --no-print-directory asan
	@$(MAKE) --no-print-directory fuzz-short
	@$(MAKE) --no-print-directory e2e
	@$(MAKE) --no-print-directory differential
	@$(MAKE) --no-print-directory interop
	@$(MAKE) --no-print-directory browser
	@$(MAKE) --no-print-directory torture-short
	@echo "make check: everything passed"

# The bench's own programs use nothing of src/: whoever measures is not what is measured.
$(B)/bench-sink: $(call obj,$(wildcard t/bench/sink*.c) t/bench/common.c)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ -lssl -lcrypto

$(B)/bench-load: $(call obj,$(wildcard t/bench/load*.c) t/bench/common.c)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^

$(B)/bench-delay: $(call obj,t/bench/delay.c t/bench/common.c)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^

$(B)/bench-empty.so: $(call obj,t/bench/empty.c)
	$(Q)$(CC) -shared $(LDFLAGS_ALL) -o $@ $^

# Before any other library's constructor; what it counts must not become what it counts with.
$(B)/bench-count.so: $(call obj,t/bench/count.c)
	$(Q)$(CC) -shared $(LDFLAGS_ALL) -Wl,-z,initfirst -o $@ $^

$(B)/obj/t/bench/count.o: OWN += -fvisibility=default -fno-builtin -U_FORTIFY_SOURCE
$(B)/obj/t/bench/empty.o $(B)/obj/t/torture/fault.o: OWN += -fvisibility=default

# A disk that breaks, for t/torture.
$(B)/fault.so: $(call obj,t/torture/fault.c)
	$(Q)$(CC) -shared $(LDFLAGS_ALL) -o $@ $^

bench-programs: $(B)/bench-sink $(B)/bench-load $(B)/bench-delay $(B)/bench-empty.so $(B)/bench-count.so

# Which rows: make bench ROWS="S1 S6"
ROWS ?=
bench:
	@sh t/rig/packages bench
	@$(MAKE) --no-print-directory all bench-programs
	@SMTP_SEND_BUILD=$(abspath $(B)) $(PYTHON) t/bench/run.py $(ROWS)

service-demo:
	@sh t/rig/packages demo
	@$(MAKE) --no-print-directory all
	@SMTP_SEND_BUILD=$(abspath $(B)) $(PYTHON) t/rig/service.py

demo:
	@sh t/rig/packages demo
	@$(MAKE) --no-print-directory all
	@B=$(B) sh t/rig/demo

check-packages:
	@sh t/rig/packages check

deps packages:
	@sh t/rig/packages $@

build-deps:
	@sh t/rig/packages build

C_FILES = $(shell find mod_smtp_send.c src t include -name '*.[ch]')
format:
	@clang-format -i $(C_FILES)

OPENAPI_LINT := $(B)/lint/node_modules/@redocly/openapi-core/package.json
$(OPENAPI_LINT):
	@mkdir -p $(B)/lint
	$(Q)timeout 300 npm install --silent --no-audit --no-fund --prefix $(B)/lint @redocly/openapi-core@1

# Which checks: make lint CHECKS="cycles names"
CHECKS ?=
.PHONY: objects lint-compilers
objects: $(call obj,$(LIB_SRC) $(SKIN_SRC) $(DAEMON_SRC) $(FRONT_SRC) $(CLI_SRC) $(MANUAL_SRC) $(UNIT_SRC) $(SIM_SRC) $(wildcard t/fuzz/*.c t/bench/*.c t/torture/*.c t/module/*.c))
	@[ $(words $^) -gt 0 ]
	@echo "$(words $^) files compiled by $(CC) without warnings"

# Both compilers over all C code, in folders of their own. Incremental, like any build.
CACHED  := $(if $(shell command -v ccache),ccache )
PARALLEL = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))
lint-compilers:
	@$(MAKE) --no-print-directory $(PARALLEL) B=$(B)/gcc CC="$(CACHED)gcc" WERROR=1 objects
	@$(MAKE) --no-print-directory $(PARALLEL) B=$(B)/clang CC="$(CACHED)$(CLANG)" WERROR=1 OPT=-O0 HARD= objects

lint: $(OPENAPI_LINT)
	@$(MAKE) --no-print-directory $(B)/mod_smtp_send.so $(MANUALS)
	@SMTP_SEND_BUILD=$(B) $(PYTHON) t/lint/run $(CHECKS)

## make mutants         breaks one rule of the code at a time and runs the unit tests and the simulator; MUTANTS="breaker quota" only these
MUTANTS ?=
mutants: deps
	@SMTP_SEND_BUILD=$(abspath $(B)) $(PYTHON) t/mutants/run $(MUTANTS)

include t/tests.mk

Q ?= @
-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
