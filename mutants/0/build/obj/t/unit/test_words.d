build/obj/t/unit/test_words.o: t/unit/test_words.c src/mail/codec.h \
 src/mail/words.h
src/mail/codec.h:
src/mail/words.h:
