build/obj/t/unit/test_store_batch.o: t/unit/test_store_batch.c \
 src/queue/store_batch.h src/base/mono.h src/queue/db.h \
 src/queue/dialect.h src/base/result.h src/queue/sql.h \
 src/mail/attributes.h src/base/dsn.h src/base/object.h src/base/buf.h \
 src/queue/lease.h src/queue/store_request.h src/base/ident.h \
 src/queue/message.h src/queue/recipient.h src/queue/state.h \
 src/queue/lock.h src/queue/node_name.h src/queue/store_options.h \
 src/base/log.h t/unit/store_rig.h src/queue/store.h
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
t/unit/store_rig.h:
src/queue/store.h:
