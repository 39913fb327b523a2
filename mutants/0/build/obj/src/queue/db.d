build/obj/src/queue/db.o: src/queue/db.c src/queue/db.h \
 src/queue/dialect.h src/base/result.h src/queue/sql.h \
 src/mail/attributes.h src/base/dsn.h src/base/object.h src/base/buf.h \
 src/queue/state.h
src/queue/db.h:
src/queue/dialect.h:
src/base/result.h:
src/queue/sql.h:
src/mail/attributes.h:
src/base/dsn.h:
src/base/object.h:
src/base/buf.h:
src/queue/state.h:
