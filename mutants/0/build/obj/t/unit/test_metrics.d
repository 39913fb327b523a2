build/obj/t/unit/test_metrics.o: t/unit/test_metrics.c \
 src/record/metrics.h src/queue/message.h src/base/ident.h \
 src/mail/attributes.h src/base/dsn.h src/base/object.h src/base/buf.h \
 src/queue/recipient.h src/queue/state.h src/smtp/client.h \
 src/smtp/client_types.h src/base/mono.h src/base/result.h \
 src/config/settings.h src/config/secret.h src/smtp/capability.h \
 src/smtp/content.h src/smtp/reply.h src/smtp/cmd.h src/smtp/transcript.h \
 src/smtp/verdict.h
src/record/metrics.h:
src/queue/message.h:
src/base/ident.h:
src/mail/attributes.h:
src/base/dsn.h:
src/base/object.h:
src/base/buf.h:
src/queue/recipient.h:
src/queue/state.h:
src/smtp/client.h:
src/smtp/client_types.h:
src/base/mono.h:
src/base/result.h:
src/config/settings.h:
src/config/secret.h:
src/smtp/capability.h:
src/smtp/content.h:
src/smtp/reply.h:
src/smtp/cmd.h:
src/smtp/transcript.h:
src/smtp/verdict.h:
