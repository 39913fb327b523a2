build/obj/src/net/tls_verify.o: src/net/tls_verify.c src/net/tls_verify.h \
 src/net/tls.h src/base/result.h src/config/settings.h \
 src/config/secret.h src/base/buf.h src/base/text.h
src/net/tls_verify.h:
src/net/tls.h:
src/base/result.h:
src/config/settings.h:
src/config/secret.h:
src/base/buf.h:
src/base/text.h:
