build/obj/t/unit/test_permission.o: t/unit/test_permission.c \
 src/web/submit/permission.c src/web/submit/permission.h \
 src/config/settings.h src/config/secret.h src/base/buf.h \
 src/base/result.h src/mail/mail.h src/base/scratch.h \
 src/mail/attributes.h src/base/dsn.h src/base/object.h \
 src/mail/address.h
src/web/submit/permission.c:
src/web/submit/permission.h:
src/config/settings.h:
src/config/secret.h:
src/base/buf.h:
src/base/result.h:
src/mail/mail.h:
src/base/scratch.h:
src/mail/attributes.h:
src/base/dsn.h:
src/base/object.h:
src/mail/address.h:
