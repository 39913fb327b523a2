build/obj/src/cli/progress.o: src/cli/progress.c src/cli/progress.h \
 src/base/text.h
src/cli/progress.h:
src/base/text.h:
