build/obj/t/unit/test_sendmail.o: t/unit/test_sendmail.c src/cli/input.h \
 src/base/buf.h src/base/scratch.h src/cli/sendmail.h \
 src/mail/attributes.h src/base/dsn.h src/base/object.h t/unit/fill.h \
 src/mail/mail.h src/base/result.h
src/cli/input.h:
src/base/buf.h:
src/base/scratch.h:
src/cli/sendmail.h:
src/mail/attributes.h:
src/base/dsn.h:
src/base/object.h:
t/unit/fill.h:
src/mail/mail.h:
src/base/result.h:
