build/obj/src/net/connect.o: src/net/connect.c src/net/connect.h \
 src/net/resolve.h src/base/result.h src/net/loop.h src/base/deferred.h \
 src/base/mono.h src/base/log.h src/base/buf.h src/base/timer.h \
 src/base/heap.h src/base/clock.h
src/net/connect.h:
src/net/resolve.h:
src/base/result.h:
src/net/loop.h:
src/base/deferred.h:
src/base/mono.h:
src/base/log.h:
src/base/buf.h:
src/base/timer.h:
src/base/heap.h:
src/base/clock.h:
