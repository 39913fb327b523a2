build/obj/src/net/link_open.o: src/net/link_open.c src/net/link_open.h \
 src/net/connect.h src/net/resolve.h src/base/result.h src/net/loop.h \
 src/base/deferred.h src/base/mono.h src/base/log.h src/base/buf.h \
 src/base/timer.h src/base/heap.h src/net/link_options.h \
 src/config/settings.h src/config/secret.h src/net/tls.h \
 src/smtp/client.h src/smtp/client_types.h src/base/dsn.h \
 src/smtp/capability.h src/smtp/content.h src/smtp/reply.h src/smtp/cmd.h \
 src/smtp/transcript.h src/smtp/verdict.h src/net/stream.h \
 src/base/clock.h src/net/stream_tls.h
src/net/link_open.h:
src/net/connect.h:
src/net/resolve.h:
src/base/result.h:
src/net/loop.h:
src/base/deferred.h:
src/base/mono.h:
src/base/log.h:
src/base/buf.h:
src/base/timer.h:
src/base/heap.h:
src/net/link_options.h:
src/config/settings.h:
src/config/secret.h:
src/net/tls.h:
src/smtp/client.h:
src/smtp/client_types.h:
src/base/dsn.h:
src/smtp/capability.h:
src/smtp/content.h:
src/smtp/reply.h:
src/smtp/cmd.h:
src/smtp/transcript.h:
src/smtp/verdict.h:
src/net/stream.h:
src/base/clock.h:
src/net/stream_tls.h:
