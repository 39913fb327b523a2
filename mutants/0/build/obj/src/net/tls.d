build/obj/src/net/tls.o: src/net/tls.c src/net/tls.h src/base/result.h \
 src/config/settings.h src/config/secret.h src/base/buf.h \
 src/net/tls_impl.h
src/net/tls.h:
src/base/result.h:
src/config/settings.h:
src/config/secret.h:
src/base/buf.h:
src/net/tls_impl.h:
