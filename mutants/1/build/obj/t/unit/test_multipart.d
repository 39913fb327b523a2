build/obj/t/unit/test_multipart.o: t/unit/test_multipart.c t/unit/fill.h \
 src/mail/multipart.h
t/unit/fill.h:
src/mail/multipart.h:
