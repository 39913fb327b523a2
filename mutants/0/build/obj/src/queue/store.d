build/obj/src/queue/store.o: src/queue/store.c src/queue/store.h \
 src/queue/store_options.h src/base/log.h src/base/buf.h \
 src/queue/store_request.h src/base/mono.h src/base/ident.h \
 src/base/result.h src/queue/message.h src/mail/attributes.h \
 src/base/dsn.h src/base/object.h src/queue/recipient.h src/queue/state.h \
 src/base/clock.h src/queue/store_batch.h src/queue/db.h \
 src/queue/dialect.h src/queue/sql.h src/queue/lease.h src/queue/lock.h \
 src/queue/node_name.h
src/queue/store.h:
src/queue/store_options.h:
src/base/log.h:
src/base/buf.h:
src/queue/store_request.h:
src/base/mono.h:
src/base/ident.h:
src/base/result.h:
src/queue/message.h:
src/mail/attributes.h:
src/base/dsn.h:
src/base/object.h:
src/queue/recipient.h:
src/queue/state.h:
src/base/clock.h:
src/queue/store_batch.h:
src/queue/db.h:
src/queue/dialect.h:
src/queue/sql.h:
src/queue/lease.h:
src/queue/lock.h:
src/queue/node_name.h:
