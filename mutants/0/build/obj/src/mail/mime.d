build/obj/src/mail/mime.o: src/mail/mime.c src/mail/mime.h \
 src/mail/mail.h src/base/result.h src/base/scratch.h \
 src/mail/attributes.h src/base/dsn.h src/base/object.h src/base/buf.h \
 src/base/text.h src/mail/codec.h src/mail/header.h src/mail/words.h
src/mail/mime.h:
src/mail/mail.h:
src/base/result.h:
src/base/scratch.h:
src/mail/attributes.h:
src/base/dsn.h:
src/base/object.h:
src/base/buf.h:
src/base/text.h:
src/mail/codec.h:
src/mail/header.h:
src/mail/words.h:
