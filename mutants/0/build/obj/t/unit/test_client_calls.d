build/obj/t/unit/test_client_calls.o: t/unit/test_client_calls.c \
 src/base/buf.h t/unit/fill.h src/smtp/auth.h src/base/result.h \
 src/smtp/client.h src/smtp/client_types.h src/base/mono.h src/base/dsn.h \
 src/config/settings.h src/config/secret.h src/smtp/capability.h \
 src/smtp/content.h src/smtp/reply.h src/smtp/cmd.h src/smtp/transcript.h \
 src/smtp/verdict.h src/smtp/command.h src/smtp/send_buffer.h \
 src/smtp/server.h src/smtp/parameter.h
src/base/buf.h:
t/unit/fill.h:
src/smtp/auth.h:
src/base/result.h:
src/smtp/client.h:
src/smtp/client_types.h:
src/base/mono.h:
src/base/dsn.h:
src/config/settings.h:
src/config/secret.h:
src/smtp/capability.h:
src/smtp/content.h:
src/smtp/reply.h:
src/smtp/cmd.h:
src/smtp/transcript.h:
src/smtp/verdict.h:
src/smtp/command.h:
src/smtp/send_buffer.h:
src/smtp/server.h:
src/smtp/parameter.h:
