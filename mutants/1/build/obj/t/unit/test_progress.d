build/obj/t/unit/test_progress.o: t/unit/test_progress.c \
 src/cli/progress.h
src/cli/progress.h:
