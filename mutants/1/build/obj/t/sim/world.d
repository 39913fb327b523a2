build/obj/t/sim/world.o: t/sim/world.c t/sim/world.h src/base/deferred.h \
 src/base/mono.h src/base/timer.h src/base/heap.h src/delivery/delivery.h \
 src/base/log.h src/base/buf.h src/config/config.h src/config/settings.h \
 src/config/secret.h src/base/result.h src/delivery/ports.h \
 src/delivery/transport.h src/smtp/client.h src/smtp/client_types.h \
 src/base/dsn.h src/smtp/capability.h src/smtp/content.h src/smtp/reply.h \
 src/smtp/cmd.h src/smtp/transcript.h src/smtp/verdict.h \
 src/queue/lease.h src/queue/store_request.h src/base/ident.h \
 src/queue/message.h src/mail/attributes.h src/base/object.h \
 src/queue/recipient.h src/queue/state.h src/queue/store.h \
 src/queue/store_options.h src/delivery/relay.h src/delivery/breaker.h \
 src/queue/schedule.h t/sim/random.h t/sim/server.h src/delivery/pause.h \
 t/sim/storage.h
t/sim/world.h:
src/base/deferred.h:
src/base/mono.h:
src/base/timer.h:
src/base/heap.h:
src/delivery/delivery.h:
src/base/log.h:
src/base/buf.h:
src/config/config.h:
src/config/settings.h:
src/config/secret.h:
src/base/result.h:
src/delivery/ports.h:
src/delivery/transport.h:
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
src/delivery/relay.h:
src/delivery/breaker.h:
src/queue/schedule.h:
t/sim/random.h:
t/sim/server.h:
src/delivery/pause.h:
t/sim/storage.h:
