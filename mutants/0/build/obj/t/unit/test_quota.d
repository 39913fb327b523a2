build/obj/t/unit/test_quota.o: t/unit/test_quota.c src/config/settings.h \
 src/config/secret.h src/base/buf.h src/base/result.h src/intake/quota.h \
 src/base/mono.h
src/config/settings.h:
src/config/secret.h:
src/base/buf.h:
src/base/result.h:
src/intake/quota.h:
src/base/mono.h:
