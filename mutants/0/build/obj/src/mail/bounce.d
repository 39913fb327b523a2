build/obj/src/mail/bounce.o: src/mail/bounce.c src/mail/bounce.h \
 src/base/dsn.h src/base/buf.h src/base/text.h src/mail/address.h \
 src/mail/codec.h src/mail/header.h
src/mail/bounce.h:
src/base/dsn.h:
src/base/buf.h:
src/base/text.h:
src/mail/address.h:
src/mail/codec.h:
src/mail/header.h:
