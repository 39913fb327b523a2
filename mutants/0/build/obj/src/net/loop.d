build/obj/src/net/loop.o: src/net/loop.c src/net/loop.h \
 src/base/deferred.h src/base/mono.h src/base/log.h src/base/buf.h \
 src/base/timer.h src/base/heap.h src/base/clock.h src/net/helpers.h
src/net/loop.h:
src/base/deferred.h:
src/base/mono.h:
src/base/log.h:
src/base/buf.h:
src/base/timer.h:
src/base/heap.h:
src/base/clock.h:
src/net/helpers.h:
