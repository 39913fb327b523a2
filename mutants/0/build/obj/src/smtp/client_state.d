build/obj/src/smtp/client_state.o: src/smtp/client_state.c \
 src/smtp/client_state.h src/smtp/auth.h src/base/buf.h src/base/result.h \
 src/smtp/client_types.h src/base/mono.h src/base/dsn.h \
 src/config/settings.h src/config/secret.h src/smtp/capability.h \
 src/smtp/content.h src/smtp/reply.h src/smtp/cmd.h src/smtp/transcript.h \
 src/smtp/verdict.h src/smtp/send_buffer.h src/smtp/command.h
src/smtp/client_state.h:
src/smtp/auth.h:
src/base/buf.h:
src/base/result.h:
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
src/smtp/send_buffer.h:
src/smtp/command.h:
