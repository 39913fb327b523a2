build/obj/t/unit/test_mail.o: t/unit/test_mail.c src/mail/mail.h \
 src/base/result.h src/base/scratch.h src/mail/attributes.h \
 src/base/dsn.h src/base/object.h src/base/buf.h
src/mail/mail.h:
src/base/result.h:
src/base/scratch.h:
src/mail/attributes.h:
src/base/dsn.h:
src/base/object.h:
src/base/buf.h:
