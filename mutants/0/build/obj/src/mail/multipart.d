build/obj/src/mail/multipart.o: src/mail/multipart.c src/mail/multipart.h \
 src/mail/header.h src/mail/words.h
src/mail/multipart.h:
src/mail/header.h:
src/mail/words.h:
