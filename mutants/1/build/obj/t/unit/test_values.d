build/obj/t/unit/test_values.o: t/unit/test_values.c src/config/option.h \
 src/config/settings.h src/config/secret.h src/base/buf.h \
 src/base/result.h
src/config/option.h:
src/config/settings.h:
src/config/secret.h:
src/base/buf.h:
src/base/result.h:
