build/obj/t/unit/test_session_faults.o: t/unit/test_session_faults.c \
 src/base/buf.h src/smtp/advice.h src/smtp/client.h \
 src/smtp/client_types.h src/base/mono.h src/base/dsn.h src/base/result.h \
 src/config/settings.h src/config/secret.h src/smtp/capability.h \
 src/smtp/content.h src/smtp/reply.h src/smtp/cmd.h src/smtp/transcript.h \
 src/smtp/verdict.h
src/base/buf.h:
src/smtp/advice.h:
src/smtp/client.h:
src/smtp/client_types.h:
src/base/mono.h:
src/base/dsn.h:
src/base/result.h:
src/config/settings.h:
src/config/secret.h:
src/smtp/capability.h:
src/smtp/content.h:
src/smtp/reply.h:
src/smtp/cmd.h:
src/smtp/transcript.h:
src/smtp/verdict.h:
