build/obj/src/base/timer.o: src/base/timer.c src/base/timer.h \
 src/base/mono.h src/base/heap.h
src/base/timer.h:
src/base/mono.h:
src/base/heap.h:
