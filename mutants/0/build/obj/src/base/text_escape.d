build/obj/src/base/text_escape.o: src/base/text_escape.c src/base/text.h
src/base/text.h:
