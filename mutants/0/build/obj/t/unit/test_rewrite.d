build/obj/t/unit/test_rewrite.o: t/unit/test_rewrite.c src/mail/parse.h \
 src/mail/mail.h src/base/result.h src/base/scratch.h \
 src/mail/attributes.h src/base/dsn.h src/base/object.h src/base/buf.h \
 src/mail/rewrite.h src/config/settings.h src/config/secret.h
src/mail/parse.h:
src/mail/mail.h:
src/base/result.h:
src/base/scratch.h:
src/mail/attributes.h:
src/base/dsn.h:
src/base/object.h:
src/base/buf.h:
src/mail/rewrite.h:
src/config/settings.h:
src/config/secret.h:
