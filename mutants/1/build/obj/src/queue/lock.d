build/obj/src/queue/lock.o: src/queue/lock.c src/queue/lock.h \
 src/base/result.h src/base/clock.h src/base/mono.h
src/queue/lock.h:
src/base/result.h:
src/base/clock.h:
src/base/mono.h:
