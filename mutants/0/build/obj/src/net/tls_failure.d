build/obj/src/net/tls_failure.o: src/net/tls_failure.c \
 src/net/tls_failure.h src/base/result.h src/config/settings.h \
 src/config/secret.h src/base/buf.h
src/net/tls_failure.h:
src/base/result.h:
src/config/settings.h:
src/config/secret.h:
src/base/buf.h:
