build/obj/src/smtp/capability.o: src/smtp/capability.c \
 src/smtp/capability.h src/base/text.h
src/smtp/capability.h:
src/base/text.h:
