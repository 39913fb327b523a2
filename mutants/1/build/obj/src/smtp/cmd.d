build/obj/src/smtp/cmd.o: src/smtp/cmd.c src/smtp/cmd.h
src/smtp/cmd.h:
