build/obj/src/smtp/advice.o: src/smtp/advice.c src/smtp/advice.h \
 src/base/text.h src/smtp/phrase.h src/smtp/verdict.h src/smtp/cmd.h \
 src/smtp/reply.h
src/smtp/advice.h:
src/base/text.h:
src/smtp/phrase.h:
src/smtp/verdict.h:
src/smtp/cmd.h:
src/smtp/reply.h:
