build/obj/src/smtp/auth_choice.o: src/smtp/auth_choice.c src/base/text.h \
 src/smtp/auth.h src/base/buf.h src/base/result.h
src/base/text.h:
src/smtp/auth.h:
src/base/buf.h:
src/base/result.h:
