build/obj/src/config/config.o: src/config/config.c src/config/config.h \
 src/config/settings.h src/config/secret.h src/base/buf.h \
 src/base/result.h
src/config/config.h:
src/config/settings.h:
src/config/secret.h:
src/base/buf.h:
src/base/result.h:
