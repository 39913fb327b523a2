build/obj/src/queue/dialect_pgsql.o: src/queue/dialect_pgsql.c \
 src/queue/dialect.h src/base/result.h src/queue/sql.h \
 src/mail/attributes.h src/base/dsn.h src/base/object.h src/base/buf.h \
 src/base/text.h src/queue/lease.h src/queue/store_request.h \
 src/base/mono.h src/base/ident.h src/queue/message.h \
 src/queue/recipient.h src/queue/state.h
src/queue/dialect.h:
src/base/result.h:
src/queue/sql.h:
src/mail/attributes.h:
src/base/dsn.h:
src/base/object.h:
src/base/buf.h:
src/base/text.h:
src/queue/lease.h:
src/queue/store_request.h:
src/base/mono.h:
src/base/ident.h:
src/queue/message.h:
src/queue/recipient.h:
src/queue/state.h:
