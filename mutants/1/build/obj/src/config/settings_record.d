build/obj/src/config/settings_record.o: src/config/settings_record.c \
 src/config/settings.h src/config/secret.h src/base/buf.h \
 src/base/result.h src/config/option.h
src/config/settings.h:
src/config/secret.h:
src/base/buf.h:
src/base/result.h:
src/config/option.h:
