build/obj/src/queue/store_port.o: src/queue/store_port.c \
 src/queue/store_port.h src/queue/store.h src/queue/store_options.h \
 src/base/log.h src/base/buf.h src/queue/store_request.h src/base/mono.h \
 src/base/ident.h src/base/result.h src/queue/message.h \
 src/mail/attributes.h src/base/dsn.h src/base/object.h \
 src/queue/recipient.h src/queue/state.h
src/queue/store_port.h:
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
