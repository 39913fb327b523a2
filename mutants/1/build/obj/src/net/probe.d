build/obj/src/net/probe.o: src/net/probe.c src/net/probe.h \
 src/config/secret.h src/base/buf.h src/base/result.h src/net/link.h \
 src/net/link_options.h src/config/settings.h src/net/tls.h \
 src/smtp/client.h src/smtp/client_types.h src/base/mono.h src/base/dsn.h \
 src/smtp/capability.h src/smtp/content.h src/smtp/reply.h src/smtp/cmd.h \
 src/smtp/transcript.h src/smtp/verdict.h src/net/loop.h \
 src/base/deferred.h src/base/log.h src/base/timer.h src/base/heap.h \
 src/net/probe_report.h src/base/clock.h src/base/text.h \
 src/net/probe_search.h
src/net/probe.h:
src/config/secret.h:
src/base/buf.h:
src/base/result.h:
src/net/link.h:
src/net/link_options.h:
src/config/settings.h:
src/net/tls.h:
src/smtp/client.h:
src/smtp/client_types.h:
src/base/mono.h:
src/base/dsn.h:
src/smtp/capability.h:
src/smtp/content.h:
src/smtp/reply.h:
src/smtp/cmd.h:
src/smtp/transcript.h:
src/smtp/verdict.h:
src/net/loop.h:
src/base/deferred.h:
src/base/log.h:
src/base/timer.h:
src/base/heap.h:
src/net/probe_report.h:
src/base/clock.h:
src/base/text.h:
src/net/probe_search.h:
