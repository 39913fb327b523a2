build/obj/src/smtp/server.o: src/smtp/server.c src/smtp/server.h \
 src/base/buf.h src/smtp/parameter.h src/base/dsn.h src/base/text.h \
 src/smtp/command.h src/smtp/capability.h src/smtp/client_types.h \
 src/base/mono.h src/base/result.h src/config/settings.h \
 src/config/secret.h src/smtp/content.h src/smtp/reply.h src/smtp/cmd.h \
 src/smtp/transcript.h src/smtp/verdict.h
src/smtp/server.h:
src/base/buf.h:
src/smtp/parameter.h:
src/base/dsn.h:
src/base/text.h:
src/smtp/command.h:
src/smtp/capability.h:
src/smtp/client_types.h:
src/base/mono.h:
src/base/result.h:
src/config/settings.h:
src/config/secret.h:
src/smtp/content.h:
src/smtp/reply.h:
src/smtp/cmd.h:
src/smtp/transcript.h:
src/smtp/verdict.h:
