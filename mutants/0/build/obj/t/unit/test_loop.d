build/obj/t/unit/test_loop.o: t/unit/test_loop.c src/net/loop.h \
 src/base/deferred.h src/base/mono.h src/base/log.h src/base/buf.h \
 src/base/timer.h src/base/heap.h
src/net/loop.h:
src/base/deferred.h:
src/base/mono.h:
src/base/log.h:
src/base/buf.h:
src/base/timer.h:
src/base/heap.h:
