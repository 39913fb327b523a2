build/obj/src/base/scratch.o: src/base/scratch.c src/base/scratch.h
src/base/scratch.h:
