build/obj/t/unit/daemon_rig.o: t/unit/daemon_rig.c t/unit/daemon_rig.h \
 src/daemon/daemon.h src/base/log.h src/base/buf.h src/config/config.h \
 src/config/settings.h src/config/secret.h src/base/result.h \
 src/delivery/delivery.h src/delivery/ports.h src/base/mono.h \
 src/base/deferred.h src/base/timer.h src/base/heap.h \
 src/delivery/transport.h src/smtp/client.h src/smtp/client_types.h \
 src/base/dsn.h src/smtp/capability.h src/smtp/content.h src/smtp/reply.h \
 src/smtp/cmd.h src/smtp/transcript.h src/smtp/verdict.h \
 src/queue/lease.h src/queue/store_request.h src/base/ident.h \
 src/queue/message.h src/mail/attributes.h src/base/object.h \
 src/queue/recipient.h src/queue/state.h src/queue/store.h \
 src/queue/store_options.h src/intake/local_socket.h src/intake/intake.h \
 src/delivery/relay.h src/delivery/breaker.h src/queue/schedule.h \
 src/intake/quota.h src/net/loop.h src/queue/store_port.h \
 src/record/metrics.h src/wire/request.h src/base/json.h \
 src/intake/smtp_listener.h src/operator/operator.h src/record/record.h \
 src/record/log_throttle.h t/unit/request_rig.h src/config/option.h \
 src/daemon/opening.h src/daemon/repeats.h src/daemon/wiring.h \
 src/intake/local_submit.h src/operator/verbs.h src/wire/frame.h
t/unit/daemon_rig.h:
src/daemon/daemon.h:
src/base/log.h:
src/base/buf.h:
src/config/config.h:
src/config/settings.h:
src/config/secret.h:
src/base/result.h:
src/delivery/delivery.h:
src/delivery/ports.h:
src/base/mono.h:
src/base/deferred.h:
src/base/timer.h:
src/base/heap.h:
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
src/intake/local_socket.h:
src/intake/intake.h:
src/delivery/relay.h:
src/delivery/breaker.h:
src/queue/schedule.h:
src/intake/quota.h:
src/net/loop.h:
src/queue/store_port.h:
src/record/metrics.h:
src/wire/request.h:
src/base/json.h:
src/intake/smtp_listener.h:
src/operator/operator.h:
src/record/record.h:
src/record/log_throttle.h:
t/unit/request_rig.h:
src/config/option.h:
src/daemon/opening.h:
src/daemon/repeats.h:
src/daemon/wiring.h:
src/intake/local_submit.h:
src/operator/verbs.h:
src/wire/frame.h:
