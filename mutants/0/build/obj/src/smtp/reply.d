build/obj/src/smtp/reply.o: src/smtp/reply.c src/smtp/reply.h \
 src/smtp/cmd.h
src/smtp/reply.h:
src/smtp/cmd.h:
