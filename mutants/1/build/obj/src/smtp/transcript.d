build/obj/src/smtp/transcript.o: src/smtp/transcript.c \
 src/smtp/transcript.h src/base/text.h
src/smtp/transcript.h:
src/base/text.h:
