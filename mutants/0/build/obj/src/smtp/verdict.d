build/obj/src/smtp/verdict.o: src/smtp/verdict.c src/smtp/verdict.h \
 src/smtp/cmd.h src/smtp/reply.h src/smtp/phrase.h
src/smtp/verdict.h:
src/smtp/cmd.h:
src/smtp/reply.h:
src/smtp/phrase.h:
