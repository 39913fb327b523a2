build/obj/src/mail/rewrite.o: src/mail/rewrite.c src/mail/rewrite.h \
 src/config/settings.h src/config/secret.h src/base/buf.h \
 src/base/result.h src/mail/mail.h src/base/scratch.h \
 src/mail/attributes.h src/base/dsn.h src/base/object.h src/base/text.h \
 src/mail/address.h src/mail/canonical.h src/mail/header.h
src/mail/rewrite.h:
src/config/settings.h:
src/config/secret.h:
src/base/buf.h:
src/base/result.h:
src/mail/mail.h:
src/base/scratch.h:
src/mail/attributes.h:
src/base/dsn.h:
src/base/object.h:
src/base/text.h:
src/mail/address.h:
src/mail/canonical.h:
src/mail/header.h:
