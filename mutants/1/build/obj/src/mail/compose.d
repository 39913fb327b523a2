build/obj/src/mail/compose.o: src/mail/compose.c src/mail/compose.h \
 src/mail/address.h src/mail/lift.h src/base/buf.h src/base/scratch.h \
 src/mail/mail.h src/base/result.h src/mail/attributes.h src/base/dsn.h \
 src/base/object.h src/base/text.h src/mail/canonical.h src/mail/codec.h \
 src/mail/words.h
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
src/base/text.h:
src/mail/canonical.h:
src/mail/codec.h:
src/mail/words.h:
