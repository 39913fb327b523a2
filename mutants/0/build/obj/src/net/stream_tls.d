build/obj/src/net/stream_tls.o: src/net/stream_tls.c src/net/stream_tls.h \
 src/net/stream.h src/base/result.h src/net/tls.h src/config/settings.h \
 src/config/secret.h src/base/buf.h src/net/loop.h src/base/deferred.h \
 src/base/mono.h src/base/log.h src/base/timer.h src/base/heap.h \
 src/net/tls_failure.h src/net/tls_impl.h src/net/tls_verify.h
src/net/stream_tls.h:
src/net/stream.h:
src/base/result.h:
src/net/tls.h:
src/config/settings.h:
src/config/secret.h:
src/base/buf.h:
src/net/loop.h:
src/base/deferred.h:
src/base/mono.h:
src/base/log.h:
src/base/timer.h:
src/base/heap.h:
src/net/tls_failure.h:
src/net/tls_impl.h:
src/net/tls_verify.h:
