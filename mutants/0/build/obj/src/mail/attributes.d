build/obj/src/mail/attributes.o: src/mail/attributes.c \
 src/mail/attributes.h src/base/dsn.h src/base/object.h src/base/buf.h \
 src/base/text.h src/config/settings.h src/config/secret.h \
 src/base/result.h
src/mail/attributes.h:
src/base/dsn.h:
src/base/object.h:
src/base/buf.h:
src/base/text.h:
src/config/settings.h:
src/config/secret.h:
src/base/result.h:
