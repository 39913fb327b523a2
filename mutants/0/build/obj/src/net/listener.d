build/obj/src/net/listener.o: src/net/listener.c src/net/listener.h \
 src/base/buf.h src/net/loop.h src/base/deferred.h src/base/mono.h \
 src/base/log.h src/base/timer.h src/base/heap.h
src/net/listener.h:
src/base/buf.h:
src/net/loop.h:
src/base/deferred.h:
src/base/mono.h:
src/base/log.h:
src/base/timer.h:
src/base/heap.h:
