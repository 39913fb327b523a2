build/obj/src/intake/quota.o: src/intake/quota.c src/intake/quota.h \
 src/base/mono.h src/config/settings.h src/config/secret.h src/base/buf.h \
 src/base/result.h
src/intake/quota.h:
src/base/mono.h:
src/config/settings.h:
src/config/secret.h:
src/base/buf.h:
src/base/result.h:
