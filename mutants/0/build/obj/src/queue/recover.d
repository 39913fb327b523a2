build/obj/src/queue/recover.o: src/queue/recover.c src/queue/recover.h \
 src/base/result.h src/queue/lock.h src/queue/schema.h src/queue/db.h \
 src/queue/dialect.h src/queue/sql.h src/mail/attributes.h src/base/dsn.h \
 src/base/object.h src/base/buf.h src/queue/store_accept.h \
 src/queue/message_row.h src/queue/message.h src/base/ident.h \
 src/queue/recipient.h src/queue/state.h src/queue/store_request.h \
 src/base/mono.h src/queue/store_control.h src/queue/store_read.h
src/queue/recover.h:
src/base/result.h:
src/queue/lock.h:
src/queue/schema.h:
src/queue/db.h:
src/queue/dialect.h:
src/queue/sql.h:
src/mail/attributes.h:
src/base/dsn.h:
src/base/object.h:
src/base/buf.h:
src/queue/store_accept.h:
src/queue/message_row.h:
src/queue/message.h:
src/base/ident.h:
src/queue/recipient.h:
src/queue/state.h:
src/queue/store_request.h:
src/base/mono.h:
src/queue/store_control.h:
src/queue/store_read.h:
