build/obj/src/smtp/client.o: src/smtp/client.c src/smtp/client.h \
 src/smtp/client_types.h src/base/mono.h src/base/dsn.h src/base/result.h \
 src/config/settings.h src/config/secret.h src/base/buf.h \
 src/smtp/capability.h src/smtp/content.h src/smtp/reply.h src/smtp/cmd.h \
 src/smtp/transcript.h src/smtp/verdict.h src/smtp/client_inside.h \
 src/smtp/auth.h src/smtp/send_buffer.h
src/smtp/client.h:
src/smtp/client_types.h:
src/base/mono.h:
src/base/dsn.h:
src/base/result.h:
src/config/settings.h:
src/config/secret.h:
src/base/buf.h:
src/smtp/capability.h:
src/smtp/content.h:
src/smtp/reply.h:
src/smtp/cmd.h:
src/smtp/transcript.h:
src/smtp/verdict.h:
src/smtp/client_inside.h:
src/smtp/auth.h:
src/smtp/send_buffer.h:
