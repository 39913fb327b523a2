build/obj/t/unit/test_tls.o: t/unit/test_tls.c src/config/option.h \
 src/net/loop.h src/base/deferred.h src/base/mono.h src/base/log.h \
 src/base/buf.h src/base/timer.h src/base/heap.h src/net/stream_tls.h \
 src/net/stream.h src/base/result.h src/net/tls.h src/config/settings.h \
 src/config/secret.h
src/config/option.h:
src/net/loop.h:
src/base/deferred.h:
src/base/mono.h:
src/base/log.h:
src/base/buf.h:
src/base/timer.h:
src/base/heap.h:
src/net/stream_tls.h:
src/net/stream.h:
src/base/result.h:
src/net/tls.h:
src/config/settings.h:
src/config/secret.h:
