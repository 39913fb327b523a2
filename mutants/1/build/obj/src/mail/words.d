build/obj/src/mail/words.o: src/mail/words.c src/mail/words.h \
 src/base/text.h src/mail/codec.h
src/mail/words.h:
src/base/text.h:
src/mail/codec.h:
