build/obj/src/smtp/phrase.o: src/smtp/phrase.c src/smtp/phrase.h
src/smtp/phrase.h:
