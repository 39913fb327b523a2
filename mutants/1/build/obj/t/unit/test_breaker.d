build/obj/t/unit/test_breaker.o: t/unit/test_breaker.c \
 src/delivery/breaker.h src/base/mono.h src/base/result.h
src/delivery/breaker.h:
src/base/mono.h:
src/base/result.h:
