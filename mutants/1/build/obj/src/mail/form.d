build/obj/src/mail/form.o: src/mail/form.c src/mail/form.h \
 src/mail/compose.h src/mail/address.h src/mail/lift.h src/base/buf.h \
 src/base/scratch.h src/mail/mail.h src/base/result.h \
 src/mail/attributes.h src/base/dsn.h src/base/object.h src/mail/parse.h \
 src/base/text.h src/config/settings.h src/config/secret.h \
 src/mail/codec.h
src/mail/form.h:
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
src/mail/parse.h:
src/base/text.h:
src/config/settings.h:
src/config/secret.h:
src/mail/codec.h:
