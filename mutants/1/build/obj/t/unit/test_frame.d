build/obj/t/unit/test_frame.o: t/unit/test_frame.c src/wire/frame.h
src/wire/frame.h:
