build/obj/t/unit/test_attributes.o: t/unit/test_attributes.c \
 src/config/settings.h src/config/secret.h src/base/buf.h \
 src/base/result.h src/mail/attributes.h src/base/dsn.h src/base/object.h \
 src/mail/attributes_json.h src/queue/sql.h
src/config/settings.h:
src/config/secret.h:
src/base/buf.h:
src/base/result.h:
src/mail/attributes.h:
src/base/dsn.h:
src/base/object.h:
src/mail/attributes_json.h:
src/queue/sql.h:
