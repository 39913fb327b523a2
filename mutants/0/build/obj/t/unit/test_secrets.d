build/obj/t/unit/test_secrets.o: t/unit/test_secrets.c \
 src/config/secret.h src/base/buf.h src/base/result.h
src/config/secret.h:
src/base/buf.h:
src/base/result.h:
