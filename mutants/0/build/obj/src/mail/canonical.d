build/obj/src/mail/canonical.o: src/mail/canonical.c src/mail/canonical.h \
 src/mail/mail.h src/base/result.h src/base/scratch.h \
 src/mail/attributes.h src/base/dsn.h src/base/object.h src/base/buf.h \
 src/mail/header.h src/mail/mime.h
src/mail/canonical.h:
src/mail/mail.h:
src/base/result.h:
src/base/scratch.h:
src/mail/attributes.h:
src/base/dsn.h:
src/base/object.h:
src/base/buf.h:
src/mail/header.h:
src/mail/mime.h:
