build/obj/src/config/option_table.o: src/config/option_table.c \
 src/config/option.h src/config/settings.h src/config/secret.h \
 src/base/buf.h src/base/result.h
src/config/option.h:
src/config/settings.h:
src/config/secret.h:
src/base/buf.h:
src/base/result.h:
