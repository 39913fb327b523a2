build/obj/src/queue/node_name.o: src/queue/node_name.c \
 src/queue/node_name.h src/base/result.h src/base/clock.h src/base/mono.h \
 src/queue/lock.h
src/queue/node_name.h:
src/base/result.h:
src/base/clock.h:
src/base/mono.h:
src/queue/lock.h:
