build/obj/src/config/secret.o: src/config/secret.c src/config/secret.h \
 src/base/buf.h src/base/result.h src/base/clock.h src/base/mono.h
src/config/secret.h:
src/base/buf.h:
src/base/result.h:
src/base/clock.h:
src/base/mono.h:
