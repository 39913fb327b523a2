build/obj/t/unit/test_local_deadline.o: t/unit/test_local_deadline.c \
 src/intake/local_deadline.h src/base/mono.h
src/intake/local_deadline.h:
src/base/mono.h:
