build/obj/src/base/deferred.o: src/base/deferred.c src/base/deferred.h \
 src/base/mono.h
src/base/deferred.h:
src/base/mono.h:
