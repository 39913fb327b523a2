build/obj/src/wire/frame.o: src/wire/frame.c src/wire/frame.h
src/wire/frame.h:
