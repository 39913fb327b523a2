build/obj/t/unit/test_lift.o: t/unit/test_lift.c t/unit/fill.h \
 src/mail/codec.h src/mail/compose.h src/mail/address.h src/mail/lift.h \
 src/base/buf.h src/base/scratch.h src/mail/mail.h src/base/result.h \
 src/mail/attributes.h src/base/dsn.h src/base/object.h src/mail/form.h \
 src/mail/parse.h src/mail/multipart.h
t/unit/fill.h:
src/mail/codec.h:
src/mail/compose.h:
src/mail/address.h:
src/mail/lift.h:
src/base/buf.h:
src/base/scratch.h:
src/mail/mail.h:
src/base/result.h:
src/mail/attributes.h:
src/base/dsn.h:
src/base/object.h:
src/mail/form.h:
src/mail/parse.h:
src/mail/multipart.h:
