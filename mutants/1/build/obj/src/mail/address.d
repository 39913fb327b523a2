build/obj/src/mail/address.o: src/mail/address.c src/mail/address.h \
 src/base/text.h src/mail/codec.h src/mail/words.h
src/mail/address.h:
src/base/text.h:
src/mail/codec.h:
src/mail/words.h:
