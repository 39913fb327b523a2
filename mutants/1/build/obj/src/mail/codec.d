build/obj/src/mail/codec.o: src/mail/codec.c src/mail/codec.h \
 src/base/text.h
src/mail/codec.h:
src/base/text.h:
