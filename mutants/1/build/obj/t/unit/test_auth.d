build/obj/t/unit/test_auth.o: t/unit/test_auth.c t/unit/fill.h \
 src/smtp/auth.h src/base/buf.h src/base/result.h
t/unit/fill.h:
src/smtp/auth.h:
src/base/buf.h:
src/base/result.h:
