build/obj/t/unit/test_mono.o: t/unit/test_mono.c src/base/clock.h \
 src/base/mono.h
src/base/clock.h:
src/base/mono.h:
