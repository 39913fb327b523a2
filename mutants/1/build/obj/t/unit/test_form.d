build/obj/t/unit/test_form.o: t/unit/test_form.c src/mail/canonical.h \
 src/mail/mail.h src/base/result.h src/base/scratch.h \
 src/mail/attributes.h src/base/dsn.h src/base/object.h src/base/buf.h \
 src/mail/compose.h src/mail/address.h src/mail/lift.h src/mail/form.h \
 src/mail/parse.h t/unit/fill.h
src/mail/canonical.h:
src/mail/mail.h:
src/base/result.h:
src/base/scratch.h:
src/mail/attributes.h:
src/base/dsn.h:
src/base/object.h:
src/base/buf.h:
src/mail/compose.h:
src/mail/address.h:
src/mail/lift.h:
src/mail/form.h:
src/mail/parse.h:
t/unit/fill.h:
