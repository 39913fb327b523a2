build/obj/src/net/probe_report.o: src/net/probe_report.c \
 src/net/probe_report.h src/base/result.h src/config/settings.h \
 src/config/secret.h src/base/buf.h src/base/text.h src/config/option.h \
 src/net/mask.h src/smtp/advice.h
src/net/probe_report.h:
src/base/result.h:
src/config/settings.h:
src/config/secret.h:
src/base/buf.h:
src/base/text.h:
src/config/option.h:
src/net/mask.h:
src/smtp/advice.h:
