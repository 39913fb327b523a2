build/obj/t/unit/test_negotiate.o: t/unit/test_negotiate.c \
 src/web/shared/negotiate.c src/web/shared/negotiate.h src/base/text.h
src/web/shared/negotiate.c:
src/web/shared/negotiate.h:
src/base/text.h:
