build/obj/t/unit/test_store.o: t/unit/test_store.c t/unit/disk.h \
 t/unit/store_rig.h src/queue/store.h src/queue/store_options.h \
 src/base/log.h src/base/buf.h src/queue/store_request.h src/base/mono.h \
 src/base/ident.h src/base/result.h src/queue/message.h \
 src/mail/attributes.h src/base/dsn.h src/base/object.h \
 src/queue/recipient.h src/queue/state.h
t/unit/disk.h:
t/unit/store_rig.h:
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
