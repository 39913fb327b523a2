build/obj/src/delivery/pause.o: src/delivery/pause.c src/delivery/pause.h \
 src/delivery/relay.h src/delivery/breaker.h src/base/mono.h \
 src/base/result.h src/delivery/ports.h src/base/deferred.h \
 src/base/timer.h src/base/heap.h src/config/secret.h src/base/buf.h \
 src/delivery/transport.h src/config/settings.h src/smtp/client.h \
 src/smtp/client_types.h src/base/dsn.h src/smtp/capability.h \
 src/smtp/content.h src/smtp/reply.h src/smtp/cmd.h src/smtp/transcript.h \
 src/smtp/verdict.h src/queue/lease.h src/queue/store_request.h \
 src/base/ident.h src/queue/message.h src/mail/attributes.h \
 src/base/object.h src/queue/recipient.h src/queue/state.h \
 src/queue/store.h src/queue/store_options.h src/base/log.h \
 src/queue/schedule.h src/base/text.h src/delivery/delivery_impl.h \
 src/config/config.h src/delivery/delivery_ports.h \
 src/delivery/queue_counts.h
src/delivery/pause.h:
src/delivery/relay.h:
src/delivery/breaker.h:
src/base/mono.h:
src/base/result.h:
src/delivery/ports.h:
src/base/deferred.h:
src/base/timer.h:
src/base/heap.h:
src/config/secret.h:
src/base/buf.h:
src/delivery/transport.h:
src/config/settings.h:
src/smtp/client.h:
src/smtp/client_types.h:
src/base/dsn.h:
src/smtp/capability.h:
src/smtp/content.h:
src/smtp/reply.h:
src/smtp/cmd.h:
src/smtp/transcript.h:
src/smtp/verdict.h:
src/queue/lease.h:
src/queue/store_request.h:
src/base/ident.h:
src/queue/message.h:
src/mail/attributes.h:
src/base/object.h:
src/queue/recipient.h:
src/queue/state.h:
src/queue/store.h:
src/queue/store_options.h:
src/base/log.h:
src/queue/schedule.h:
src/base/text.h:
src/delivery/delivery_impl.h:
src/config/config.h:
src/delivery/delivery_ports.h:
src/delivery/queue_counts.h:
