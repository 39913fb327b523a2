build/obj/src/queue/store_batch.o: src/queue/store_batch.c \
 src/queue/store_batch.h src/base/mono.h src/queue/db.h \
 src/queue/dialect.h src/base/result.h src/queue/sql.h \
 src/mail/attributes.h src/base/dsn.h src/base/object.h src/base/buf.h \
 src/queue/lease.h src/queue/store_request.h src/base/ident.h \
 src/queue/message.h src/queue/recipient.h src/queue/state.h \
 src/queue/lock.h src/queue/node_name.h src/queue/store_options.h \
 src/base/log.h src/base/clock.h src/queue/schema.h \
 src/queue/store_accept.h src/queue/message_row.h \
 src/queue/store_control.h src/queue/store_counts.h \
 src/queue/store_outcome.h src/queue/store_page.h src/queue/store_read.h
src/queue/store_batch.h:
src/base/mono.h:
src/queue/db.h:
src/queue/dialect.h:
src/base/result.h:
src/queue/sql.h:
src/mail/attributes.h:
src/base/dsn.h:
src/base/object.h:
src/base/buf.h:
src/queue/lease.h:
src/queue/store_request.h:
src/base/ident.h:
src/queue/message.h:
src/queue/recipient.h:
src/queue/state.h:
src/queue/lock.h:
src/queue/node_name.h:
src/queue/store_options.h:
src/base/log.h:
src/base/clock.h:
src/queue/schema.h:
src/queue/store_accept.h:
src/queue/message_row.h:
src/queue/store_control.h:
src/queue/store_counts.h:
src/queue/store_outcome.h:
src/queue/store_page.h:
src/queue/store_read.h:
