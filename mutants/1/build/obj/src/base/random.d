build/obj/src/base/random.o: src/base/random.c src/base/random.h \
 src/base/clock.h src/base/mono.h
src/base/random.h:
src/base/clock.h:
src/base/mono.h:
