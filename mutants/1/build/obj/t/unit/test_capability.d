build/obj/t/unit/test_capability.o: t/unit/test_capability.c \
 src/smtp/capability.h src/smtp/reply.h src/smtp/cmd.h
src/smtp/capability.h:
src/smtp/reply.h:
src/smtp/cmd.h:
