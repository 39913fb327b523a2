build/obj/src/queue/dialect_sqlite.o: src/queue/dialect_sqlite.c \
 src/queue/dialect.h src/base/result.h src/queue/sql.h \
 src/mail/attributes.h src/base/dsn.h src/base/object.h src/base/buf.h
src/queue/dialect.h:
src/base/result.h:
src/queue/sql.h:
src/mail/attributes.h:
src/base/dsn.h:
src/base/object.h:
src/base/buf.h:
