build/obj/src/delivery/breaker.o: src/delivery/breaker.c \
 src/delivery/breaker.h src/base/mono.h src/base/result.h
src/delivery/breaker.h:
src/base/mono.h:
src/base/result.h:
