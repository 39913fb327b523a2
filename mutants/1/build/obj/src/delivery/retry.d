build/obj/src/delivery/retry.o: src/delivery/retry.c src/delivery/retry.h \
 src/config/settings.h src/config/secret.h src/base/buf.h \
 src/base/result.h src/queue/message.h src/base/ident.h \
 src/mail/attributes.h src/base/dsn.h src/base/object.h \
 src/queue/recipient.h src/queue/state.h src/smtp/verdict.h \
 src/smtp/cmd.h src/smtp/reply.h src/base/mono.h
src/delivery/retry.h:
src/config/settings.h:
src/config/secret.h:
src/base/buf.h:
src/base/result.h:
src/queue/message.h:
src/base/ident.h:
src/mail/attributes.h:
src/base/dsn.h:
src/base/object.h:
src/queue/recipient.h:
src/queue/state.h:
src/smtp/verdict.h:
src/smtp/cmd.h:
src/smtp/reply.h:
src/base/mono.h:
