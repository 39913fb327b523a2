build/obj/t/unit/test_options.o: t/unit/test_options.c src/base/text.h \
 src/config/option.h src/config/settings.h src/config/secret.h \
 src/base/buf.h src/base/result.h
src/base/text.h:
src/config/option.h:
src/config/settings.h:
src/config/secret.h:
src/base/buf.h:
src/base/result.h:
