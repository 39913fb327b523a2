build/obj/src/mail/mail.o: src/mail/mail.c src/mail/mail.h \
 src/base/result.h src/base/scratch.h src/mail/attributes.h \
 src/base/dsn.h src/base/object.h src/base/buf.h src/base/text.h \
 src/mail/address.h
src/mail/mail.h:
src/base/result.h:
src/base/scratch.h:
src/mail/attributes.h:
src/base/dsn.h:
src/base/object.h:
src/base/buf.h:
src/base/text.h:
src/mail/address.h:
