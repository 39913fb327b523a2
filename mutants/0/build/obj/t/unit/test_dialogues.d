build/obj/t/unit/test_dialogues.o: t/unit/test_dialogues.c \
 t/unit/dialogue.h src/smtp/verdict.h src/smtp/cmd.h src/smtp/reply.h
t/unit/dialogue.h:
src/smtp/verdict.h:
src/smtp/cmd.h:
src/smtp/reply.h:
