build/obj/t/unit/test_timer.o: t/unit/test_timer.c src/base/deferred.h \
 src/base/mono.h src/base/timer.h src/base/heap.h
src/base/deferred.h:
src/base/mono.h:
src/base/timer.h:
src/base/heap.h:
