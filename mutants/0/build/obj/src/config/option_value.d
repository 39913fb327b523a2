build/obj/src/config/option_value.o: src/config/option_value.c \
 src/config/option.h src/base/text.h src/config/settings.h \
 src/config/secret.h src/base/buf.h src/base/result.h
src/config/option.h:
src/base/text.h:
src/config/settings.h:
src/config/secret.h:
src/base/buf.h:
src/base/result.h:
