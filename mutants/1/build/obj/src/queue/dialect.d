build/obj/src/queue/dialect.o: src/queue/dialect.c src/queue/dialect.h \
 src/base/result.h src/queue/sql.h src/mail/attributes.h src/base/dsn.h \
 src/base/object.h src/base/buf.h
src/queue/dialect.h:
src/base/result.h:
src/queue/sql.h:
src/mail/attributes.h:
src/base/dsn.h:
src/base/object.h:
src/base/buf.h:
