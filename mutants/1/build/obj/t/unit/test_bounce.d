build/obj/t/unit/test_bounce.o: t/unit/test_bounce.c t/unit/fill.h \
 src/mail/bounce.h src/base/dsn.h src/mail/canonical.h src/mail/mail.h \
 src/base/result.h src/base/scratch.h src/mail/attributes.h \
 src/base/object.h src/base/buf.h src/mail/codec.h
t/unit/fill.h:
src/mail/bounce.h:
src/base/dsn.h:
src/mail/canonical.h:
src/mail/mail.h:
src/base/result.h:
src/base/scratch.h:
src/mail/attributes.h:
src/base/object.h:
src/base/buf.h:
src/mail/codec.h:
