build/obj/src/cli/input.o: src/cli/input.c src/cli/input.h src/base/buf.h \
 src/base/scratch.h
src/cli/input.h:
src/base/buf.h:
src/base/scratch.h:
