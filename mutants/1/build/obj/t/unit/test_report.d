build/obj/t/unit/test_report.o: t/unit/test_report.c src/config/option.h \
 src/net/mask.h src/net/probe_report.h src/base/result.h \
 src/config/settings.h src/config/secret.h src/base/buf.h
src/config/option.h:
src/net/mask.h:
src/net/probe_report.h:
src/base/result.h:
src/config/settings.h:
src/config/secret.h:
src/base/buf.h:
