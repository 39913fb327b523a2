build/obj/t/unit/test_limit.o: t/unit/test_limit.c src/web/submit/limit.c \
 src/web/submit/limit.h src/config/settings.h src/config/secret.h \
 src/base/buf.h src/base/result.h src/base/text.h
src/web/submit/limit.c:
src/web/submit/limit.h:
src/config/settings.h:
src/config/secret.h:
src/base/buf.h:
src/base/result.h:
src/base/text.h:
