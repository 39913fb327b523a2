build/obj/src/net/stream.o: src/net/stream.c src/net/stream.h \
 src/base/result.h
src/net/stream.h:
src/base/result.h:
