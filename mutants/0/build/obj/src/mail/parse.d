build/obj/src/mail/parse.o: src/mail/parse.c src/mail/parse.h \
 src/mail/mail.h src/base/result.h src/base/scratch.h \
 src/mail/attributes.h src/base/dsn.h src/base/object.h src/base/buf.h \
 src/base/text.h src/mail/address.h src/mail/canonical.h \
 src/mail/header.h src/mail/words.h
src/mail/parse.h:
src/mail/mail.h:
src/base/result.h:
src/base/scratch.h:
src/mail/attributes.h:
src/base/dsn.h:
src/base/object.h:
src/base/buf.h:
src/base/text.h:
src/mail/address.h:
src/mail/canonical.h:
src/mail/header.h:
src/mail/words.h:
