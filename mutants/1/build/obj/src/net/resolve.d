build/obj/src/net/resolve.o: src/net/resolve.c src/net/resolve.h \
 src/base/result.h src/net/loop.h src/base/deferred.h src/base/mono.h \
 src/base/log.h src/base/buf.h src/base/timer.h src/base/heap.h
src/net/resolve.h:
src/base/result.h:
src/net/loop.h:
src/base/deferred.h:
src/base/mono.h:
src/base/log.h:
src/base/buf.h:
src/base/timer.h:
src/base/heap.h:
