build/obj/src/queue/lease.o: src/queue/lease.c src/queue/lease.h \
 src/queue/store_request.h src/base/mono.h src/base/ident.h \
 src/base/result.h src/queue/message.h src/mail/attributes.h \
 src/base/dsn.h src/base/object.h src/base/buf.h src/queue/recipient.h \
 src/queue/state.h src/queue/db.h src/queue/dialect.h src/queue/sql.h \
 src/queue/store_counts.h src/queue/store_read.h src/queue/message_row.h
src/queue/lease.h:
src/queue/store_request.h:
src/base/mono.h:
src/base/ident.h:
src/base/result.h:
src/queue/message.h:
src/mail/attributes.h:
src/base/dsn.h:
src/base/object.h:
src/base/buf.h:
src/queue/recipient.h:
src/queue/state.h:
src/queue/db.h:
src/queue/dialect.h:
src/queue/sql.h:
src/queue/store_counts.h:
src/queue/store_read.h:
src/queue/message_row.h:
