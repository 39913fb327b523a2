build/obj/t/unit/test_reply.o: t/unit/test_reply.c src/smtp/reply.h \
 src/smtp/cmd.h
src/smtp/reply.h:
src/smtp/cmd.h:
