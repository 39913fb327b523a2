build/obj/src/queue/message.o: src/queue/message.c src/queue/message.h \
 src/base/ident.h src/mail/attributes.h src/base/dsn.h src/base/object.h \
 src/base/buf.h src/queue/recipient.h src/queue/state.h
src/queue/message.h:
src/base/ident.h:
src/mail/attributes.h:
src/base/dsn.h:
src/base/object.h:
src/base/buf.h:
src/queue/recipient.h:
src/queue/state.h:
