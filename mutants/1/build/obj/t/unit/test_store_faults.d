build/obj/t/unit/test_store_faults.o: t/unit/test_store_faults.c \
 t/unit/disk.h src/queue/db.h src/queue/dialect.h src/base/result.h \
 src/queue/sql.h src/mail/attributes.h src/base/dsn.h src/base/object.h \
 src/base/buf.h t/unit/store_rig.h src/queue/store.h \
 src/queue/store_options.h src/base/log.h src/queue/store_request.h \
 src/base/mono.h src/base/ident.h src/queue/message.h \
 src/queue/recipient.h src/queue/state.h
t/unit/disk.h:
src/queue/db.h:
src/queue/dialect.h:
src/base/result.h:
src/queue/sql.h:
src/mail/attributes.h:
src/base/dsn.h:
src/base/object.h:
src/base/buf.h:
t/unit/store_rig.h:
src/queue/store.h:
src/queue/store_options.h:
src/base/log.h:
src/queue/store_request.h:
src/base/mono.h:
src/base/ident.h:
src/queue/message.h:
src/queue/recipient.h:
src/queue/state.h:
