build/obj/src/net/mask.o: src/net/mask.c src/net/mask.h src/base/buf.h
src/net/mask.h:
src/base/buf.h:
