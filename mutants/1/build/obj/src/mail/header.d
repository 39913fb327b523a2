build/obj/src/mail/header.o: src/mail/header.c src/mail/header.h \
 src/base/text.h
src/mail/header.h:
src/base/text.h:
