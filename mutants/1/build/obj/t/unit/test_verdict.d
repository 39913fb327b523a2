build/obj/t/unit/test_verdict.o: t/unit/test_verdict.c src/smtp/advice.h \
 src/smtp/verdict.h src/smtp/cmd.h src/smtp/reply.h
src/smtp/advice.h:
src/smtp/verdict.h:
src/smtp/cmd.h:
src/smtp/reply.h:
