build/obj/t/unit/test_params.o: t/unit/test_params.c \
 src/web/shared/params.c src/web/shared/params.h src/base/text.h \
 src/mail/codec.h
src/web/shared/params.c:
src/web/shared/params.h:
src/base/text.h:
src/mail/codec.h:
