build/obj/src/base/result.o: src/base/result.c src/base/result.h
src/base/result.h:
