build/obj/src/intake/local_deadline.o: src/intake/local_deadline.c \
 src/intake/local_deadline.h src/base/mono.h
src/intake/local_deadline.h:
src/base/mono.h:
