build/obj/t/unit/test_transcript.o: t/unit/test_transcript.c \
 t/unit/fill.h src/smtp/transcript.h
t/unit/fill.h:
src/smtp/transcript.h:
