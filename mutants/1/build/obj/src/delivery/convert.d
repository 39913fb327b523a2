build/obj/src/delivery/convert.o: src/delivery/convert.c \
 src/delivery/convert.h src/queue/message.h src/base/ident.h \
 src/mail/attributes.h src/base/dsn.h src/base/object.h src/base/buf.h \
 src/queue/recipient.h src/queue/state.h src/mail/canonical.h \
 src/mail/mail.h src/base/result.h src/base/scratch.h
src/delivery/convert.h:
src/queue/message.h:
src/base/ident.h:
src/mail/attributes.h:
src/base/dsn.h:
src/base/object.h:
src/base/buf.h:
src/queue/recipient.h:
src/queue/state.h:
src/mail/canonical.h:
src/mail/mail.h:
src/base/result.h:
src/base/scratch.h:
