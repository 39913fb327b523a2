build/obj/src/smtp/content.o: src/smtp/content.c src/smtp/content.h
src/smtp/content.h:
