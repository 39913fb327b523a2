build/obj/t/unit/test_stream.o: t/unit/test_stream.c src/net/stream.h \
 src/base/result.h
src/net/stream.h:
src/base/result.h:
