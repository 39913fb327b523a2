build/obj/src/mail/lift.o: src/mail/lift.c src/mail/lift.h src/base/buf.h \
 src/base/scratch.h src/base/text.h src/mail/codec.h src/mail/multipart.h
src/mail/lift.h:
src/base/buf.h:
src/base/scratch.h:
src/base/text.h:
src/mail/codec.h:
src/mail/multipart.h:
