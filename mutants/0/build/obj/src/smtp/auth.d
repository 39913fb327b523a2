build/obj/src/smtp/auth.o: src/smtp/auth.c src/smtp/auth.h src/base/buf.h \
 src/base/result.h src/base/text.h
src/smtp/auth.h:
src/base/buf.h:
src/base/result.h:
src/base/text.h:
