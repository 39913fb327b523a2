build/obj/src/cli/sendmail.o: src/cli/sendmail.c src/cli/sendmail.h \
 src/mail/attributes.h src/base/dsn.h src/base/object.h src/base/buf.h \
 src/base/clock.h src/base/mono.h src/base/text.h src/cli/cli.h \
 src/base/json.h src/cli/input.h src/base/scratch.h src/wire/peer.h \
 src/base/result.h src/wire/frame.h
src/cli/sendmail.h:
src/mail/attributes.h:
src/base/dsn.h:
src/base/object.h:
src/base/buf.h:
src/base/clock.h:
src/base/mono.h:
src/base/text.h:
src/cli/cli.h:
src/base/json.h:
src/cli/input.h:
src/base/scratch.h:
src/wire/peer.h:
src/base/result.h:
src/wire/frame.h:
