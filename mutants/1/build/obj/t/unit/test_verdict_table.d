build/obj/t/unit/test_verdict_table.o: t/unit/test_verdict_table.c \
 src/smtp/verdict.h src/smtp/cmd.h src/smtp/reply.h
src/smtp/verdict.h:
src/smtp/cmd.h:
src/smtp/reply.h:
